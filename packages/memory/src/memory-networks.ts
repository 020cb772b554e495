// Networks in memory: records, and a switch that carries nothing but keeps the contract of the real one. Ports connect at
// once, a card whose VLAN has a pool gets its address as soon as it is plugged in, and a test says what else happens.
import { type Clock, MimicError, onAbort } from "@mimic/base";
import type { DropNote, Lease, NetworkPlan, NetworkRecord, PortCounters, PortPlan, VlanCounters } from "@mimic/model";
import type { FabricConnection, ForwardState, NetworkStore, SwitchFabric, SwitchNews } from "@mimic/workbench/ports";

export class MemoryNetworkStore implements NetworkStore {
  readonly networks = new Map<string, NetworkRecord>();
  readonly keys = new Map<string, string>();
  load: NetworkStore["load"] = async () => ({ networks: [...this.networks.values()], unreadable: [] });
  save: NetworkStore["save"] = async (record) => void this.networks.set(record.id, record);
  remove: NetworkStore["remove"] = async (id) => void this.networks.delete(id);
  saveKey: NetworkStore["saveKey"] = async (_network, port, key) => void this.keys.set(port, key);
  key: NetworkStore["key"] = async (_network, port) => this.keys.get(port);
  forgetKey: NetworkStore["forgetKey"] = async (_network, port) => void this.keys.delete(port);
  socketPath = (portId: string) => `/nowhere/ports/${portId}.sock`;
}

const ONE_DAY_MS = 86_400_000;
/** Section header block of pcap-ng with no options (draft-ietf-opsawg-pcapng §4.1). */
const EMPTY_CAPTURE = new Uint8Array(new Uint32Array([0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00000001, 0xffffffff, 0xffffffff, 28]).buffer);

