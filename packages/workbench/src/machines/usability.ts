// Whether people can work with a machine that runs: its sign of readiness was seen, and what Mimic has to make ready in the
// guest is ready. A machine may give its sign and not be usable all the same; then it is said why.
import { type Clock, type Log, messageOf, type Waiting } from "@mimic/base";
import type { MachineRecord, RunRecord } from "@mimic/model";
import type { EventLog } from "../events.ts";
import type { MachineStore, RunningMachine } from "../ports/index.ts";
import { watchReady } from "./watch-ready.ts";

/** What it knows of its machine, and whom it tells. */
export interface UsabilityOf {
  record(): MachineRecord;
  running(): RunningMachine | undefined;
  /** Writes happen one after the other; a failed one is told. */
  save(write: () => Promise<void>): void;
  changed(): void;
}

export interface UsabilityNeeds {
  readonly store: MachineStore;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly log: Log;
  /** Its sign of readiness was seen, or its guest began anew by itself. Undefined, or in words why people cannot work with it yet. */
  beforeUsable(running: RunningMachine, record: MachineRecord, options: Waiting): Promise<string | undefined>;
}

export class Usability {
  readonly #needs: UsabilityNeeds;
  readonly #of: UsabilityOf;
  /** The sign, in words. */
  by: string | undefined;
  /** It gave its sign, and is not usable all the same: why, in words. */
  notBecause: string | undefined;
  #at: string | undefined;

  constructor(needs: UsabilityNeeds, of: UsabilityOf) {
    this.#needs = needs;
    this.#of = of;
  }

  /** A run that went on without us: what was known of it. */
  remember({ usableBy, usableAt }: RunRecord): void {
    this.by = usableBy;
    this.#at = usableAt;
  }

  /** It is off. */
  forget(): void {
    this.by = undefined;
    this.notBecause = undefined;
    this.#at = undefined;
  }

  /** To be written down with its run. */
  asRun(): Pick<RunRecord, "usableBy" | "usableAt"> {
    return this.by === undefined ? {} : { usableBy: this.by, usableAt: this.#at };
  }

  /** Looks until it is usable, or `signal` says that this run is over. `bootedMono`: when it was switched on. */
  async watch(running: RunningMachine, bootedMono: number, signal: AbortSignal): Promise<void> {
    const { clock, events, log, store } = this.#needs;
    const { id, readiness } = this.#of.record();
    try {
      const by = await watchReady(running, readiness.sign, { clock, signal });
      if (this.#isOver(running, signal) || !(await this.#isPrepared(running, signal))) return;
      this.by = by;
      events.publish({ kind: "machine.became_usable", machineId: id, by, afterMs: Math.round(clock.monotonicMs() - bootedMono) });
      this.#of.changed();
      const at = this.#now();
      this.#at = at;
      this.#of.save(() => store.saveRun(id, { ...running.run, ...this.asRun() }));
      this.#of.save(() => store.tell(id, at, `Usable: ${by}.`));
    } catch (error) {
      if (!signal.aborted) log.warn("readiness watch ended", { machineId: id, error: messageOf(error) });
    }
  }

  /** Its guest began anew by itself, and what was made ready in it may be gone. */
  async again(running: RunningMachine, signal: AbortSignal): Promise<void> {
    await this.#isPrepared(running, signal).catch(() => false);
  }

  async #isPrepared(running: RunningMachine, signal: AbortSignal): Promise<boolean> {
    const record = this.#of.record();
    const why = await this.#needs.beforeUsable(running, record, { signal });
    if (this.#isOver(running, signal)) return false;
    this.notBecause = why;
    if (why === undefined) return true;
    const at = this.#now();
    this.#needs.events.publish({ kind: "machine.changed", machineId: record.id, what: "what keeps it from being usable" });
    this.#of.save(() => this.#needs.store.tell(record.id, at, `Not usable: ${why}.`));
    this.#of.changed();
    return false;
  }

  #isOver(running: RunningMachine, signal: AbortSignal): boolean {
    return signal.aborted || this.#of.running() !== running;
  }

  #now(): string {
    return new Date(this.#needs.clock.nowMs()).toISOString();
  }
}
