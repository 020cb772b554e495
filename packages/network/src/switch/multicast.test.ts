// IGMP and MLD snooping (RFC 4541): multicast goes only where somebody wants it, and never less far than it must.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BROADCAST, frame, macOf, TestLan } from "../../test/frames.ts";
import { parseMembership } from "./membership.ts";

const A = macOf(1);
const GROUP = "01:00:5e:01:02:03";
const GROUP6 = "33:33:00:01:02:03";

const sum = (bytes: readonly number[]): number => {
  let total = 0;
  for (let i = 0; i < bytes.length; i += 2) total += ((bytes[i] as number) << 8) | (bytes[i + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  return 0xffff - total;
};

const igmp = (from: string, message: number[], to = GROUP) => {
  const check = sum([...message.slice(0, 2), 0, 0, ...message.slice(4)]);
  const body = [...message.slice(0, 2), check >> 8, check & 255, ...message.slice(4)];
  return frame({
    from,
    to,
    type: 0x0800,
    payload: [0x46, 0, 0, 24 + body.length, 0, 0, 0, 0, 1, 2, 0, 0, 10, 0, 0, 1, 224, 1, 2, 3, 0x94, 4, 0, 0, ...body],
  });
};
const query = (from: string) => igmp(from, [0x11, 100, 0, 0, 0, 0, 0, 0], "01:00:5e:00:00:01");
const join2 = (from: string) => igmp(from, [0x16, 0, 0, 0, 224, 1, 2, 3]);
const leave2 = (from: string) => igmp(from, [0x17, 0, 0, 0, 224, 1, 2, 3], "01:00:5e:00:00:02");
const report3 = (from: string, kind: number) => igmp(from, [0x22, 0, 0, 0, 0, 0, 0, 1, kind, 0, 0, 0, 224, 1, 2, 3], "01:00:5e:00:00:16");
const mld = (from: string, message: readonly number[], to = "33:33:00:00:00:16") => {
  const [source, target] = [
    [0xfe, 0x80, ...Array<number>(13).fill(0), 1],
    [0xff, 2, ...Array<number>(13).fill(0), 0x16],
  ];
  const check = sum([...source, ...target, 0, 0, 0, message.length, 0, 0, 0, 58, ...message]);
  const body = [...message.slice(0, 2), check >> 8, check & 255, ...message.slice(4)];
  return frame({
    from,
    to,
    type: 0x86dd,
    payload: [0x60, 0, 0, 0, 0, 8 + body.length, 0, 1, ...source, ...target, 58, 0, 5, 2, 0, 0, 1, 0, ...body],
  });
};
const GROUP6_BYTES = [0xff, 2, ...Array<number>(10).fill(0), 0, 1, 2, 3];
const query6 = (from: string) => mld(from, [130, 0, 0, 0, 0, 0, 0, 0, ...Array<number>(16).fill(0)], "33:33:00:00:00:01");
const join6 = (from: string) => mld(from, [143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, ...GROUP6_BYTES]);

const four = () => {
  const lan = new TestLan();
  const ports = { sender: lan.add("sender"), member: lan.add("member"), router: lan.add("router"), other: lan.add("other") };
  const heard = (to: string): string[] => {
    lan.takeAll();
    lan.send(ports.sender, frame({ from: A, to }));
    return [...lan.takeAll()].filter(([, frames]) => frames.length > 0).map(([id]) => id);
  };
  return { lan, ports, heard };
};

describe("a group's frames", () => {
  test("do not go to a machine that asks as a router would, unless its port is let be one (control)", () => {
    for (const guarded of [true, false]) {
      const lan = new TestLan();
      const sender = lan.add("sender");
      const member = lan.add("member");
      const router = lan.add("router");
      const spy = lan.add("spy", { guards: { routerAdvertisements: guarded } });
      lan.send(router, query(macOf(3)));
      lan.send(spy, query(macOf(4)));
      lan.send(member, join2(macOf(2)));
      lan.takeAll();
      lan.send(sender, frame({ from: A, to: GROUP }));
      const heard = [...lan.takeAll()].filter(([, frames]) => frames.length > 0).map(([id]) => id);
      expect(heard).toEqual(guarded ? ["member", "router"] : ["member", "router", "spy"]);
    }
  });

  test("go to everybody while nobody asks who wants them, even when somebody said so", () => {
    const { lan, ports, heard } = four();
    lan.send(ports.member, join2(macOf(2)));
    expect(heard(GROUP)).toEqual(["member", "router", "other"]);
  });

  test.each([
    ["IGMPv2", query, join2, GROUP],
    ["IGMPv3", query, (from: string) => report3(from, 4), GROUP],
    ["MLDv2", query6, join6, GROUP6],
  ])("go to members and routers once somebody asks (%s), and the others' groups stay as they were", (_words, ask, join, group) => {
    const { lan, ports, heard } = four();
    lan.send(ports.router, ask(macOf(3)));
    lan.send(ports.member, join(macOf(2)));
    expect(heard(group)).toEqual(["member", "router"]);
    expect(heard("01:00:5e:09:09:09")).toEqual(["member", "router", "other"]);
    expect(heard("01:00:5e:00:00:fb")).toEqual(["member", "router", "other"]);
    expect(heard("33:33:ff:01:02:03")).toEqual(["member", "router", "other"]);
    expect(heard(BROADCAST)).toEqual(["member", "router", "other"]);
  });

  test("stop soon after a leave, unless the member says again that it wants them", () => {
    const { lan, ports, heard } = four();
    lan.send(ports.router, query(macOf(3)));
    lan.send(ports.member, join2(macOf(2)));
    lan.send(ports.other, join2(macOf(4)));
    lan.send(ports.member, leave2(macOf(2)));
    lan.send(ports.other, leave2(macOf(4)));
    lan.pass(1000);
    lan.send(ports.other, join2(macOf(4)));
    lan.pass(5000);
    expect(heard(GROUP)).toEqual(["router", "other"]);
  });

  test("go to everybody again when the one who asked is silent for long", () => {
    const { lan, ports, heard } = four();
    lan.send(ports.router, query(macOf(3)));
    lan.send(ports.member, join2(macOf(2)));
    lan.pass(256_000);
    expect(heard(GROUP)).toEqual(["member", "router", "other"]);
  });

  test("go to everybody again at once when the one who asked is pulled out, and so do wishes", () => {
    const { lan, ports, heard } = four();
    lan.send(ports.router, query(macOf(3)));
    lan.send(ports.member, join2(macOf(2)));
    lan.lan.detach(ports.router);
    expect(heard(GROUP)).toEqual(["member", "other"]);
    lan.send(ports.member, join2(macOf(2)));
    expect([...lan.takeAll()].filter(([, frames]) => frames.length > 0).map(([id]) => id)).toEqual(["sender", "other"]);
  });

  test("wished for by a report reach routers alone, so that members do not keep each other silent", () => {
    const { lan, ports } = four();
    lan.send(ports.router, query(macOf(3)));
    lan.takeAll();
    lan.send(ports.member, join2(macOf(2)));
    expect([...lan.takeAll()].filter(([, frames]) => frames.length > 0).map(([id]) => id)).toEqual(["router"]);
  });

  test("of more groups than a port may join are flooded as before", () => {
    const { lan, ports, heard } = four();
    lan.send(ports.router, query(macOf(3)));
    for (let n = 0; n < 400; n++) lan.send(ports.member, igmp(macOf(2), [0x16, 0, 0, 0, 225, 1, n >> 8, n & 255]));
    expect(heard("01:00:5e:01:00:05")).toEqual(["member", "router"]);
    expect(heard("01:00:5e:01:01:8f")).toEqual(["member", "router", "other"]);
  });
});

test("for any bytes a membership message is read without a throw", () => {
  const shaped = fc
    .tuple(
      fc.constantFrom(query(A), join2(A), report3(A, 4), query6(A), join6(A)),
      fc.array(fc.tuple(fc.nat(110), fc.nat(255)), { maxLength: 5 }),
    )
    .map(([base, changes]) => {
      const bytes = base.slice();
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(shaped, fc.uint8Array({ maxLength: 120 })), fc.nat(120), (bytes, end) => {
      for (const type of [0x0800, 0x86dd]) {
        const said = parseMembership(bytes, type, Math.min(14, bytes.length), Math.min(end, bytes.length));
        if (said?.kind === "report") expect(said.groups.length).toBeLessThanOrEqual(64);
      }
    }),
  );
});
