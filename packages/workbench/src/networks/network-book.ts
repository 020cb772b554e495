// All networks of this installation: their records, what the switch was told, and what it has told. One queue per network,
// so that two wishes never write one record at once, and the switch gets its plans in order.
import { isRefusal, type Log, type MimicError, messageOf, type Refusal, type Waiting } from "@mimic/base";
import type { Forward, Lease, NetworkRecord } from "@mimic/model";
import type { EventLog } from "../events.ts";
import type { ForwardState, LanBridges, NetworkStore, SwitchFabric, SwitchNews, UnreadableRecord } from "../ports/index.ts";
import { type PluggedMachine, planNetwork } from "./plan-network.ts";
import { RunningCaptures } from "./running-captures.ts";

const APPLY_WITHIN_MS = 15_000;

export interface BookNeeds {
  readonly fabric: SwitchFabric;
  readonly lans: LanBridges;
  readonly store: NetworkStore;
  readonly events: EventLog;
  readonly log: Log;
  /** The machines that run now. */
  machines(): readonly PluggedMachine[];
}

export class NetworkBook {
  readonly #needs: BookNeeds;
  readonly #records = new Map<string, NetworkRecord>();
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #troubles = new Map<string, string>();
  readonly #leases = new Map<string, Map<string, Lease>>();
  readonly #forwards = new Map<string, Map<string, ForwardState>>();
  readonly #peers = new Map<string, boolean>();
  readonly #portTroubles = new Map<string, string>();
  readonly captures: RunningCaptures;
  readonly #closing = new AbortController();
  readonly #ears: readonly Disposable[];

  constructor(needs: BookNeeds) {
    this.#needs = needs;
    this.captures = new RunningCaptures((id) => {
      const name = this.get(id)?.name;
      if (name !== undefined) needs.events.publish({ kind: "network.changed", networkId: id, name, what: "captures" });
    });
    this.#ears = [
      needs.fabric.listen((news) => this.#hear(news)),
      needs.lans.listen(({ port, words }) => {
        const network = this.all().find(({ ports }) => ports.some(({ id }) => id === port));
        if (network) this.#hearTrouble(network.id, port, words);
      }),
    ];
  }

  all(): readonly NetworkRecord[] {
    return [...this.#records.values()];
  }
  get(id: string): NetworkRecord | undefined {
    return this.#records.get(id);
  }
  /** Why the switch does not carry it as it should; undefined = it does. */
  trouble(id: string): string | undefined {
    return this.#troubles.get(id);
  }
  /** As the switch told; by MAC. */
  leases(id: string): ReadonlyMap<string, Lease> {
    return this.#leases.get(id) ?? new Map();
  }

  /** Whether somebody is at the other end of a port's cable; undefined = the switch has not said. */
  isThere(portId: string): boolean | undefined {
    return this.#peers.get(portId);
  }

  /** Why a port does not lead where it shall. */
  portTrouble(portId: string): string | undefined {
    return this.#portTroubles.get(portId);
  }

  async load(): Promise<readonly UnreadableRecord[]> {
    const { networks, unreadable } = await this.#needs.store.load();
    for (const record of networks) this.#records.set(record.id, record);
    return unreadable;
  }

  /** Makes a network known, or changes it: writes it down, then tells the switch. */
  async update(
    id: string,
    decide: (now: NetworkRecord | undefined) => NetworkRecord | Refusal,
    what: string,
  ): Promise<NetworkRecord | Refusal> {
    return await this.inTurn(id, async () => {
      const before = this.#records.get(id);
      const next = decide(before);
      if (isRefusal(next)) return next;
      await this.#needs.store.save(next);
      this.#records.set(id, next);
      const { events } = this.#needs;
      if (before) events.publish({ kind: "network.changed", networkId: id, name: next.name, what });
      else events.publish({ kind: "network.created", networkId: id, name: next.name });
      await this.#apply(next);
      return next;
    });
  }

  async remove(id: string, decide: (now: NetworkRecord) => Refusal | undefined): Promise<Refusal | undefined> {
    return await this.inTurn(id, async () => {
      const record = this.#records.get(id);
      if (!record) return undefined;
      const refused = decide(record);
      if (refused) return refused;
      await this.#needs.store.remove(id);
      this.#records.delete(id);
      for (const told of [this.#troubles, this.#leases, this.#forwards]) told.delete(id);
      this.#needs.events.publish({ kind: "network.removed", networkId: id, name: record.name });
      await this.#needs.fabric.remove(id, patience()).catch((error: unknown) => {
        this.#needs.log.warn("the switch did not forget a network", { networkId: id, error: messageOf(error) });
      });
      for (const port of record.ports) if (port.leads.to === "lan") await this.#needs.lans.detach(port.id);
      return undefined;
    });
  }

  /** Tells the switch how the networks are now: after a machine came or went, or a card of it changed. */
  async refresh(ids: Iterable<string | null>): Promise<void> {
    const known = [...new Set(ids)].filter((id): id is string => id !== null && this.#records.has(id));
    await Promise.all(
      known.map((id) =>
        this.inTurn(id, async () => {
          const record = this.#records.get(id);
          if (record) await this.#apply(record);
        }),
      ),
    );
  }

  /** Takes forwards away: of a card that is gone, of a guest that is off. */
  async dropForwards(isGone: (forward: Forward) => boolean): Promise<void> {
    for (const record of this.all()) {
      if (!record.forwards.some(isGone)) continue;
      await this.update(
        record.id,
        (now) => ({ ...(now ?? record), forwards: (now ?? record).forwards.filter((forward) => !isGone(forward)) }),
        "forwards",
      );
    }
  }

  /** Aborted when the workbench closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    this.#closing.abort();
    for (const ear of this.#ears) ear[Symbol.dispose]();
  }

  /** A switch that cannot be told must not keep a record from being written or a machine from starting: it is noted and said. */
  async #apply(record: NetworkRecord): Promise<void> {
    try {
      for (const { id, leads } of record.ports) if (leads.to === "lan") await this.#needs.lans.attach({ port: id, bridge: leads.bridge });
      await this.#needs.fabric.apply(planNetwork(record, this.#needs.machines(), await this.#keys(record)), patience());
      this.#troubles.delete(record.id);
    } catch (error) {
      const words = messageOf(error);
      this.#needs.log.error("a network could not be brought up", {
        networkId: record.id,
        error: words,
        detail: (error as MimicError).detail,
      });
      if (this.#troubles.get(record.id) !== words)
        this.#needs.events.publish({ kind: "host.noticed", words: `The network “${record.name}” does not work: ${words}` });
      this.#troubles.set(record.id, words);
    }
  }

