// One machine: its record, its power, its running QEMU, and one mailbox. Requests, news from QEMU and
// results of effects wait in one queue and pass the pure `stepPower` one by one; effects run beside it
// and report back as inputs, so a `kill` is heard while a boot is under way.
import {
  inWordsIfFull,
  type LongWork,
  MimicError,
  messageOf,
  type Refusal,
  type ReportProgress,
  refusal,
  unreachable,
  type Waiting,
} from "@mimic/base";
import {
  type LoadSample,
  type MachineRecord,
  type NicSpec,
  type PowerEffect,
  type PowerInput,
  type PowerState,
  type RunRecord,
  stepPower,
} from "@mimic/model";
import type { BootPlan, Hypervisor, LastPower, MachineNews, ReadyStart, RunningMachine } from "../ports/index.ts";
import { LoadRecorder } from "./load-recorder.ts";
import { powerInputOf, powerStory } from "./power-words.ts";
import { resumeWhenRoom } from "./resume-when-room.ts";
import { Usability, type UsabilityNeeds } from "./usability.ts";
import { Watchers } from "./watchers.ts";

/** Its ports, and what others have to do at the turns of its life. */
export interface ActorNeeds extends UsabilityNeeds {
  readonly hypervisor: Hypervisor;
  diskFreeBytes(): Promise<number>;
  /** The name of a trial that reads this machine's disks now. */
  triedBy(machineId: string): string | undefined;
  /** Its cards are there (launched, adopted), or gone (an empty list): the switch is told. Never throws. */
  plugIn(actor: MachineActor, nics: readonly NicSpec[]): Promise<void>;
  /**
   * What this start is to be beside the record: where it goes on from, keys of its disks, or the process that stands ready for
   * it. May change the record first.
   */
  beforeBoot(
    actor: MachineActor,
    options: Waiting,
  ): Promise<Partial<Pick<BootPlan, "resume" | "secrets">> & { readonly process?: ReadyStart }>;
  /** It runs (again): what only the start needed can go. */
  afterBoot(actor: MachineActor): Promise<void>;
  /** Something is about to work on its disks, or to start it: what tidies them in the background stops. */
  makeWay(actor: MachineActor): Promise<void>;
  /** That is done. */
  afterWork(actor: MachineActor): void;
  /** Its process is gone. */
  afterOff(actor: MachineActor): Promise<void>;
}

type Request = Extract<PowerInput, { kind: "start" | "stop" | "kill" | "pause" | "resume" | "reset" }>;
export type PowerAnswer = { readonly kind: "accepted" } | { readonly kind: "already" } | Refusal;

const BUSY_HINT = "Wait until that is done (mimic jobs), or end the trial.";

