import { silentLog } from "@mimic/base";
import { type DropReason, GatewayPlan, NetworkPlan, PortGuards } from "@mimic/model";
import { countingRandom, VirtualClock } from "@mimic/testkit";
import {
  ARP_OPERATION,
  BROADCAST_MAC,
  type DhcpMessage,
  dhcpOption,
  dhcpType,
  dhcpTypeOf,
  dnsClass,
  ETHER_TYPE,
  emptyDnsMessage,
  ICMP,
  ICMP_UNREACHABLE,
  IP_PROTOCOL,
  ipText,
  macText,
  noIpv4Address,
  parseArp,
  parseDhcp,
  parseDnsMessage,
  parseEthernet,
  parseIcmp,
  parseIp,
  parseIpv4Packet,
  parseMac,
  parseUdp,
  pushTag,
  restOfEcho,
  serializeArp,
  serializeDhcp,
  serializeDnsMessage,
  serializeEthernet,
  serializeIcmp,
  serializeIpv4Packet,
  serializeUdp,
  TPID_CUSTOMER,
} from "@mimic/wire";
import type { SwitchNews } from "@mimic/workbench/ports";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { framesOf, runOf } from "../switch/ports.ts";
import type { GatewayEnvironment } from "./environment.ts";
import { gatewayMaker } from "./gateway-maker.ts";

const bytesOf = (text: string): Uint8Array => parseIp(text) ?? parseMac(text) ?? new Uint8Array(4);
const A = "52:54:00:00:00:01";
const B = "52:54:00:00:00:02";
const RULE = `rul_${"1".padStart(26, "0")}`;

interface Wish {
  readonly id?: number;
  readonly mtu?: number;
  readonly gateway?: Record<string, unknown>;
}

const macOfGateway = (id: number): string => `52:54:00:ff:00:0${id}`;
const segment = (vlan: number, id: number) => ({
  vlan,
  v4: { address: `10.${id}.${vlan}.1`, prefix: 24, pool: { from: `10.${id}.${vlan}.100`, to: `10.${id}.${vlan}.199` } },
});
const netId = (id: number): string => `net_${String(id).padStart(26, "0")}`;

function planOf({ id = 1, mtu = 1500, gateway = {} }: Wish = {}): NetworkPlan {
  const ports = [A, B].map((mac, index) => ({
    id: `nic_${String(10 * id + index).padStart(26, "0")}`,
    label: mac,
    attach: { how: "listen" as const, path: `p${index}` },
    mac,
    hostName: index === 0 ? "hello" : "world",
    mode: { mode: "access" as const, vlan: 1 },
    isUp: true,
    guards: PortGuards.parse({}),
  }));
  const whole = {
    mac: macOfGateway(id),
    segments: [segment(1, id), segment(20, id)],
    domain: "home.mimic",
    dns: { forward: false },
    uplink: "none",
    ...gateway,
  };
  return NetworkPlan.parse({ id: netId(id), name: `n${id}`, mtu, ports, gateway: GatewayPlan.parse(whole) });
}

/** What a process gives gateways; leases are kept in a map. */
function aWorld() {
  const clock = new VirtualClock();
  const kept = new Map<string, string>();
  const environment: GatewayEnvironment = {
    clock,
    random: countingRandom(),
    log: silentLog,
    leasesOf: (network) => ({ read: () => kept.get(network), write: (text) => void kept.set(network, text) }),
    hostAddresses: () => NO_ADDRESSES,
    dnsTransport: { udp: () => ({ [Symbol.dispose]() {} }), tcp: () => Promise.reject(new Error("none")) },
    hostResolvers: () => [],
    makeUplink: undefined,
  };
  const make = gatewayMaker(environment);
  const open = (plan = planOf()) => {
    const sent: Uint8Array[] = [];
    const drops: { reason: DropReason; rule: string | undefined }[] = [];
    const news: SwitchNews[] = [];
    const held = new Map<string, number>();
    const gateway = make(plan, {
      addresses: {
        hold: (vlan, address, mac) => void held.set(`${vlan} ${ipText(address)}`, mac),
        free: (vlan, address) => void held.delete(`${vlan} ${ipText(address)}`),
      },
      tell: (one) => news.push(one),
      inlet: {
        receive: (run) => void sent.push(...framesOf(run.slice())),
        dropped: (_, reason, rule) => void drops.push({ reason, rule }),
      },
    });
    sent.length = 0;
    const give = (...frames: Uint8Array[]): Uint8Array[] => {
      sent.length = 0;
      gateway.deliver(runOf(frames), frames.length);
      gateway.flush();
      return [...sent];
    };
    return { gateway, give, sent, drops, news, held, id: Number(plan.id.slice(4)) };
  };
  return { clock, kept, open };
}
const NO_ADDRESSES: readonly Uint8Array[] = [];

