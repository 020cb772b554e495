// A guest that sends the gateway every kind of bent frame, with checksums that are right, so that bending is not all that is
// noticed. Afterwards the gateway serves as before.
import { silentLog } from "@mimic/base";
import { NetworkPlan } from "@mimic/model";
import { countingRandom, VirtualClock } from "@mimic/testkit";
import {
  ARP_LENGTH,
  BROADCAST_MAC,
  checksumOf,
  concatBytes,
  dhcpOption,
  dhcpType,
  emptyDnsMessage,
  multicastMacOfIpv6,
  parseIpv4,
  parseIpv6,
  parseMac,
  pseudoHeaderSum,
  serializeArp,
  serializeDhcp,
  serializeDhcpv6,
  serializeDnsMessage,
  serializeEthernet,
  serializeIcmp,
  serializeIcmpv6,
  serializeIpv4Packet,
  serializeIpv6Packet,
  serializeNdp,
  serializeTcp,
  serializeUdp,
  TPID_CUSTOMER,
  writeU16,
} from "@mimic/wire";
import { expect, test } from "vitest";
import { framesOf, runOf } from "../switch/ports.ts";
import { gatewayMaker } from "./index.ts";

const mac = (text: string): Uint8Array => parseMac(text) as Uint8Array;
const v4 = (text: string): Uint8Array => parseIpv4(text) as Uint8Array;
const v6 = (text: string): Uint8Array => parseIpv6(text) as Uint8Array;
const [GUEST, GATEWAY] = [mac("52:54:00:00:00:01"), mac("52:54:00:00:00:fe")];
const [GUEST4, GATEWAY4, GUEST6, GATEWAY6] = [v4("10.77.0.10"), v4("10.77.0.1"), v6("fd12:3456:789a:1::10"), v6("fd12:3456:789a:1::1")];
const ULID = "01j9zzzzzzzzzzzzzzzzzzzzzz";

const PLAN = NetworkPlan.parse({
  id: `net_${ULID}`,
  name: "home",
  ports: [
    {
      id: `nic_${ULID}`,
      label: "hello",
      attach: { how: "listen", path: "/nowhere" },
      mac: "52:54:00:00:00:01",
      hostName: "hello",
      machine: "mch_1",
      mode: { mode: "access", vlan: 1 },
      guards: {},
    },
  ],
  gateway: {
    mac: "52:54:00:00:00:fe",
    domain: "home.mimic",
    dns: { forward: true, servers: ["192.0.2.53"] },
    uplink: "none",
    rules: [{ id: `rul_${"1".padStart(26, "0")}`, action: "accept", target: { to: "anywhere" } }],
    segments: [
      {
        vlan: 1,
        v4: { address: "10.77.0.1", prefix: 24, pool: { from: "10.77.0.10", to: "10.77.0.250" } },
        v6: { prefix: "fd12:3456:789a:1::", address: "fd12:3456:789a:1::1" },
      },
      { vlan: 5, v4: { address: "10.77.5.1", prefix: 24, pool: { from: "10.77.5.10", to: "10.77.5.20" } } },
    ],
  },
});

function makeGateway() {
  const clock = new VirtualClock();
  const sent: Uint8Array[] = [];
  const failures: unknown[] = [];
  const gateway = gatewayMaker({
    clock,
    random: countingRandom(),
    log: { ...silentLog, error: (message, facts) => failures.push([message, facts]) },
    leasesOf: () => ({ read: () => undefined, write: () => {} }),
    hostAddresses: () => [v4("198.51.100.7")],
    dnsTransport: { udp: () => ({ [Symbol.dispose]() {} }), tcp: () => new Promise(() => {}) },
    hostResolvers: () => [],
    makeUplink: undefined,
  })(PLAN, {
    inlet: { receive: (run) => sent.push(...[...framesOf(run)].map((frame) => frame.slice())), dropped: () => {} },
    addresses: { hold: () => {}, free: () => {} },
    tell: () => {},
  });
  const send = (...frames: Uint8Array[]): Uint8Array[] => {
    gateway.deliver(runOf(frames), frames.length);
    gateway.flush();
    return sent.splice(0);
  };
  return { gateway, clock, send, failures };
}

const toGateway = (etherType: number, payload: Uint8Array, destination = GATEWAY, vlan = 0): Uint8Array =>
  serializeEthernet({
    destination,
    source: GUEST,
    tags: vlan === 0 ? [] : [{ tpid: TPID_CUSTOMER, priority: 0, dropEligible: false, vlan }],
    etherType,
    payload,
  });
