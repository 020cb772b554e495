// What a guarded port may say about itself. Each attack stands beside its control: the same bytes pass where the guard is off, or
// when they come from whoever may say this.
import { defaultGuards, type PortGuards } from "@mimic/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BROADCAST, frame, macOf, TestLan } from "../../test/frames.ts";
import { macNumber } from "./guards.ts";

const A = macOf(1);
const B = macOf(2);
const GATEWAY = macOf(99);
const ip = (text: string): number[] => text.split(".").map(Number);

const arp = (from: string, sender: string, senderMac = from) =>
  frame({
    from,
    to: BROADCAST,
    type: 0x0806,
    payload: [
      0,
      1,
      8,
      0,
      6,
      4,
      0,
      1,
      ...senderMac.split(":").map((x) => Number.parseInt(x, 16)),
      ...ip(sender),
      0,
      0,
      0,
      0,
      0,
      0,
      10,
      0,
      0,
      1,
    ],
  });
const ipv4 = (from: string, source: string, { protocol = 17, ports = [1000, 2000], fragment = 0 } = {}) =>
  frame({
    from,
    to: BROADCAST,
    type: 0x0800,
    payload: [
      0x45,
      0,
      0,
      28,
      0,
      0,
      fragment >> 8,
      fragment & 255,
      64,
      protocol,
      0,
      0,
      ...ip(source),
      255,
      255,
      255,
      255,
      ...ports.flatMap((port) => [port >> 8, port & 255]),
      0,
      8,
      0,
      0,
    ],
  });
const SOURCE6 = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const ipv6 = (from: string, next: number, payload: readonly number[], source: readonly number[] = SOURCE6) =>
  frame({
    from,
    to: "33:33:00:00:00:01",
    type: 0x86dd,
    payload: [0x60, 0, 0, 0, 0, payload.length, next, 255, ...source, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, ...payload],
  });
const ADVERTISEMENT = [134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];

/** Whether the frame gets through a port of machine A with these guards, and the reasons why not. */
const through = (bytes: Uint8Array, guards: Partial<PortGuards> = defaultGuards, prepare: (lan: TestLan) => void = () => {}) => {
  const lan = new TestLan();
  const a = lan.add("a", { mac: A, guards });
  const b = lan.add("b");
  prepare(lan);
  lan.send(a, bytes);
  return { passed: lan.take(b).length === 1, drops: lan.lan.counters()[0]?.drops };
};
const held = (lan: TestLan) => {
  lan.lan.addresses.hold(1, Uint8Array.from(ip("10.0.0.5")), macNumber(A));
  lan.lan.addresses.hold(1, Uint8Array.from(ip("10.0.0.1")), macNumber(GATEWAY));
};

const attacks: readonly (readonly [string, Uint8Array, string, keyof PortGuards | readonly (keyof PortGuards)[]])[] = [
  ["a foreign source MAC", frame({ from: B, to: BROADCAST }), "macSpoofed", "mac"],
  ["an ARP that claims the gateway's address", arp(A, "10.0.0.1"), "arpSpoofed", "ip"],
  ["an ARP whose sender is another than the frame's", arp(A, "10.0.0.5", B), "arpSpoofed", "ip"],
  ["an ARP with a wrong shape", frame({ from: A, to: BROADCAST, type: 0x0806, payload: [0, 1, 8, 0, 6, 16] }), "malformed", "ip"],
  ["an IPv4 source that belongs to the gateway", ipv4(A, "10.0.0.1"), "ipSpoofed", "ip"],
  ["a DHCP answer", ipv4(A, "10.0.0.5", { ports: [67, 68] }), "rogueDhcp", "dhcp"],
  ["a DHCPv6 answer", ipv6(A, 17, [2, 35, 2, 34, 0, 8, 0, 0]), "rogueDhcp", "dhcp"],
  ["a router advertisement", ipv6(A, 58, ADVERTISEMENT), "rogueRouterAdvertisement", "routerAdvertisements"],
  [
    "a router advertisement behind a hop-by-hop header",
    ipv6(A, 0, [58, 0, 5, 2, 0, 0, 1, 0, ...ADVERTISEMENT]),
    "rogueRouterAdvertisement",
    "routerAdvertisements",
  ],
  [
    "a router advertisement behind three headers",
    ipv6(A, 60, [60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 58, 0, 0, 0, 0, 0, 0, 0, ...ADVERTISEMENT]),
    "rogueRouterAdvertisement",
    "routerAdvertisements",
  ],
  [
    "a router advertisement in a first fragment",
    ipv6(A, 44, [58, 0, 0, 1, 0, 0, 0, 7, ...ADVERTISEMENT]),
    "rogueRouterAdvertisement",
    // Neighbour discovery in fragments is refused by the IP guard too (RFC 6980).
    ["routerAdvertisements", "ip"],
  ],
  ["a redirect", ipv6(A, 58, [137, 0, 0, 0, ...Array<number>(36).fill(0)]), "rogueRouterAdvertisement", "routerAdvertisements"],
  ["a tag", frame({ from: A, to: BROADCAST, tags: [[0x8100, 1]] }), "tagNotAllowed", "tags"],
];