const tagged = (frame: Uint8Array, vlan: number): Uint8Array =>
  vlan === 1 ? frame : pushTag(frame, { tpid: TPID_CUSTOMER, priority: 0, dropEligible: false, vlan });

function arp(from: string, fromIp: string, ask: string, vlan = 1): Uint8Array {
  const payload = serializeArp({
    operation: ARP_OPERATION.request,
    senderMac: bytesOf(from),
    senderIp: bytesOf(fromIp),
    targetMac: new Uint8Array(6),
    targetIp: bytesOf(ask),
  });
  return tagged(serializeEthernet({ destination: BROADCAST_MAC, source: bytesOf(from), etherType: ETHER_TYPE.arp, payload }), vlan);
}

interface Packet {
  readonly from: string;
  readonly mac: string;
  readonly to: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly destination: string;
  readonly vlan?: number;
  readonly ttl?: number;
}

function packet({ from, mac, to, protocol, payload, destination, vlan = 1, ttl = 64 }: Packet): Uint8Array {
  const ip = serializeIpv4Packet({ source: bytesOf(from), destination: bytesOf(to), protocol, payload, ttl });
  return tagged(
    serializeEthernet({ destination: bytesOf(destination), source: bytesOf(mac), etherType: ETHER_TYPE.ipv4, payload: ip }),
    vlan,
  );
}

const udp = (from: string, to: string, ports: [number, number], payload: Uint8Array): Uint8Array =>
  serializeUdp({ sourcePort: ports[0], destinationPort: ports[1], payload }, bytesOf(from), bytesOf(to));

function dhcp(mac: string, type: number, options: [number, Uint8Array][] = [], vlan = 1): Uint8Array {
  const message: DhcpMessage = {
    ...{ operation: "request", hardwareType: 1, hops: 0, transactionId: 5, seconds: 0, wantsBroadcast: false },
    ...{ clientAddress: noIpv4Address, yourAddress: noIpv4Address, nextServer: noIpv4Address, relayAddress: noIpv4Address },
    ...{
      clientHardware: bytesOf(mac),
      serverName: "",
      bootFile: "",
      options: new Map([[dhcpOption.messageType, Uint8Array.of(type)], ...options]),
    },
  };
  const payload = udp("0.0.0.0", "255.255.255.255", [68, 67], serializeDhcp(message));
  return packet({
    from: "0.0.0.0",
    mac,
    to: "255.255.255.255",
    protocol: IP_PROTOCOL.udp,
    payload,
    destination: "ff:ff:ff:ff:ff:ff",
    vlan,
  });
}

interface Seen {
  readonly vlan: number;
  readonly destination: string;
  readonly from: string;
  readonly to: string;
  readonly ttl: number;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly source: Uint8Array;
  readonly target: Uint8Array;
}

function see(frame: Uint8Array | undefined): Seen {
  const ethernet = frame && parseEthernet(frame);
  if (!ethernet || "malformed" in ethernet) throw new Error("no frame");
  const ip = parseIpv4Packet(ethernet.payload);
  if ("malformed" in ip) throw new Error("no packet");
  const { source, destination: target, ttl, protocol, payload } = ip;
  return {
    vlan: ethernet.tags[0]?.vlan ?? 1,
    destination: macText(ethernet.destination),
    from: ipText(source),
    to: ipText(target),
    ttl,
    protocol,
    payload,
    source,
    target,
  };
}

function dhcpIn(frame: Uint8Array | undefined): DhcpMessage {
  const seen = see(frame);
  const datagram = parseUdp(seen.payload, seen.source, seen.target);
  const message = "malformed" in datagram ? datagram : parseDhcp(datagram.payload);
  if ("malformed" in message) throw new Error(message.malformed);
  return message;
}

type Open = ReturnType<ReturnType<typeof aWorld>["open"]>;