const ip4 = (protocol: number, payload: Uint8Array, destination = GATEWAY4): Uint8Array =>
  serializeIpv4Packet({ source: GUEST4, destination, protocol, payload });
const ip6 = (protocol: number, payload: Uint8Array, destination = GATEWAY6): Uint8Array =>
  serializeIpv6Packet({ source: GUEST6, destination, protocol, payload, hopLimit: 255 });
const udp = (sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array =>
  serializeUdp({ sourcePort, destinationPort, payload }, GUEST4, GATEWAY4);

const ARP = toGateway(
  0x0806,
  serializeArp({ operation: 1, senderMac: GUEST, senderIp: GUEST4, targetMac: new Uint8Array(6), targetIp: GATEWAY4 }),
);
const ECHO = toGateway(0x0800, ip4(1, serializeIcmp({ type: 8, code: 0, rest: 0x10001, body: new Uint8Array(32) })));
const dhcp = (type: number, options: readonly (readonly [number, Uint8Array])[] = []): Uint8Array => {
  const message = serializeDhcp({
    operation: "request",
    hardwareType: 1,
    hops: 0,
    transactionId: 7,
    seconds: 0,
    wantsBroadcast: true,
    clientAddress: new Uint8Array(4),
    yourAddress: new Uint8Array(4),
    nextServer: new Uint8Array(4),
    relayAddress: new Uint8Array(4),
    clientHardware: GUEST,
    serverName: "",
    bootFile: "",
    options: new Map([[dhcpOption.messageType, Uint8Array.of(type)], ...options]),
  });
  const [none, all] = [new Uint8Array(4), v4("255.255.255.255")];
  const payload = serializeUdp({ sourcePort: 68, destinationPort: 67, payload: message }, none, all);
  return toGateway(0x0800, serializeIpv4Packet({ source: none, destination: all, protocol: 17, payload }), BROADCAST_MAC);
};
const DISCOVER = dhcp(dhcpType.discover);
const QUERY = serializeDnsMessage({
  ...emptyDnsMessage,
  id: 9,
  recursionDesired: true,
  questions: [{ name: "hello.home.mimic", type: 1, class: 1 }],
});
const solicitation = serializeNdp({ kind: "neighborSolicitation", target: GATEWAY6, options: [{ option: "sourceLinkLayer", mac: GUEST }] });

const GOOD: readonly Uint8Array[] = [
  ARP,
  ECHO,
  DISCOVER,
  dhcp(dhcpType.request, [
    [dhcpOption.requestedAddress, GUEST4],
    [dhcpOption.hostName, new TextEncoder().encode("hello")],
  ]),
  dhcp(dhcpType.decline, [[dhcpOption.requestedAddress, GUEST4]]),
  dhcp(dhcpType.release),
  dhcp(dhcpType.inform),
  toGateway(0x0800, ip4(17, udp(40_000, 53, QUERY))),
  toGateway(
    0x0800,
    ip4(17, udp(40_000, 53, serializeDnsMessage({ ...emptyDnsMessage, id: 10, questions: [{ name: "example.org", type: 28, class: 1 }] }))),
  ),
  toGateway(0x86dd, ip6(17, serializeUdp({ sourcePort: 40_000, destinationPort: 53, payload: QUERY }, GUEST6, GATEWAY6))),
  toGateway(0x86dd, ip6(58, serializeIcmpv6({ type: 128, code: 0, rest: 7, body: new Uint8Array(16) }, GUEST6, GATEWAY6))),
  toGateway(0x86dd, ip6(58, solicitation), multicastMacOfIpv6(GATEWAY6)),
  toGateway(0x86dd, ip6(58, serializeNdp({ kind: "routerSolicitation", options: [] }), v6("ff02::2")), multicastMacOfIpv6(v6("ff02::2"))),
  toGateway(
    0x86dd,
    ip6(
      17,
      serializeUdp(
        {
          sourcePort: 546,
          destinationPort: 547,
          payload: serializeDhcpv6({ type: 11, transactionId: 5, options: [{ code: 6, data: Uint8Array.of(0, 23) }] }),
        },
        GUEST6,
        v6("ff02::1:2"),
      ),
      v6("ff02::1:2"),
    ),
    multicastMacOfIpv6(v6("ff02::1:2")),
  ),
  toGateway(
    0x0800,
    ip4(
      6,
      serializeTcp({ sourcePort: 5000, destinationPort: 80, sequence: 1, acknowledgement: 0, flags: 2, window: 1000 }, GUEST4, GATEWAY4),
    ),
  ),
  toGateway(0x0800, ip4(17, udp(5000, 5000, new Uint8Array(20)), v4("10.77.5.15"))),
  toGateway(0x0800, ip4(17, udp(5000, 5000, new Uint8Array(20)), v4("93.184.216.34"))),
  toGateway(0x0800, ip4(1, serializeIcmp({ type: 3, code: 3, rest: 0, body: ip4(17, udp(53, 40_000, new Uint8Array(8))) }))),
  toGateway(
    0x0800,
    serializeIpv4Packet({
      source: GUEST4,
      destination: GATEWAY4,
      protocol: 17,
      payload: new Uint8Array(64),
      moreFragments: true,
      identification: 3,
    }),
  ),
  toGateway(0x0800, ip4(1, serializeIcmp({ type: 8, code: 0, rest: 1, body: new Uint8Array(8) })), GATEWAY, 5),
];

/** Makes lengths and checksums right again, as far as the frame still is what it was. */
function heal(frame: Uint8Array): void {
  const at = frame[12] === 0x81 ? 18 : 14;
  const isV4 = frame[at - 2] === 8 && frame[at - 1] === 0;
  const ends = isV4 ? 20 : 40;
  if (frame.length < at + ends + 8 || !(isV4 || frame[at - 2] === 0x86)) return;
  writeU16(frame, at + (isV4 ? 2 : 4), frame.length - at - (isV4 ? 0 : 40));
  if (isV4) {
    frame[at] = 0x45;
    frame.set([0, 0], at + 10);
    writeU16(frame, at + 10, checksumOf(frame, at, 20));
  } else frame[at] = 0x60;
  const [protocol, here] = [frame[at + (isV4 ? 9 : 6)] as number, at + ends];
  const place = { 1: 2, 58: 2, 17: 6, 6: 16 }[protocol];
  if (place === undefined || here + place + 2 > frame.length) return;
  if (protocol === 17) writeU16(frame, here + 4, frame.length - here);
  frame.set([0, 0], here + place);
  const addresses = isV4 ? ([12, 16, 20] as const) : ([8, 24, 40] as const);
  const [source, destination] = [
    frame.subarray(at + addresses[0], at + addresses[1]),
    frame.subarray(at + addresses[1], at + addresses[2]),
  ];
  const pseudo = protocol === 1 ? 0 : pseudoHeaderSum(source, destination, protocol, frame.length - here);
  writeU16(frame, here + place, checksumOf(frame, here, frame.length - here, pseudo) || 0xffff);
}

/** `MIMIC_MUTATED_FRAMES=10000000` makes it thorough. */
const MUTATED = Number(process.env["MIMIC_MUTATED_FRAMES"] ?? 20_000);

test(
  `${MUTATED} bent frames: the gateway throws nothing, and then serves as before`,
  async () => {
    const { gateway, clock, send, failures } = makeGateway();
    // The control: it serves at all.
    for (const frame of [ARP, ECHO, DISCOVER]) expect(send(frame).length).toBeGreaterThan(0);
    let state = 4711;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    let answers = 0;
    for (let i = 0; i < MUTATED; i++) {
      const from = GOOD[below(GOOD.length)] as Uint8Array;
      const whole = below(3) === 0 ? concatBytes(from, new Uint8Array(below(64))) : from.slice();
      const frame = below(5) === 0 ? whole.subarray(0, below(whole.length + 1)) : whole;
      for (let changes = below(5); changes > 0; changes--) {
        const at = 12 + below(Math.max(0, frame.length - 12));
        if (at < frame.length) frame[at] = below(3) === 0 ? 255 : below(256);
      }
      if (below(5) > 0) heal(frame);
      answers += send(frame).length;
      if (i % 500 === 0) await clock.pass(1000);
    }
    await clock.pass(100_000);
    expect(failures).toEqual([]);
    expect(answers).toBeGreaterThan(MUTATED / 50);
    expect(gateway.leases().length).toBeLessThanOrEqual(241 + 11);
    const arp = send(ARP);
    expect(arp.some((frame) => frame[21] === 2 && frame.length >= 14 + ARP_LENGTH)).toBe(true);
    expect(send(ECHO).length).toBeGreaterThan(0);
    await gateway.close();
  },
  30_000 + MUTATED / 10,
);