export class MachineActor {
  record: MachineRecord;
  state: PowerState;
  since: string;
  running: RunningMachine | undefined;
  /** What works on its disks now, in words: it must not be started meanwhile. */
  busy: string | undefined;
  /** It was switched on at least once. */
  hasRun: boolean;
  /** Why the last boot failed, for the job that asked for it. */
  lastFailure: unknown;
  readonly #needs: ActorNeeds;
  readonly #queue: PowerInput[] = [];
  readonly #watchers = new Watchers();
  readonly #usability: Usability;
  readonly #load: LoadRecorder;
  #draining = false;
  #saves: Promise<void> = Promise.resolve();
  /** Aborted when this run ends: stops everything that watches it. */
  #runAbort = new AbortController();
  #bootReport: ReportProgress = () => {};
  #bootedMono = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(needs: ActorNeeds, record: MachineRecord, last: LastPower | undefined) {
    this.#needs = needs;
    this.record = record;
    this.hasRun = last !== undefined;
    this.state = { power: last?.power ?? "stopped", because: last?.because ?? "never started" };
    this.since = last?.at ?? record.createdAt;
    this.#load = new LoadRecorder(needs.clock);
    this.#usability = new Usability(needs, {
      record: () => this.record,
      running: () => this.running,
      save: (write) => this.#save(write),
      changed: () => this.#watchers.wake(),
    });
  }

  /** The sign by which it is known that people can work with it, in words. */
  get usableBy(): string | undefined {
    return this.#usability.by;
  }

  /** It gave its sign, and is not usable all the same: why, in words. */
  get notUsable(): string | undefined {
    return this.#usability.notBecause;
  }

  /** Why nothing may write to its disks now, in words: work on them, or a trial that reads them. */
  get heldBy(): string | undefined {
    if (this.busy !== undefined) return this.busy;
    const trial = this.#needs.triedBy(this.record.id);
    return trial === undefined ? undefined : `“${trial}” tries its disks on other hardware`;
  }

  /** Passes a request through the policy. “accepted” means under way: wait with `until`. */
  ask(request: Request, report: ReportProgress = () => {}): PowerAnswer {
    if (request.kind === "start") this.#bootReport = report;
    if (request.kind === "start" && this.heldBy !== undefined)
      return refusal("machine.busy", `“${this.record.name}” is busy: ${this.heldBy}.`, BUSY_HINT);
    const step = stepPower(this.state, request, this.record.name);
    if (step.refused) return step.refused;
    if (step.already) return { kind: "already" };
    this.#post(request);
    return { kind: "accepted" };
  }

  /** Resolves when `there` holds, looked at after each change. Rejects with the signal's reason. */
  until(there: () => boolean, signal: AbortSignal): Promise<void> {
    return this.#watchers.until(there, signal);
  }

  /** Takes over a machine that went on while no daemon was there; or notes that it ended. */
  async adopt(run: RunRecord, options: { signal: AbortSignal; bootId: string }): Promise<void> {
    const { hypervisor, store } = this.#needs;
    const found = run.bootId === options.bootId ? await hypervisor.adopt(store.plan(this.record), run, options) : undefined;
    if (found) {
      this.since = run.startedAt;
      this.#usability.remember(run);
      this.#attach(found);
      // A daemon that ended in the middle of a change left it half told; the running machine itself knows.
      if (JSON.stringify(found.run.hardware) !== JSON.stringify(run.hardware)) await this.noteRun();
      this.#post({ kind: "adopted", paused: found.paused });
      return;
    }
    const because = run.bootId === options.bootId ? "it ended while Mimic was away" : "this computer was restarted";
    this.state = { power: "stopped", because };
    this.since = this.#now();
    await store.saveRun(this.record.id, undefined, { power: "stopped", because, at: this.since });
    await store.tell(this.record.id, this.since, `Found off: ${because}.`);
  }

  /** Takes over a machine that was made ready beforehand and runs. Its run is on the disk already. */
  takeOver(running: RunningMachine): void {
    this.since = running.run.startedAt;
    this.#bootedMono = this.#needs.clock.monotonicMs();
    this.#attach(running);
    this.#post({ kind: "adopted", paused: running.paused });
  }

  /**
   * One piece of work on its disks at a time, and no start meanwhile. Throws `machine.busy`. `apart`: it takes long and
   * changes the record only at its end, itself in its turn, so other changes need not wait for it.
   */
  async occupy<T>(words: string, work: () => Promise<T>, options: { readonly apart?: boolean } = {}): Promise<T> {
    if (this.heldBy !== undefined)
      throw new MimicError("machine.busy", `“${this.record.name}” is busy: ${this.heldBy}.`, { hint: BUSY_HINT });
    this.busy = words;
    try {
      await this.#needs.makeWay(this);
      return await (options.apart ? work() : this.alone(work));
    } finally {
      this.busy = undefined;
      this.#watchers.wake();
      this.#needs.afterWork(this);
    }
  }

  /** Lets go: the machine goes on. */
  async release(): Promise<void> {
    this.#runAbort.abort();
    await this.#saves;
    await this.running?.release();
  }

  /** Writes down again what its hypervisor has: after a part of it changed while it runs. */
  async noteRun(): Promise<void> {
    const { running } = this;
    if (running) this.#save(() => this.#needs.store.saveRun(this.record.id, this.#runNow(running)));
    await this.#saves;
    this.#watchers.wake();
  }

  #runNow(running: RunningMachine): RunRecord {
    return { ...running.run, ...this.#usability.asRun() };
  }

  /** Writes a changed record down; the new one counts from then on. */
  async change(record: MachineRecord, what: string): Promise<void> {
    await this.#needs.store.save(record);
    this.record = record;
    this.#needs.events.publish({ kind: "machine.changed", machineId: record.id, what });
    this.#watchers.wake();
  }

  /** Changes of the hardware come one after the other, each from what the one before has left. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  load(): readonly LoadSample[] {
    return this.#load.samples(this.running);
  }

  #post(input: PowerInput): void {
    this.#queue.push(input);
    if (this.#draining) return;
    this.#draining = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#pass(next);
    this.#draining = false;
  }

  #pass(input: PowerInput): void {
    const before = this.state;
    const { next, effects } = stepPower(before, input, this.record.name);
    this.state = next;
    if (before.power !== next.power) this.#changed(before, next);
    for (const effect of effects) void this.#act(effect).catch((error: unknown) => this.#failed(effect, error));
    this.#watchers.wake();
  }

  #changed(before: PowerState, next: PowerState): void {
    const { events, store } = this.#needs;
    this.since = this.#now();
    const at = this.since;
    const id = this.record.id;
    const off = next.power === "stopped" || next.power === "failed";
    if (off) {
      this.#runAbort.abort();
      this.running = undefined;
      this.#usability.forget();
      void this.#needs.plugIn(this, []);
      const power = next.power as "stopped" | "failed";
      this.#save(() => store.saveRun(id, undefined, { power, because: next.because, at }));
      this.#save(() => this.#needs.afterOff(this));
    }
    events.publish({ kind: "machine.power_changed", machineId: id, from: before.power, to: next.power, because: next.because });
    this.#save(() => store.tell(id, at, powerStory(before, next)));
    if (next.trouble === "diskFull") {
      void resumeWhenRoom({
        clock: this.#needs.clock,
        diskFreeBytes: this.#needs.diskFreeBytes,
        stillFull: () => this.state.trouble === "diskFull",
        resume: () => this.ask({ kind: "resume" }),
        signal: this.#runAbort.signal,
      });
    }
  }

  async #act(effect: PowerEffect): Promise<void> {
    const signal = this.#runAbort.signal;
    switch (effect) {
      case "boot":
        return await this.#boot();
      case "pressPowerButton":
        return await this.running?.pressPowerButton({ signal });
      case "pauseGuest":
        return await this.running?.pause({ signal });
      case "resumeGuest":
        return await this.running?.resume({ signal });
      case "resetGuest":
        return await this.running?.reset({ signal });
      case "endProcess":
        // While a boot is under way there is nothing to end yet: cutting the boot off ends what it made.
        if (this.running) await this.running.end({ signal: AbortSignal.timeout(30_000) });
        else this.#runAbort.abort(endedEarly(this.record.name));
        break;
      default:
        return unreachable(effect);
    }
  }

  async #boot(): Promise<void> {
    const { hypervisor, store, clock } = this.#needs;
    const abort = new AbortController();
    this.#runAbort = abort;
    const work: LongWork = { signal: abort.signal, report: (progress) => this.#bootReport(progress) };
    try {
      await this.#saves;
      await this.#pin(work.signal);
      const onLaunched = async (run: RunRecord) => {
        await store.saveRun(this.record.id, run);
        // Its cables are in before its system looks for an address.
        await this.#needs.plugIn(this, run.hardware.nics);
      };
      const { process, ...special } = await this.#needs.beforeBoot(this, work);
      const running = process
        ? await process.go(onLaunched, work)
        : await hypervisor.boot({ ...store.plan(this.record), ...special, onLaunched }, work);
      this.lastFailure = undefined;
      this.#bootedMono = clock.monotonicMs();
      this.#attach(running);
      this.#post({ kind: "booted" });
      void this.#limitCpu(running);
      this.#save(() => this.#needs.afterBoot(this));
      if (this.state.power === "stopping") await running.end({ signal: AbortSignal.timeout(30_000) });
    } catch (thrown) {
      const error = inWordsIfFull(thrown);
      this.lastFailure = error;
      this.#post({ kind: "bootFailed", why: messageOf(error) });
    }
  }

  /** The limit is of this computer's kernel and not of QEMU, so it is set anew at each start. */
  async #limitCpu(running: RunningMachine): Promise<void> {
    const { cpuLimitPercent } = running.run.hardware;
    if (cpuLimitPercent === 0) return;
    await running.live.limitCpu(cpuLimitPercent, { signal: this.#runAbort.signal }).catch((error: unknown) => {
      this.#needs.log.warn("processor limit not set", { machineId: this.record.id, error: messageOf(error) });
      this.#needs.events.publish({ kind: "host.noticed", words: `“${this.record.name}” runs without its limit: ${messageOf(error)}` });
    });
  }

  /** The hardware of a first start is written down, so that an upgrade of QEMU changes nothing under the guest. */
  async #pin(signal: AbortSignal): Promise<void> {
    const hardware = await this.#needs.hypervisor.pin(this.record.hardware, { signal });
    if (hardware.machineType === this.record.hardware.machineType) return;
    this.record = { ...this.record, hardware };
    await this.#needs.store.save(this.record);
  }

  #attach(running: RunningMachine): void {
    if (this.#runAbort.signal.aborted) this.#runAbort = new AbortController();
    this.running = running;
    this.hasRun = true;
    running.listen((news) => this.#hear(news));
    if (this.usableBy === undefined) void this.#usability.watch(running, this.#bootedMono, this.#runAbort.signal);
    void this.#load.record(running, this.#runAbort.signal);
  }

  #hear(news: MachineNews): void {
    const { events } = this.#needs;
    const machineId = this.record.id;
    if (news.kind === "reset") {
      events.publish({ kind: "machine.restarted_itself", machineId });
      if (this.running) void this.#usability.again(this.running, this.#runAbort.signal);
    } else if (news.kind === "mediumChanged") events.publish({ kind: "machine.changed", machineId, what: `drive ${news.slot}` });
    else {
      if (news.kind === "exited" && !news.expected) this.lastFailure = endedByItself(this.record.name, news);
      this.#post(powerInputOf(news));
    }
  }

  /** Writes happen one after the other, in the order of the facts; a failed one is told and does not stop the machine. */
  #save(write: () => Promise<void>): void {
    this.#saves = this.#saves.then(write).catch((error: unknown) => {
      this.#needs.log.error("machine state not written", { machineId: this.record.id, error: messageOf(error) });
      this.#needs.events.publish({ kind: "host.noticed", words: messageOf(error) });
    });
  }

  #failed(effect: PowerEffect, error: unknown): void {
    if (this.#runAbort.signal.aborted) return;
    this.#needs.log.warn("machine did not obey", { machineId: this.record.id, effect, error: messageOf(error) });
    this.lastFailure = error;
    this.#watchers.wake();
  }

  #now(): string {
    return new Date(this.#needs.clock.nowMs()).toISOString();
  }
}

const endedEarly = (name: string) =>
  new MimicError("machine.ended", `“${name}” was ended while it was being switched on.`, {
    hint: `Start it again when you like: mimic start ${name}`,
  });

const endedByItself = (name: string, { why, lastWords }: Extract<MachineNews, { kind: "exited" }>) =>
  new MimicError("qemu.exited", `QEMU for “${name}” ended by itself: ${why}`, {
    hint: `Its last words: mimic logs ${name}`,
    detail: lastWords,
  });
