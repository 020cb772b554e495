// A guest that knows the protocols' dark corners. Each attack stands beside its control: the same bytes pass where the guard is
// off. VLAN hopping in all shapes stands in the tests of VLANs, loops in those of the loop guard.
import { defaultGuards, type PortGuards } from "@mimic/model";
import {
  checksumOf,
  concatBytes,
  type NdpMessage,
  parseIpv4,
  parseIpv6,
  parseMac,
  serializeArp,
  serializeEthernet,
  serializeIgmp,
  serializeIpv4Packet,
  serializeIpv6Packet,
  serializeNdp,
  serializeUdp,
  writeU16,
} from "@mimic/wire";
import { expect, test } from "vitest";
import { BROADCAST, macOf, TestLan } from "../../test/frames.ts";
import { macNumber } from "./guards.ts";

const [A, B, GATEWAY] = [macOf(1), macOf(2), macOf(99)];
const bytes = (mac: string): Uint8Array => parseMac(mac) as Uint8Array;
const v4 = (text: string): Uint8Array => parseIpv4(text) as Uint8Array;
const v6 = (text: string): Uint8Array => parseIpv6(text) as Uint8Array;
const [OWN6, GATEWAY6, ALL_NODES] = [v6("fe80::5054:ff:fe00:1"), v6("fe80::99"), v6("ff02::1")];

const fromA = (etherType: number | undefined, payload: Uint8Array): Uint8Array =>
  serializeEthernet({ destination: bytes(BROADCAST), source: bytes(A), etherType, payload });
/** The protocol in an 802.3 frame, behind LLC and SNAP (RFC 1042). */
const inSnap = (etherType: number, payload: Uint8Array, oui = 0): Uint8Array =>
  fromA(undefined, concatBytes(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, oui, etherType >> 8, etherType & 0xff), payload));

const arpAs = (address: string): Uint8Array =>
  serializeArp({ operation: 2, senderMac: bytes(A), senderIp: v4(address), targetMac: bytes(B), targetIp: v4("10.0.0.7") });
const udp4 = (source: string, sourcePort: number, destinationPort: number): Uint8Array => {
  const [from, to] = [v4(source), v4("255.255.255.255")];
  const payload = serializeUdp({ sourcePort, destinationPort, payload: new Uint8Array(300) }, from, to);
  return serializeIpv4Packet({ source: from, destination: to, protocol: 17, payload });
};
const udp6 = (sourcePort: number, destinationPort: number): Uint8Array => {
  const payload = serializeUdp({ sourcePort, destinationPort, payload: new Uint8Array(30) }, OWN6, ALL_NODES);
  return serializeIpv6Packet({ source: OWN6, destination: ALL_NODES, protocol: 17, payload });
};
const ndp = (message: NdpMessage, fragment?: { identification: number; offset: number; moreFragments: boolean }): Uint8Array =>
  serializeIpv6Packet({
    source: OWN6,
    destination: ALL_NODES,
    protocol: 58,
    hopLimit: 255,
    payload: serializeNdp(message),
    ...(fragment && { fragment }),
  });
const advertise = (target: Uint8Array, mac: string): NdpMessage => ({
  kind: "neighborAdvertisement",
  isRouter: false,
  isSolicited: false,
  isOverride: true,
  target,
  options: [{ option: "targetLinkLayer", mac: bytes(mac) }],
});
const nothingFrom = (source: Uint8Array): Uint8Array =>
  serializeIpv6Packet({ source, destination: ALL_NODES, protocol: 59, payload: new Uint8Array(0) });
const ROUTER: NdpMessage = {
  kind: "routerAdvertisement",
  hopLimit: 64,
  isManaged: false,
  hasOtherConfiguration: false,
  preference: "high",
  lifetimeSeconds: 1800,
  reachableMs: 0,
  retransmitMs: 0,
  options: [],
};

/** A's port with these guards; the gateway holds its addresses, A its own. */
function through(frame: Uint8Array, guards: Partial<PortGuards> = defaultGuards): { passed: boolean; drops: unknown } {
  const lan = new TestLan();
  const a = lan.add("a", { mac: A, guards });
  const b = lan.add("b");
  lan.lan.addresses.hold(1, v4("10.0.0.5"), macNumber(A));
  lan.lan.addresses.hold(1, v4("10.0.0.1"), macNumber(GATEWAY));
  lan.lan.addresses.hold(1, GATEWAY6, macNumber(GATEWAY));
  lan.send(a, frame);
  return { passed: lan.take(b).length === 1, drops: lan.lan.counters()[0]?.drops };
}