/** Discover and request; the address. */
function lease({ give, id }: Open, mac: string, vlan = 1): string {
  const offer = dhcpIn(give(dhcp(mac, dhcpType.discover, [], vlan))[0]);
  const wanted: [number, Uint8Array][] = [
    [dhcpOption.requestedAddress, offer.yourAddress.slice()],
    [dhcpOption.serverIdentifier, bytesOf(`10.${id}.${vlan}.1`)],
  ];
  const ack = dhcpIn(give(dhcp(mac, dhcpType.request, wanted, vlan))[0]);
  expect(dhcpTypeOf(ack)).toBe(dhcpType.ack);
  return ipText(ack.yourAddress);
}

const echo = (seq = 1): Uint8Array => serializeIcmp({ type: ICMP.echo, rest: restOfEcho(7, seq), body: Uint8Array.of(1, 2, 3) });

describe("a gateway", () => {
  test("answers ARP for its own addresses and no others, in each VLAN with that VLAN's tag", () => {
    const { give } = aWorld().open();
    for (const vlan of [1, 20]) {
      const [reply] = give(arp(A, `10.1.${vlan}.9`, `10.1.${vlan}.1`, vlan));
      const ethernet = reply && parseEthernet(reply);
      if (!ethernet || "malformed" in ethernet) throw new Error("no reply");
      expect(ethernet.tags.map((tag) => tag.vlan)).toEqual(vlan === 1 ? [] : [vlan]);
      expect(parseArp(ethernet.payload)).toMatchObject({ operation: ARP_OPERATION.reply, senderMac: bytesOf(macOfGateway(1)) });
    }
    expect(give(arp(A, "10.1.1.9", "10.1.1.77"), arp(A, "10.1.1.9", "10.1.20.1"), arp(A, "10.1.9.9", "10.1.9.1", 9))).toEqual([]);
  });

  test("gives leases, tells the guards and the listeners, and keeps them for the next process", () => {
    const world = aWorld();
    const first = world.open();
    const address = lease(first, A);
    expect(first.held.get(`1 ${address}`)).toBe(0x525400000001);
    expect(first.held.get("1 10.1.1.1")).toBe(0x525400ff0001);
    expect(first.news).toMatchObject([{ kind: "lease", change: "granted", lease: { mac: A, address, vlan: 1, isReserved: false } }]);
    const second = world.open();
    expect(second.gateway.leases()).toMatchObject([{ mac: A, address }]);
    expect(second.held.get(`1 ${address}`)).toBe(0x525400000001);
    expect(lease(second, A)).toBe(address);
    second.gateway.release(A);
    expect([second.gateway.leases(), second.held.has(`1 ${address}`)]).toEqual([[], false]);
  });

  test("answers names at once, to whoever asked", () => {
    const open = aWorld().open();
    const address = lease(open, A);
    const query = serializeDnsMessage({
      ...emptyDnsMessage,
      id: 4,
      questions: [{ name: "hello.home.mimic", type: 1, class: dnsClass.IN }],
    });
    const ask = { from: "10.1.1.50", mac: B, to: "10.1.1.1", protocol: IP_PROTOCOL.udp, destination: macOfGateway(1) };
    const seen = see(open.give(packet({ ...ask, payload: udp(ask.from, ask.to, [4000, 53], query) }))[0]);
    const datagram = parseUdp(seen.payload, seen.source, seen.target);
    const answer = "malformed" in datagram ? datagram : parseDnsMessage(datagram.payload);
    if ("malformed" in answer) throw new Error(answer.malformed);
    expect([seen.destination, seen.from, seen.to]).toEqual([B, "10.1.1.1", "10.1.1.50"]);
    expect(answer.answers.map(({ data }) => ipText(data))).toEqual([address]);
  });

  test("routes where a rule says so: asks for the neighbour, takes one hop off, and lets the answer back", () => {
    const rules = [{ id: RULE, action: "accept", from: { from: "vlan", vlan: 1 }, target: { to: "vlan", vlan: 20 } }];
    const { give, drops } = aWorld().open(planOf({ gateway: { rules } }));
    const there = {
      from: "10.1.1.50",
      mac: A,
      to: "10.1.20.60",
      protocol: IP_PROTOCOL.icmp,
      payload: echo(),
      destination: macOfGateway(1),
    };
    const [question] = give(packet(there));
    const asked = question && parseEthernet(question);
    if (!asked || "malformed" in asked) throw new Error("nobody was asked");
    expect(parseArp(asked.payload)).toMatchObject({ targetIp: bytesOf("10.1.20.60") });
    const reply = serializeArp({
      operation: ARP_OPERATION.reply,
      senderMac: bytesOf(B),
      senderIp: bytesOf("10.1.20.60"),
      targetMac: bytesOf(macOfGateway(1)),
      targetIp: bytesOf("10.1.20.1"),
    });
    const waited = give(
      tagged(
        serializeEthernet({ destination: bytesOf(macOfGateway(1)), source: bytesOf(B), etherType: ETHER_TYPE.arp, payload: reply }),
        20,
      ),
    );
    expect(see(waited[0])).toMatchObject({ vlan: 20, destination: B, from: "10.1.1.50", to: "10.1.20.60", ttl: 63 });
    const back = { from: "10.1.20.60", mac: B, to: "10.1.1.50", protocol: IP_PROTOCOL.icmp, vlan: 20, destination: macOfGateway(1) };
    const answer = serializeIcmp({ type: ICMP.echoReply, rest: restOfEcho(7, 1), body: Uint8Array.of(1) });
    expect(see(give(packet({ ...back, payload: answer }))[0])).toMatchObject({ vlan: 1, destination: A, to: "10.1.1.50" });
    expect(drops).toEqual([]);
    // What is no answer is a question of its own, and no rule lets it.
    give(packet({ ...back, payload: serializeIcmp({ type: ICMP.echo, rest: restOfEcho(9, 1) }) }));
    expect(drops).toEqual([{ reason: "firewall", rule: "filter:betweenVlans" }]);
  });

  test("tells the sender what did not go on: forbidden, too many hops", () => {
    const { give, drops } = aWorld().open();
    const there = {
      from: "10.1.1.50",
      mac: A,
      to: "10.1.20.60",
      protocol: IP_PROTOCOL.icmp,
      payload: echo(),
      destination: macOfGateway(1),
    };
    expect(parseIcmp(see(give(packet(there))[0]).payload)).toMatchObject({ type: ICMP.unreachable, code: 13 });
    expect(parseIcmp(see(give(packet({ ...there, ttl: 1 }))[0]).payload)).toMatchObject({ type: ICMP.timeExceeded });
    expect(give(packet({ ...there, from: "10.9.9.9" }))).toEqual([]);
    expect(drops.map(({ reason }) => reason)).toEqual(["firewall", "ttlExpired", "ipSpoofed"]);
  });

  test("leads to another network only where a rule says so, and its answers find back", () => {
    const world = aWorld();
    const rules = [{ id: RULE, action: "accept", target: { to: "network", network: netId(2) } }];
    const one = world.open(planOf({ id: 1, gateway: { rules } }));
    const two = world.open(planOf({ id: 2 }));
    two.give(arp(B, "10.2.1.60", "10.2.1.1"));
    const there = { from: "10.1.1.50", mac: A, to: "10.2.1.60", protocol: IP_PROTOCOL.icmp, payload: echo(), destination: macOfGateway(1) };
    two.sent.length = 0;
    one.give(packet(there));
    two.gateway.flush();
    expect(see(two.sent[0])).toMatchObject({ destination: B, from: "10.1.1.50", to: "10.2.1.60" });
    const back = { from: "10.2.1.60", mac: B, to: "10.1.1.50", protocol: IP_PROTOCOL.icmp, destination: macOfGateway(2) };
    two.give(packet({ ...back, payload: serializeIcmp({ type: ICMP.echoReply, rest: restOfEcho(7, 1) }) }));
    one.gateway.flush();
    expect(one.sent.map(see).at(-1)).toMatchObject({ destination: A, to: "10.1.1.50" });
    two.give(packet({ ...back, payload: serializeIcmp({ type: ICMP.echo, rest: restOfEcho(3, 1) }) }));
    expect(two.drops).toEqual([{ reason: "firewall", rule: "filter:betweenNetworks" }]);
  });

  test("tells a sender what fits when its packet is longer than where it goes takes", () => {
    const world = aWorld();
    const rules = [
      { id: RULE, action: "accept", target: { to: "network", network: netId(2) } },
      { id: RULE.replace("1", "2"), action: "accept", target: { to: "vlan", vlan: 20 } },
    ];
    const one = world.open(planOf({ id: 1, mtu: 9000, gateway: { rules } }));
    const two = world.open(planOf({ id: 2, mtu: 1400 }));
    two.give(arp(B, "10.2.1.60", "10.2.1.1"));
    one.give(arp(A, "10.1.1.50", "10.1.1.1"));
    const there = { from: "10.1.1.50", mac: A, protocol: IP_PROTOCOL.udp, destination: macOfGateway(1) };
    const send = (to: string, length: number): Seen[] => {
      one.sent.length = two.sent.length = 0;
      const datagram = udp(there.from, to, [4000, 9], new Uint8Array(length - 28));
      one.give(packet({ ...there, to, payload: datagram }));
      for (const { gateway } of [one, two]) gateway.flush();
      return one.sent.map(see);
    };
    const tooBig = { type: ICMP.unreachable, code: ICMP_UNREACHABLE.fragmentationNeeded };
    const [told] = send("10.2.1.60", 1401);
    expect(told).toMatchObject({ from: "10.2.1.1", to: "10.1.1.50", destination: A });
    expect(parseIcmp((told as Seen).payload)).toMatchObject({ ...tooBig, rest: 1400 });
    expect(two.sent).toEqual([]);
    // The control: one byte less goes on.
    expect(send("10.2.1.60", 1400)).toEqual([]);
    expect(see(two.sent[0])).toMatchObject({ from: "10.1.1.50", to: "10.2.1.60" });
    const [own] = send("10.1.20.60", 9001);
    expect(parseIcmp((own as Seen).payload)).toMatchObject({ ...tooBig, rest: 9000 });
    expect(one.drops).toEqual([{ reason: "tooLong", rule: undefined }]);
  });

  test("goes on with its leases when the plan changes, and forgets those of a segment that is gone", () => {
    const open = aWorld().open();
    const [kept, gone] = [lease(open, A), lease(open, B, 20)];
    const rules = [{ id: RULE, action: "drop", target: { to: "anywhere" } }];
    open.gateway.apply(planOf({ gateway: { rules } }));
    expect(open.gateway.leases().map(({ address }) => address)).toEqual([kept, gone]);
    open.gateway.apply(planOf({ gateway: { segments: [segment(1, 1)] } }));
    expect(open.gateway.leases().map(({ address }) => address)).toEqual([kept]);
    expect([open.held.has(`20 ${gone}`), open.held.has("20 10.1.20.1")]).toEqual([false, false]);
  });

  test("explains with the same decisions that it makes", () => {
    const open = aWorld().open(planOf({ gateway: { uplink: "internet" } }));
    const from = { mac: A, vlan: 1 };
    const ask = (to: string, toPort = 80) => open.gateway.trace({ fromPort: "p", to, protocol: "tcp", toPort }, from).at(-1);
    lease(open, A);
    lease(open, B);
    expect(ask("93.184.216.34")).toMatchObject({ outcome: "arrives", at: "this computer" });
    expect(ask("127.0.0.1")).toMatchObject({ outcome: "dropped", reason: "destinationFiltered" });
    expect(ask("192.168.1.1")).toMatchObject({ outcome: "dropped", reason: "destinationFiltered" });
    expect(ask("10.1.1.1", 53)).toMatchObject({ outcome: "arrives", at: "gateway" });
    expect(ask("10.1.1.1", 22)).toMatchObject({ outcome: "dropped", reason: "firewall" });
    expect(ask("world.home.mimic")).toMatchObject({ outcome: "arrives", at: "VLAN 1" });
    expect(ask("nobody.home.mimic")).toMatchObject({ outcome: "dropped", at: "DNS" });
  });

  test("takes any bytes as frames without throwing, and sends nothing that is no frame", () => {
    const { give } = aWorld().open();
    const good = [
      arp(A, "10.1.1.9", "10.1.1.1"),
      dhcp(A, dhcpType.discover),
      packet({ from: "10.1.1.50", mac: A, to: "10.1.1.1", protocol: IP_PROTOCOL.icmp, payload: echo(), destination: macOfGateway(1) }),
    ];
    const mutated = fc
      .tuple(fc.constantFrom(...good), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }), fc.nat())
      .map(([frame, changes, cut]) => {
        const bytes = frame.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length);
      });
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 120 }), mutated), { maxLength: 4 }), (frames) => {
        for (const frame of give(...frames)) expect("malformed" in parseEthernet(frame)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