describe("a guarded port", () => {
  test.each(attacks)("drops %s, which passes when that guard is off", (_words, bytes, reason, guard) => {
    expect(through(bytes, defaultGuards, held)).toEqual({ passed: false, drops: { [reason]: 1 } });
    const off = Object.fromEntries([guard].flat().map((one) => [one, false]));
    expect(through(bytes, { ...defaultGuards, ...off }, held).passed).toBe(true);
  });

  test.each([
    ["speaks as the address that it holds", arp(A, "10.0.0.5")],
    ["sends from the address that it holds", ipv4(A, "10.0.0.5")],
    ["asks for an address with none of its own", ipv4(A, "0.0.0.0", { ports: [68, 67] })],
    ["asks whether an address is free (RFC 5227)", arp(A, "0.0.0.0")],
    ["uses an address that nobody holds", ipv4(A, "192.168.7.7")],
    ["sends a later fragment from its own address", ipv4(A, "10.0.0.5", { fragment: 100, ports: [67, 68] })],
    ["solicits a router", ipv6(A, 58, [133, 0, 0, 0, 0, 0, 0, 0])],
    ["solicits a neighbour with no address yet", ipv6(A, 58, [135, 0, 0, 0, ...Array<number>(20).fill(0)], Array<number>(16).fill(0))],
  ])("lets pass a guest that %s", (_words, bytes) => {
    expect(through(bytes, defaultGuards, held)).toEqual({ passed: true, drops: {} });
  });

  test("drops a forged packet behind a good one that begins alike, which passes when the guard is off", () => {
    const toB = (bytes: Uint8Array): Uint8Array => Uint8Array.from([...frame({ from: A, to: B }).subarray(0, 6), ...bytes.subarray(6)]);
    const [good, forged] = [toB(ipv4(A, "10.0.0.5")), toB(ipv4(A, "10.0.0.1"))];
    const sent = [good, good, forged, good, forged];
    const arrived = (guards: Partial<PortGuards>): Uint8Array[] => {
      const lan = new TestLan();
      const [a, b] = [lan.add("a", { mac: A, guards }), lan.add("b")];
      held(lan);
      lan.send(b, frame({ from: B, to: A }));
      lan.send(a, ...sent);
      return lan.take(b);
    };
    expect(arrived(defaultGuards)).toEqual([good, good, good]);
    expect(arrived({ ...defaultGuards, ip: false, dhcp: false, routerAdvertisements: false })).toEqual(sent);
  });

  test("gives an address to the first who claims it, takes it back for a lease, and lets nobody collect them", () => {
    const lan = new TestLan();
    const guards = { ...defaultGuards, broadcastPerSecond: 0 };
    const [a, b] = [lan.add("a", { mac: A, guards }), lan.add("b", { mac: B, guards })];
    lan.send(a, arp(A, "10.0.0.7"));
    lan.send(b, arp(B, "10.0.0.7"));
    expect([lan.take(b).length, lan.take(a).length]).toEqual([1, 0]);
    lan.lan.addresses.hold(1, Uint8Array.from(ip("10.0.0.7")), macNumber(B));
    lan.send(b, arp(B, "10.0.0.7"));
    lan.send(a, arp(A, "10.0.0.7"));
    expect([lan.take(a).length, lan.take(b).length]).toEqual([1, 0]);
    for (let n = 0; n < 250; n++) lan.send(a, ipv4(A, `10.1.0.${n}`));
    expect(lan.take(b).length).toBeLessThan(40);
  });

  test("keeps a guest from taking the gateway's MAC even through an unguarded port", () => {
    const lan = new TestLan();
    const gateway = lan.add("gateway", { mac: GATEWAY, guards: { mac: true } });
    const [loose, c] = [lan.add("loose"), lan.add("c")];
    lan.send(gateway, frame({ from: GATEWAY, to: BROADCAST }));
    lan.send(loose, frame({ from: GATEWAY, to: BROADCAST }));
    lan.takeAll();
    lan.send(c, frame({ from: macOf(3), to: GATEWAY }));
    expect([lan.take(gateway).length, lan.take(loose).length]).toEqual([1, 0]);
  });

  test("lets so many broadcasts pass in a second and no more, and other frames all the while", () => {
    const lan = new TestLan();
    const [a, b] = [lan.add("a", { mac: A, guards: { ...defaultGuards, broadcastPerSecond: 100 } }), lan.add("b")];
    const flood = Array.from({ length: 1000 }, () => frame({ from: A, to: BROADCAST }));
    lan.send(a, ...flood);
    expect(lan.take(b).length).toBe(100);
    lan.send(a, frame({ from: A, to: B }));
    expect(lan.take(b).length).toBe(1);
    lan.nowMs += 500;
    lan.send(a, ...flood);
    expect(lan.take(b).length).toBe(50);
    expect(lan.lan.counters()[0]?.drops).toEqual({ broadcastLimit: 900 + 950 });
  });

  test("lets so many frames pass in a second and no more", () => {
    const lan = new TestLan();
    const [a, b] = [lan.add("a", { guards: { framesPerSecond: 10 } }), lan.add("b")];
    lan.send(a, ...Array.from({ length: 50 }, () => frame({ from: A, to: B })));
    expect(lan.take(b).length).toBe(10);
    expect(lan.lan.counters()[0]?.drops).toEqual({ rateLimit: 40 });
  });
});

