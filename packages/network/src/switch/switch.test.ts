import { describe, expect, test } from "vitest";
import { BROADCAST, frame, macOf, record, TestLan } from "../../test/frames.ts";
import { BROKEN } from "./switch.ts";

const A = macOf(1);
const B = macOf(2);
const C = macOf(3);

const three = () => {
  const lan = new TestLan();
  return { lan, a: lan.add("a"), b: lan.add("b"), c: lan.add("c") };
};

describe("learning", () => {
  test("a frame to an unknown address goes everywhere but back, and once the address spoke only there", () => {
    const { lan, a, b, c } = three();
    lan.send(a, frame({ from: A, to: B }));
    expect([lan.take(a).length, lan.take(b).length, lan.take(c).length]).toEqual([0, 1, 1]);
    lan.send(b, frame({ from: B, to: A }));
    expect([lan.take(a).length, lan.take(c).length]).toEqual([1, 0]);
    lan.send(a, frame({ from: A, to: B }));
    expect([lan.take(b).length, lan.take(c).length]).toEqual([1, 0]);
  });

  test("a broadcast goes everywhere but back, bytes unchanged", () => {
    const { lan, a, b, c } = three();
    const sent = frame({ from: A, to: BROADCAST, payload: [1, 2, 3] });
    lan.send(a, sent);
    expect(lan.take(a)).toEqual([]);
    expect(lan.take(b)).toEqual([sent]);
    expect(lan.take(c)).toEqual([sent]);
  });

  test("an address that moves to another port is found there", () => {
    const { lan, a, b, c } = three();
    lan.send(a, frame({ from: A, to: B }));
    lan.send(c, frame({ from: A, to: B }));
    lan.takeAll();
    lan.send(b, frame({ from: B, to: A }));
    expect([lan.take(a).length, lan.take(c).length]).toEqual([0, 1]);
  });

  test("an address is forgotten after the age that was set, and one that speaks is not", () => {
    const lan = new TestLan({ macAgeSeconds: 30 });
    const [a, b, c] = [lan.add("a"), lan.add("b"), lan.add("c")];
    lan.send(a, frame({ from: A, to: BROADCAST }));
    lan.send(b, frame({ from: B, to: BROADCAST }));
    lan.pass(25_000);
    lan.send(b, frame({ from: B, to: BROADCAST }));
    lan.pass(20_000);
    lan.takeAll();
    lan.send(c, frame({ from: C, to: A }), frame({ from: C, to: B }));
    expect([lan.take(a).length, lan.take(b).length]).toEqual([1, 2]);
  });

  test("when a port's peer goes, its addresses are asked for anew", () => {
    const { lan, a, b, c } = three();
    lan.send(b, frame({ from: B, to: A }));
    lan.lan.detach(b);
    lan.plug(b);
    lan.takeAll();
    lan.send(a, frame({ from: A, to: B }));
    expect([lan.take(b).length, lan.take(c).length]).toEqual([1, 1]);
  });

  test("a port that was taken out is heard no more, and who asks for its addresses is not led there", () => {
    const { lan, a, b, c } = three();
    lan.send(a, frame({ from: A, to: B }));
    lan.takeAll();
    lan.lan.removePort(a);
    lan.send(a, frame({ from: A, to: B }));
    expect([lan.take(b).length, lan.take(c).length]).toEqual([0, 0]);
    lan.send(b, frame({ from: B, to: A }));
    expect(lan.take(c).length).toBe(1);
  });

  test("a port that was taken out takes nothing from the one that got its place, when its cable is pulled afterwards", () => {
    const { lan, a, b, c } = three();
    lan.lan.removePort(c);
    const d = lan.add("d");
    expect(d.index).toBe(c.index);
    lan.send(d, frame({ from: C, to: B }));
    lan.takeAll();
    lan.lan.detach(c);
    lan.send(a, frame({ from: A, to: C }));
    expect([lan.take(b).length, lan.take(d).length]).toEqual([0, 1]);
  });

  test("a port learns no more addresses than its limit and drops the others' frames", () => {
    const lan = new TestLan();
    const a = lan.add("a", { guards: { macLimit: 2 } });
    lan.add("b");
    for (let n = 1; n <= 4; n++) lan.send(a, frame({ from: macOf(n), to: BROADCAST }));
    expect(lan.lan.counters()[0]?.drops).toEqual({ macLimit: 2 });
  });
});