  async #keys({ id, ports }: NetworkRecord): Promise<ReadonlyMap<string, string>> {
    const keys = new Map<string, string>();
    for (const port of ports) {
      const key = port.leads.to === "tunnel" ? await this.#needs.store.key(id, port.id) : undefined;
      if (key !== undefined) keys.set(port.id, key);
    }
    return keys;
  }

  /** Work on one network, or on the cards of one machine (by its id), one after the other. */
  inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#queues.get(id) ?? Promise.resolve()).then(work);
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.#queues.set(id, settled);
    void settled.then(() => {
      if (this.#queues.get(id) === settled) this.#queues.delete(id);
    });
    return turn;
  }

  #hear(news: SwitchNews): void {
    const { events } = this.#needs;
    switch (news.kind) {
      case "lease":
        this.#hearLease(news.network, news.lease, news.change);
        break;
      case "peer":
        this.#peers.set(news.port, news.isThere);
        events.publish({ kind: "port.connected", networkId: news.network, portId: news.port, isThere: news.isThere });
        break;
      case "trouble":
        this.#hearTrouble(news.network, news.port, news.words);
        break;
      case "loop":
        events.publish({ kind: "network.loop_stopped", networkId: news.network, portId: news.port, words: news.words });
        break;
      case "forward":
        this.#hearForward(news.network, news.forward);
        break;
      case "restarted":
        events.publish({ kind: "switch.restarted", because: news.because });
        break;
      default:
        news satisfies never;
    }
  }

  #hearTrouble(networkId: string, portId: string, words: string | undefined): void {
    const port = this.#records.get(networkId)?.ports.find(({ id }) => id === portId);
    const before = this.#portTroubles.get(portId);
    if (words === undefined || port === undefined) this.#portTroubles.delete(portId);
    else this.#portTroubles.set(portId, words);
    // Said again by each attempt, and by a switch that learnt its plans anew.
    if (words === undefined || port === undefined || before === words) return;
    this.#needs.events.publish({ kind: "port.troubled", networkId, portId, port: port.name, words });
  }

  #hearLease(networkId: string, lease: Lease, change: "granted" | "renewed" | "released" | "expired"): void {
    const known = this.#leases.get(networkId) ?? new Map<string, Lease>();
    this.#leases.set(networkId, known);
    const isOver = change === "released" || change === "expired";
    if (isOver) known.delete(lease.mac);
    else known.set(lease.mac, lease);
    if (change === "renewed") return;
    const { mac, address, machine } = lease;
    this.#needs.events.publish({
      kind: isOver ? "lease.ended" : "lease.granted",
      networkId,
      mac,
      address,
      ...(machine !== undefined && { machineId: machine }),
    });
  }

  #hearForward(networkId: string, forward: ForwardState): void {
    const known = this.#forwards.get(networkId) ?? new Map<string, ForwardState>();
    this.#forwards.set(networkId, known);
    const before = known.get(forward.id);
    known.set(forward.id, forward);
    if (before?.problem === forward.problem && before?.hostPort === forward.hostPort) return;
    const record = this.#records.get(networkId);
    const asked = record?.forwards.find(({ id }) => id === forward.id);
    const to = asked ? `port ${asked.guestPort} of the machine` : "the machine";
    if (forward.problem !== undefined)
      this.#needs.events.publish({ kind: "forward.failed", networkId, forwardId: forward.id, words: forward.problem });
    else
      this.#needs.events.publish({
        kind: "forward.added",
        networkId,
        forwardId: forward.id,
        words: `port ${forward.hostPort} of this computer leads to ${to}`,
      });
  }

  /** What an earlier daemon's switch knows already. */
  async learn(options: Waiting): Promise<void> {
    await Promise.all(
      this.all().map(async ({ id }) => {
        const leases = await this.#needs.fabric.leases(id, options).catch(() => []);
        this.#leases.set(id, new Map(leases.map((lease) => [lease.mac, lease])));
      }),
    );
  }
}

const patience = (): Waiting => ({ signal: AbortSignal.timeout(APPLY_WITHIN_MS) });
