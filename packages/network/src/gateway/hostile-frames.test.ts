// A guest that sends the gateway every kind of bent frame, to all that it has: ARP, DHCP, names, pings, IPv6's discovery, routing,
// and the way out with its TCP and UDP. Nothing is thrown, no memory is kept, and its neighbour is served all the while.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { silentLog } from "@mimic/base";
import { NetworkPlan } from "@mimic/model";
import { countingRandom, seededChance, VirtualClock, VirtualScheduler } from "@mimic/testkit";
import {
  dhcpOption,
  dhcpType,
  dhcpTypeOf,
  dnsClass,
  dnsType,
  equalBytes,
  isMalformed,
  macText,
  parseArp,
  parseDhcp,
  parseDnsMessage,
  parseEthernet,
  parseIp,
  parseIpv4Packet,
  parseIpv6Packet,
  parseTcp,
  parseUdp,
  serializeDnsMessage,
  type TcpSegment,
} from "@mimic/wire";
import { expect, test } from "vitest";
import { GATEWAY, HOSTILE, HostileGuest, NEIGHBOUR, OUTSIDE, Speaker } from "../../test/hostile-guest.ts";
import type { HostSide, HostStreamEvents } from "../nat/host-side.ts";
import { uplinkMaker } from "../nat/index.ts";
import { framesOf, runOf } from "../switch/ports.ts";
import type { DnsTransport } from "./dns/forwarder.ts";
import { gatewayMaker } from "./index.ts";

/** `MIMIC_MUTATED_FRAMES=10000000` makes it thorough. */
const FRAMES = Number(process.env["MIMIC_MUTATED_FRAMES"] ?? 200_000);
const IN_A_RUN = 16;
/** Of frames: how often time passes and the neighbour is looked after. */
const A_SECOND = 512;
const A_VISIT = 4096;

const idOf = (kind: string, n: number): string => `${kind}_${String(n).padStart(26, "0")}`;