describe("frames in one batch", () => {
  test("keep their order, whatever goes where between them", () => {
    const { lan, a, b, c } = three();
    lan.send(b, frame({ from: B, to: A }));
    lan.send(c, frame({ from: C, to: A }));
    lan.takeAll();
    const numbered = Array.from({ length: 50 }, (_, n) =>
      frame({ from: A, to: n % 7 === 0 ? BROADCAST : n % 3 === 0 ? C : B, payload: [n] }),
    );
    lan.send(a, ...numbered);
    const numbers = (frames: Uint8Array[]) => frames.map((one) => one[14] as number);
    expect(numbers(lan.take(b))).toEqual(numbered.map((_, n) => n).filter((n) => n % 7 === 0 || n % 3 !== 0));
    expect(numbers(lan.take(c))).toEqual(numbered.map((_, n) => n).filter((n) => n % 7 === 0 || n % 3 === 0));
  });

  test("are counted where they come in and where they go out", () => {
    const { lan, a } = three();
    lan.send(a, frame({ from: A, to: BROADCAST, size: 100 }), frame({ from: A, to: B, size: 60 }));
    expect(
      lan.lan.counters().map(({ received, sent, broadcasts }) => [received.frames, received.bytes, sent.frames, sent.bytes, broadcasts]),
    ).toEqual([
      [2, 160, 0, 0, 1],
      [0, 0, 2, 160, 0],
      [0, 0, 2, 160, 0],
    ]);
    expect(lan.lan.vlanCounters()).toEqual([{ vlan: 1, frames: 2, bytes: 160 }]);
  });

  test("that begin as the one before them go its way, and are measured, bounded and counted each for itself", () => {
    const { lan, a, b } = three();
    lan.send(b, frame({ from: B, to: A }));
    lan.takeAll();
    const sizes = [60, 60, 1600, 14, 60, 13, 1522, 60];
    const run = sizes.map((size, n) => frame({ from: A, to: B, size: Math.max(size, 14), payload: [n] }).subarray(0, size));
    const other = frame({ from: A, to: C, size: 60 });
    lan.send(a, ...run, other, run[0] as Uint8Array);
    expect(lan.take(b).map(({ length }) => length)).toEqual([60, 60, 14, 60, 1522, 60, 60, 60]);
    const { drops, received } = lan.lan.counters()[0] ?? {};
    expect([drops, received?.frames]).toEqual([{ tooLong: 1, tooShort: 1 }, sizes.length + 2]);
  });

  test("the last of which is cut off wait for the rest", () => {
    const { lan, a, b } = three();
    const run = record(frame({ from: A, to: B }));
    expect(lan.lan.receive(a, run, 0, run.length - 1, undefined)).toBe(0);
    expect(lan.take(b)).toEqual([]);
    expect(lan.lan.receive(a, run, 0, run.length, undefined)).toBe(run.length);
    expect(lan.take(b).length).toBe(1);
  });

  test("are followed no longer once one announces an impossible length", () => {
    const { lan, a, b } = three();
    const run = new Uint8Array([...record(frame({ from: A, to: B })), 255, 255, 255, 255, 0]);
    expect(lan.lan.receive(a, run, 0, run.length, undefined)).toBe(BROKEN);
    expect(lan.take(b).length).toBe(1);
  });
});

describe("frames that are no good", () => {
  test("are dropped, counted by reason and remembered in words", () => {
    const { lan, a, b } = three();
    lan.send(
      a,
      new Uint8Array(13),
      frame({ from: A, to: B, size: 1523 }),
      frame({ from: BROADCAST, to: B }),
      frame({ from: A, to: "01:80:c2:00:00:00" }),
    );
    expect(lan.take(b)).toEqual([]);
    expect(lan.lan.counters()[0]?.drops).toEqual({ tooShort: 1, tooLong: 1, malformed: 1, reservedAddress: 1 });
    expect(lan.lan.drops().map(({ reason, frame: words }) => [reason, words])).toEqual([
      ["tooShort", "Ethernet 13 bytes, too short for a frame"],
      ["tooLong", `${A} → ${B} 0x88b5 1509 bytes`],
      ["malformed", `${BROADCAST} → ${B} 0x88b5 46 bytes`],
      ["reservedAddress", `${A} → 01:80:c2:00:00:00 0x88b5 46 bytes`],
    ]);
  });

  test("of which only the last few hundred are remembered", () => {
    const { lan, a } = three();
    for (let n = 0; n < 2000; n++) lan.send(a, frame({ from: A, to: "01:80:c2:00:00:00", payload: [n >> 8, n & 255] }));
    expect(lan.lan.drops().length).toBe(512);
    expect(lan.lan.counters()[0]?.drops).toEqual({ reservedAddress: 2000 });
  });

  test("pass when the network's MTU is that of jumbo frames", () => {
    const lan = new TestLan({ mtu: 9000 });
    const [a, b] = [lan.add("a"), lan.add("b")];
    lan.send(a, frame({ from: A, to: B, size: 9014 }));
    expect(lan.take(b).map((one) => one.length)).toEqual([9014]);
  });
});