const attacks: readonly (readonly [string, Uint8Array, string, keyof PortGuards])[] = [
  ["a DHCP answer from a port that is not the server's", fromA(0x0800, udp4("10.0.0.5", 4011, 68)), "rogueDhcp", "dhcp"],
  ["a DHCPv6 answer from a port that is not the server's", fromA(0x86dd, udp6(4000, 546)), "rogueDhcp", "dhcp"],
  ["a neighbour advertisement for the gateway's address", fromA(0x86dd, ndp(advertise(GATEWAY6, A))), "arpSpoofed", "ip"],
  ["a neighbour advertisement that leads to another MAC", fromA(0x86dd, ndp(advertise(OWN6, B))), "arpSpoofed", "ip"],
  [
    "a neighbour solicitation that gives another MAC as its own",
    fromA(0x86dd, ndp({ kind: "neighborSolicitation", target: GATEWAY6, options: [{ option: "sourceLinkLayer", mac: bytes(B) }] })),
    "arpSpoofed",
    "ip",
  ],
  [
    "a neighbour advertisement in fragments",
    fromA(0x86dd, ndp(advertise(OWN6, A), { identification: 7, offset: 0, moreFragments: true })),
    "malformed",
    "ip",
  ],
  ["a packet from a group", fromA(0x0800, udp4("224.0.0.5", 1000, 2000)), "ipSpoofed", "ip"],
  ["a packet from everybody", fromA(0x0800, udp4("255.255.255.255", 1000, 2000)), "ipSpoofed", "ip"],
  ["a packet from loopback", fromA(0x0800, udp4("127.0.0.1", 1000, 2000)), "ipSpoofed", "ip"],
  ["an IPv6 packet from loopback", fromA(0x86dd, nothingFrom(v6("::1"))), "ipSpoofed", "ip"],
  ["an IPv6 packet from a group", fromA(0x86dd, nothingFrom(ALL_NODES)), "ipSpoofed", "ip"],
  ["an ARP for the gateway's address behind SNAP", inSnap(0x0806, arpAs("10.0.0.1")), "arpSpoofed", "ip"],
  ["a foreign IPv4 source behind SNAP", inSnap(0x0800, udp4("10.0.0.1", 1000, 2000)), "ipSpoofed", "ip"],
  ["a foreign IPv4 source behind SNAP, as bridges write it", inSnap(0x0800, udp4("10.0.0.1", 1000, 2000), 0xf8), "ipSpoofed", "ip"],
  ["a DHCP answer behind SNAP", inSnap(0x0800, udp4("10.0.0.5", 67, 68)), "rogueDhcp", "dhcp"],
  ["a router advertisement behind SNAP", inSnap(0x86dd, ndp(ROUTER)), "rogueRouterAdvertisement", "routerAdvertisements"],
];

test.each(attacks)("%s is dropped, and passes when that guard is off", (_words, frame, reason, guard) => {
  expect(through(frame)).toEqual({ passed: false, drops: { [reason]: 1 } });
  expect(through(frame, { ...defaultGuards, [guard]: false }).passed).toBe(true);
});

test("a tag that hides behind SNAP is dropped", () => {
  const hidden = inSnap(0x8100, concatBytes(Uint8Array.of(0, 5, 8, 0), udp4("10.0.0.5", 1000, 2000)));
  expect(through(hidden)).toEqual({ passed: false, drops: { tagNotAllowed: 1 } });
});

test.each([
  ["advertises its own address", fromA(0x86dd, ndp(advertise(OWN6, A)))],
  ["speaks IPX or spanning tree of its own, in 802.3 frames", fromA(undefined, Uint8Array.of(0xe0, 0xe0, 3, 0xff, 0xff, 0, 30, 0, 4))],
  ["sends AppleTalk behind SNAP", fromA(undefined, Uint8Array.of(0xaa, 0xaa, 3, 8, 0, 7, 0x80, 0x9b, 1, 2, 3))],
  ["sends IPv4 from its own address behind SNAP", inSnap(0x0800, udp4("10.0.0.5", 1000, 2000))],
  ["asks a DHCPv6 server", fromA(0x86dd, udp6(546, 547))],
])("a guest that %s is let through", (_words, frame) => {
  expect(through(frame)).toEqual({ passed: true, drops: {} });
});