const PLAN = NetworkPlan.parse({
  id: idOf("net", 1),
  name: "home",
  ports: [HOSTILE, NEIGHBOUR].map(({ mac }, index) => ({
    id: idOf("nic", index),
    label: `${index}`,
    attach: { how: "listen", path: `/nowhere${index}` },
    mac: macText(mac),
    hostName: ["hello", "world"][index],
    machine: `mch_${index}`,
    mode: { mode: "access", vlan: 1 },
    guards: {},
  })),
  gateway: {
    mac: macText(GATEWAY.mac),
    domain: "home.mimic",
    dns: { forward: true, servers: ["192.0.2.53"] },
    uplink: "internet",
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

const HOST_ADDRESSES = [parseIp("198.51.100.7") as Uint8Array, parseIp("2606:2800:220:1::99") as Uint8Array];

/** Every connection is taken and every byte comes back; every third is refused instead, but for the neighbour's port. */
function echoingWorld(scheduler: VirtualScheduler): HostSide {
  let dials = 0;
  const nobody = { port: 0, close: () => {}, send: () => {} };
  return {
    dial(to, events) {
      const isRefused = ++dials % 3 === 0 && to.port !== NEIGHBOURS_PORT;
      scheduler.soon(() => (isRefused ? events.failed("refused") : events.connected()));
      return echoStream(events);
    },
    openDatagrams: (_version, events) => ({ send: (bytes, to) => events.received(bytes, to), close: () => {} }),
    listenStreams: () => nobody,
    listenDatagrams: () => nobody,
    ping: async () => true,
  };
}

function echoStream(events: HostStreamEvents): ReturnType<HostSide["dial"]> {
  let waiting: Uint8Array[] = [];
  let isOpen = true;
  const pour = (): void => {
    for (let next = waiting.shift(); next; next = waiting.shift()) if (!events.data(next)) return;
  };
  return {
    write(bytes) {
      if (isOpen) waiting.push(bytes.slice());
      pour();
      return true;
    },
    end() {
      if (!isOpen) return;
      isOpen = false;
      events.ended();
      events.closed(false);
    },
    resume: pour,
    reset() {
      isOpen = false;
      waiting = [];
    },
  };
}

/** A resolver whose every other answer is bent too. */
function bendingResolver(): DnsTransport {
  const chance = seededChance(99);
  const answerTo = (query: Uint8Array): Uint8Array => {
    const asked = parseDnsMessage(query);
    if (isMalformed(asked) || !asked.questions[0]) return query;
    const { name } = asked.questions[0];
    const record = { name, type: dnsType.A, class: dnsClass.IN, ttlSeconds: 1, data: Uint8Array.of(192, 0, 2, 1) };
    const bytes = serializeDnsMessage({ ...asked, isResponse: true, answers: [record, record] });
    if (chance() < 0.5) for (let i = 0; i < 3; i++) bytes[Math.floor(chance() * bytes.length)] = Math.floor(chance() * 256);
    return bytes;
  };
  return {
    udp(_server, query, { heard, failed }) {
      queueMicrotask(() => (chance() < 0.1 ? failed() : heard(answerTo(query))));
      return { [Symbol.dispose]() {} };
    },
    tcp: (_server, query) => Promise.resolve(answerTo(query)),
  };
}

function openGateway() {
  const clock = new VirtualClock();
  const scheduler = new VirtualScheduler();
  const failures: unknown[] = [];
  const counts = { answers: 0, drops: 0, kinds: new Set<string>() };
  const inbox: Uint8Array[] = [];
  const hostile = new HostileGuest(4711);
  const took = (frame: Uint8Array): void => {
    if (equalBytes(frame.subarray(0, 6), NEIGHBOUR.mac)) {
      inbox.push(frame.slice());
      return;
    }
    counts.answers++;
    const kind = kindOf(frame);
    if (KINDS.has(kind)) counts.kinds.add(kind);
    if (equalBytes(frame.subarray(0, 6), HOSTILE.mac)) hostile.hears(frame);
  };
  const gateway = gatewayMaker({
    clock,
    random: countingRandom(),
    log: { ...silentLog, error: (message, facts) => failures.push([message, facts]) },
    leasesOf: () => ({ read: () => undefined, write: () => {} }),
    hostAddresses: () => HOST_ADDRESSES,
    dnsTransport: bendingResolver(),
    hostResolvers: () => [],
    makeUplink: uplinkMaker({ host: echoingWorld(scheduler), scheduler, random: countingRandom() }),
  })(PLAN, {
    inlet: { receive: (run) => [...framesOf(run)].forEach(took), dropped: () => void counts.drops++ },
    addresses: { hold: () => {}, free: () => {} },
    tell: () => {},
  });
  const deliver = (...frames: Uint8Array[]): void => {
    gateway.deliver(runOf(frames), frames.length);
    gateway.flush();
    scheduler.run(0);
  };
  const pass = async (ms: number): Promise<void> => {
    scheduler.run(ms);
    await clock.pass(ms);
  };
  /** The neighbour says it, and hears. */
  const ask = async (...frames: Uint8Array[]): Promise<Uint8Array[]> => {
    inbox.length = 0;
    deliver(...frames);
    await pass(5);
    return inbox.splice(0);
  };
  return { gateway, hostile, failures, counts, deliver, pass, ask };
}

/** What must be among the answers: so that it is known that frames got deep. */
const KINDS = new Set([
  "ARP",
  ...["ICMP 0", "ICMP 3", "ICMPv6 1", "ICMPv6 129", "ICMPv6 134", "ICMPv6 136"],
  ...["UDP from 53", "UDP from 67", "UDP from 547", "UDP from 5000", "UDP from 7"],
  ...["TCP opening", "TCP", "TCP reset"],
]);

function kindOf(frame: Uint8Array): string {
  const isV4 = frame[12] === 8 && frame[13] === 0;
  if (frame[12] === 8 && frame[13] === 6) return "ARP";
  const [protocol, at] = isV4 ? [frame[23], 34] : [frame[20], 54];
  if (protocol === 6) return (frame[at + 13] as number) & 2 ? "TCP opening" : (frame[at + 13] as number) & 4 ? "TCP reset" : "TCP";
  if (protocol === 17) return `UDP from ${((frame[at] as number) << 8) | (frame[at + 1] as number)}`;
  return `${isV4 ? "ICMP" : "ICMPv6"} ${frame[at]}`;
}

const NEIGHBOURS_PORT = 4242;
const neighbour = new Speaker(NEIGHBOUR);

/** A host that means well, with a connection of its own through the way out. */
class Neighbour {
  readonly #ask: (...frames: Uint8Array[]) => Promise<Uint8Array[]>;
  #sequence = 1000;
  #acknowledgement = 0;
  visits = 0;

  constructor(ask: (...frames: Uint8Array[]) => Promise<Uint8Array[]>) {
    this.#ask = ask;
  }

  async arrives(): Promise<void> {
    await this.#ask(neighbour.arp(), neighbour.solicit());
    await this.#dhcp(dhcpType.discover, dhcpType.offer);
    await this.#dhcp(dhcpType.request, dhcpType.ack, [dhcpOption.serverIdentifier, GATEWAY.v4]);
    const [answer] = await this.#tcp(0x02, new Uint8Array(0));
    expect(answer?.flags).toBe(0x12);
    this.#sequence++;
    this.#acknowledgement = ((answer as TcpSegment).sequence + 1) >>> 0;
    await this.#tcp(0x10, new Uint8Array(0));
  }

  /** All that it uses answers as it should. */
  async visit(): Promise<void> {
    this.visits++;
    const arp = (await this.#ask(neighbour.arp())).map((frame) => parseArp(frame.subarray(14)));
    expect(arp.some((one) => !isMalformed(one) && one.operation === 2 && equalBytes(one.senderMac, GATEWAY.mac))).toBe(true);
    for (const version of [4, 6] as const) {
      const own = version === 4 ? GATEWAY.v4 : GATEWAY.v6;
      const echoed = (await this.#ask(neighbour.echo(version, own))).map((frame) => frame[version === 4 ? 34 : 54]);
      expect(echoed).toContain(version === 4 ? 0 : 129);
      const said = Uint8Array.of(this.visits & 255, 1, 2, 3);
      const out = version === 4 ? OUTSIDE.v4 : OUTSIDE.v6;
      expect(this.#payloads(await this.#ask(neighbour.udp(version, [7000, 7001], said, out)))).toContainEqual(said);
      const [answer] = this.#payloads(await this.#ask(neighbour.dns(version, "world.home.mimic"))).map((bytes) => parseDnsMessage(bytes));
      expect(answer && !isMalformed(answer) && answer.answers.map(({ data }) => [...data])).toEqual([[...NEIGHBOUR.v4]]);
    }
    await this.#dhcp(dhcpType.request, dhcpType.ack);
    const sent = new Uint8Array(500).fill(this.visits);
    const echoed = (await this.#tcp(0x18, sent)).map(({ payload }) => payload).filter(({ length }) => length > 0);
    expect(echoed).toEqual([sent]);
    this.#sequence += sent.length;
    this.#acknowledgement = (this.#acknowledgement + sent.length) >>> 0;
    await this.#tcp(0x10, new Uint8Array(0));
  }

  /** It asks for its address and is given it. */
  async #dhcp(type: number, expected: number, ...more: (readonly [number, Uint8Array])[]): Promise<void> {
    const options = [[dhcpOption.requestedAddress, NEIGHBOUR.v4] as const, ...more];
    const [answer] = this.#payloads(await this.#ask(neighbour.dhcp(type, options, false))).map((bytes) => parseDhcp(bytes));
    expect(answer && !isMalformed(answer) && [dhcpTypeOf(answer), [...answer.yourAddress]]).toEqual([expected, [...NEIGHBOUR.v4]]);
  }

  async #tcp(flags: number, payload: Uint8Array): Promise<TcpSegment[]> {
    const parts = { sourcePort: 6500, destinationPort: NEIGHBOURS_PORT, window: 60_000, flags, payload };
    const frames = await this.#ask(
      neighbour.tcp(4, { ...parts, sequence: this.#sequence, acknowledgement: this.#acknowledgement }, OUTSIDE.v4),
    );
    return frames.flatMap((frame) => {
      const packet = frame[23] === 6 ? parseIpv4Packet(frame.subarray(14)) : undefined;
      const segment = packet && !isMalformed(packet) ? parseTcp(packet.payload, packet.source, packet.destination) : undefined;
      return segment && !isMalformed(segment) ? [{ ...segment, payload: segment.payload.slice() }] : [];
    });
  }

  #payloads(frames: readonly Uint8Array[]): Uint8Array[] {
    return frames.flatMap((frame) => {
      const ethernet = parseEthernet(frame);
      if (isMalformed(ethernet)) return [];
      const packet = ethernet.etherType === 0x0800 ? parseIpv4Packet(ethernet.payload) : parseIpv6Packet(ethernet.payload);
      if (isMalformed(packet)) return [];
      const udp = parseUdp(packet.payload, packet.source, packet.destination);
      return isMalformed(udp) ? [] : [udp.payload.slice()];
    });
  }
}

/** Of all memory, after what is not needed was collected; buffers go a turn after those who held them. */
async function usedMebibytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / (1 << 20);
}

test(
  `${FRAMES} bent frames: the gateway throws nothing, keeps nothing, and serves a neighbour all the while`,
  async () => {
    const { gateway, hostile, failures, counts, deliver, pass, ask } = openGateway();
    const well = new Neighbour(ask);
    await well.arrives();
    // The control: all is served before anything bent came.
    await well.visit();
    const attack = async (frames: number): Promise<void> => {
      for (let sent = 0; sent < frames; sent += IN_A_RUN) {
        deliver(...Array.from({ length: IN_A_RUN }, () => hostile.frame()));
        if (sent % A_SECOND === 0) await pass(1000);
        if (sent % A_VISIT === 0) await well.visit();
      }
    };
    /** What is held until its time has passed, goes; the neighbour stays. */
    const rest = async (): Promise<void> => {
      for (let minute = 0; minute < 20; minute++) {
        await pass(60_000);
        await well.visit();
      }
    };
    // Tables that have a bound (leases, names, what other resolvers said) are about as full as they get.
    await attack(FRAMES / 10);
    await rest();
    const usedBefore = await usedMebibytes();
    await attack(FRAMES);
    const usedThen = await usedMebibytes();
    await rest();
    const usedAfter = await usedMebibytes();
    if (FRAMES >= 1_000_000) {
      const used = [usedBefore, usedThen, usedAfter].map((mebibytes) => mebibytes.toFixed(1)).join(", ");
      process.stdout.write(
        `${counts.answers} answers, ${counts.drops} dropped, ${well.visits} visits to the neighbour; MiB before, at the end, after a rest: ${used}\n`,
      );
    }
    expect(failures).toEqual([]);
    expect([...counts.kinds].sort()).toEqual([...KINDS].sort());
    expect(usedThen).toBeLessThan(400);
    expect(usedAfter - usedBefore).toBeLessThan(16);
    expect(gateway.leases().length).toBeLessThanOrEqual(241 + 11);
    await gateway.close();
  },
  60_000 + FRAMES / 2,
);