test("for any bytes at a guarded port nothing is thrown, and what passes bears the port's own address and no tag", () => {
  const shaped = fc
    .tuple(
      fc.constantFrom(...attacks.map(([, bytes]) => bytes), arp(A, "10.0.0.5"), ipv4(A, "10.0.0.5")),
      fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 6 }),
      fc.nat(80),
    )
    .map(([base, changes, cut]) => {
      const bytes = base.slice(0, Math.max(1, base.length - (cut > 60 ? cut - 60 : 0)));
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), shaped), { maxLength: 20 }), (frames) => {
      const lan = new TestLan();
      const [a, b] = [lan.add("a", { mac: A, guards: { ...defaultGuards, broadcastPerSecond: 0 } }), lan.add("b")];
      lan.send(a, ...frames);
      for (const one of lan.take(b)) {
        expect([...one.subarray(6, 12)]).toEqual([0x52, 0x54, 0, 0, 0, 1]);
        expect((one[12] as number) * 256 + (one[13] as number)).not.toBe(0x8100);
      }
      const counters = lan.lan.counters()[0];
      const dropped = Object.values(counters?.drops ?? {}).reduce((sum, count) => sum + count, 0);
      const delivered = lan.lan.counters()[1]?.sent.frames ?? 0;
      expect(dropped + delivered).toBe(frames.length);
      for (const note of lan.lan.drops()) expect(note.frame).toMatch(/^[\x20-\x7e→]+$/);
    }),
    { numRuns: 300 },
  );
});