test("an address in steady use is not given to another guest, however long nobody asks for it by ARP", () => {
  const lan = new TestLan();
  const guards = { ...defaultGuards, broadcastPerSecond: 0 };
  const [a, b, c] = [lan.add("a", { mac: A, guards }), lan.add("b", { mac: B, guards }), lan.add("c")];
  for (let minute = 0; minute < 130; minute++) {
    lan.send(a, fromA(0x0800, udp4("10.0.0.7", 1000, 2000)));
    lan.pass(60_000);
  }
  lan.takeAll();
  const claim = serializeArp({
    operation: 2,
    senderMac: bytes(B),
    senderIp: v4("10.0.0.7"),
    targetMac: bytes(A),
    targetIp: v4("10.0.0.7"),
  });
  const stolen = serializeEthernet({ destination: bytes(BROADCAST), source: bytes(B), etherType: 0x0806, payload: claim });
  lan.send(b, stolen);
  expect(lan.take(c)).toEqual([]);
  // The control: once A is silent for more than an hour, B may have it.
  lan.pass(3_700_000);
  lan.send(b, stolen);
  expect(lan.take(c)).toHaveLength(1);
});

test("a guest that changes its temporary addresses daily is still heard after months, one that collects addresses is not", () => {
  const lan = new TestLan();
  const a = lan.add("a", { mac: A, guards: { ...defaultGuards, broadcastPerSecond: 0 } });
  const b = lan.add("b");
  const from = (host: number): Uint8Array => {
    const source = v6(`fd00::${host.toString(16)}`);
    return fromA(0x86dd, serializeIpv6Packet({ source, destination: ALL_NODES, protocol: 59, payload: new Uint8Array(0) }));
  };
  for (let day = 1; day <= 100; day++) {
    lan.send(a, from(day));
    lan.nowMs += 86_400_000;
    lan.lan.tick();
  }
  expect(lan.take(b)).toHaveLength(100);
  for (let host = 1000; host < 1200; host++) lan.send(a, from(host));
  expect(lan.take(b).length).toBeLessThanOrEqual(32);
});

test("a question that others do not hear, or about one group only, takes no group away from those who have it", () => {
  const ask = (to: string, group: string): Uint8Array => {
    const message = serializeIgmp({
      kind: "query",
      version: 2,
      maxResponse: 100,
      group: v4(group),
      suppress: false,
      robustness: 0,
      intervalSeconds: 0,
      sources: [],
    });
    writeU16(message, 2, checksumOf(message));
    const payload = serializeIpv4Packet({ source: v4("10.0.0.5"), destination: v4("224.0.0.1"), protocol: 2, ttl: 1, payload: message });
    return serializeEthernet({ destination: bytes(to), source: bytes(A), etherType: 0x0800, payload });
  };
  const join = (): Uint8Array => {
    const message = serializeIgmp({ kind: "report", version: 2, group: v4("239.1.2.3") });
    writeU16(message, 2, checksumOf(message));
    const payload = serializeIpv4Packet({ source: v4("10.0.0.9"), destination: v4("239.1.2.3"), protocol: 2, ttl: 1, payload: message });
    return serializeEthernet({ destination: bytes("01:00:5e:01:02:03"), source: bytes(macOf(3)), etherType: 0x0800, payload });
  };
  const old = (question: Uint8Array): number => {
    const lan = new TestLan();
    const a = lan.add("a", { mac: A, guards: { ...defaultGuards, routerAdvertisements: false } });
    const [longAMember, newMember, sender] = [lan.add("long"), lan.add("new"), lan.add("sender")];
    lan.send(newMember, join());
    lan.send(a, question);
    lan.takeAll();
    lan.send(
      sender,
      serializeEthernet({
        destination: bytes("01:00:5e:01:02:03"),
        source: bytes(macOf(4)),
        etherType: 0x0800,
        payload: new Uint8Array(60),
      }),
    );
    return lan.take(longAMember).length;
  };
  expect(old(ask("01:00:5e:00:00:01", "239.1.2.3"))).toBe(1);
  expect(old(ask("01:00:5e:7f:00:00", "0.0.0.0"))).toBe(1);
  // The control: an honest question for all groups makes members repeat their wish, and those who do not are left out.
  expect(old(ask("01:00:5e:00:00:01", "0.0.0.0"))).toBe(0);
});