export class MemorySwitchFabric implements SwitchFabric {
  readonly plans = new Map<string, NetworkPlan>();
  /** What every verb throws, while it is set: a switch that does not answer. */
  failure: Error | undefined;
  readonly dropped: (DropNote & { network: string })[] = [];
  readonly connections: { network: string; address: string; port: number }[] = [];
  readonly #clock: Clock;
  readonly #leases = new Map<string, Map<string, Lease>>();
  readonly #counters = new Map<string, PortCounters>();
  readonly #ears = new Set<(news: SwitchNews) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async apply(plan: NetworkPlan): Promise<void> {
    this.#check();
    const before = this.plans.get(plan.id);
    this.plans.set(plan.id, plan);
    const now = new Set(plan.ports.map(({ id }) => id));
    for (const { id } of before?.ports ?? []) {
      if (now.has(id)) continue;
      this.#counters.delete(id);
      this.tell({ kind: "peer", network: plan.id, port: id, isThere: false });
    }
    for (const port of plan.ports) {
      if (!this.#counters.has(port.id)) {
        this.#counters.set(port.id, emptyCounters(port.id));
        this.tell({ kind: "peer", network: plan.id, port: port.id, isThere: true });
      }
      this.#giveAddress(plan, port);
    }
    for (const forward of await this.forwards(plan.id)) this.tell({ kind: "forward", network: plan.id, forward });
  }

  async remove(network: string): Promise<void> {
    this.#check();
    for (const { id } of this.plans.get(network)?.ports ?? []) this.#counters.delete(id);
    this.plans.delete(network);
    this.#leases.delete(network);
  }

  async vlanCounters(network: string): Promise<readonly VlanCounters[]> {
    const vlans = this.#planOf(network).ports.map(({ mode }) => (mode.mode === "trunk" ? (mode.native ?? 1) : mode.vlan));
    return [...new Set(vlans)].map((vlan) => ({ vlan, frames: 0, bytes: 0 }));
  }

  async counters(network: string): Promise<readonly PortCounters[]> {
    return this.#planOf(network).ports.flatMap(({ id }) => this.#counters.get(id) ?? []);
  }
  async leases(network: string): Promise<readonly Lease[]> {
    this.#planOf(network);
    return [...(this.#leases.get(network)?.values() ?? [])];
  }
  async release(network: string, mac: string): Promise<void> {
    const lease = this.#leases.get(network)?.get(mac);
    this.#leases.get(network)?.delete(mac);
    if (lease) this.tell({ kind: "lease", network, lease, change: "released" });
  }
  drops: SwitchFabric["drops"] = async (network, { port }) =>
    this.dropped
      .filter((note) => note.network === network && (port === undefined || note.port === port))
      .map(({ network: _network, ...note }) => note);

  async forwards(network: string): Promise<readonly ForwardState[]> {
    const forwards = this.#planOf(network).gateway?.forwards ?? [];
    return forwards.map(({ id, hostPort }, at) => ({ id, hostPort: hostPort === 0 ? 40_000 + at : hostPort, problem: undefined }));
  }

  trace: SwitchFabric["trace"] = async (network, { fromPort, to }) => {
    const { ports, name, gateway } = this.#planOf(network);
    const from = ports.find(({ id }) => id === fromPort);
    const there = ports.find(
      ({ mac, hostName }) => hostName === to || (mac !== undefined && this.#leases.get(network)?.get(mac)?.address === to),
    );
    const start = { at: `port of ${from?.label ?? fromPort}`, words: "The frame enters the switch.", outcome: "goesOn" as const };
    if (there) return [start, { at: `port of ${there.label}`, words: "It is given to the machine there.", outcome: "arrives" as const }];
    if (gateway?.uplink === "internet")
      return [start, { at: `gateway of ${name}`, words: "It leaves for the Internet.", outcome: "arrives" as const }];
    return [start, { at: name, words: "Nobody here has that address.", outcome: "dropped" as const, reason: "noRoute" as const }];
  };

  async *capture(network: string, _wish: unknown, { signal }: { signal: AbortSignal }): AsyncGenerator<Uint8Array, void, void> {
    this.#planOf(network);
    yield EMPTY_CAPTURE;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _ = onAbort(signal, () => resolve());
    await promise;
  }

  /** Echoes what is written. */
  connect: SwitchFabric["connect"] = async (network, { address, port }) => {
    this.#planOf(network);
    this.connections.push({ network, address, port });
    return new EchoConnection();
  };

  diagnose: SwitchFabric["diagnose"] = async () => ({
    id: "switch",
    title: "Switch",
    state: "limited",
    found: "Networks here are pretended.",
    mend: "Use the real Mimic to carry frames.",
  });
  listen(heard: (news: SwitchNews) => void): Disposable {
    this.#ears.add(heard);
    return { [Symbol.dispose]: () => void this.#ears.delete(heard) };
  }
  /** Lets anything happen, as the real switch would tell it. */
  tell(news: SwitchNews): void {
    for (const heard of [...this.#ears]) heard(news);
  }
  /** As if frames had passed. */
  pass(port: string, more: { readonly receivedBytes?: number; readonly sentBytes?: number }): void {
    const now = this.#counters.get(port) ?? emptyCounters(port);
    const { receivedBytes = 0, sentBytes = 0 } = more;
    const add = (traffic: PortCounters["sent"], bytes: number) => ({
      frames: traffic.frames + Math.ceil(bytes / 1500),
      bytes: traffic.bytes + bytes,
    });
    this.#counters.set(port, { ...now, received: add(now.received, receivedBytes), sent: add(now.sent, sentBytes) });
  }
  async close(): Promise<void> {
    this.#ears.clear();
  }

  #check(): void {
    if (this.failure) throw this.failure;
  }
  #planOf(network: string): NetworkPlan {
    this.#check();
    const plan = this.plans.get(network);
    if (plan) return plan;
    throw new MimicError("network.not_applied", "The switch does not know this network.", { hint: "Try again in a moment." });
  }

  #giveAddress(plan: NetworkPlan, port: PortPlan): void {
    if (port.mac === undefined || !port.isUp || port.mode.mode === "trunk") return;
    const { vlan } = port.mode;
    const segment = plan.gateway?.segments.find((foot) => foot.vlan === vlan);
    const leases = this.#leases.get(plan.id) ?? new Map<string, Lease>();
    this.#leases.set(plan.id, leases);
    if (!segment?.v4?.pool || leases.has(port.mac)) return;
    const reserved = segment.reservations.find(({ mac }) => mac === port.mac)?.address;
    const address = reserved ?? nextFree(segment.v4.pool.from, new Set([...leases.values()].map((lease) => lease.address)));
    const lease: Lease = {
      mac: port.mac,
      address,
      hostName: port.hostName,
      machine: port.machine,
      vlan,
      expiresAt: new Date(this.#clock.nowMs() + ONE_DAY_MS).toISOString(),
      isReserved: reserved !== undefined,
    };
    leases.set(port.mac, lease);
    this.tell({ kind: "lease", network: plan.id, lease, change: "granted" });
  }
}

function nextFree(from: string, taken: ReadonlySet<string>): string {
  const bytes = from.split(".").map(Number);
  for (;;) {
    const address = bytes.join(".");
    if (!taken.has(address)) return address;
    bytes[3] = (bytes[3] as number) + 1;
  }
}

const emptyCounters = (port: string): PortCounters => ({
  port,
  received: { frames: 0, bytes: 0 },
  sent: { frames: 0, bytes: 0 },
  broadcasts: 0,
  drops: {},
  queuedBytes: 0,
});

class EchoConnection implements FabricConnection {
  readonly #waiting: Uint8Array[] = [];
  #isOver = false;
  #wake = () => {};
  readonly readable = this.#read();
  async write(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    this.#wake();
  }
  async end(): Promise<void> {
    this.#isOver = true;
    this.#wake();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const bytes = this.#waiting.shift();
      if (bytes) yield bytes;
      else if (this.#isOver) return;
      else {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    }
  }
}
