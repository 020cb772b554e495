// Carries out the routines of machines: looks once a minute (and when one was changed) who is due, one machine after the
// other. What was kept last is written in the machine's record, so a daemon that was away neither forgets nor doubles.
// Clears away what need not stay any longer: of routines, what Mimic kept before something, and what was long in the trash.
import { type LongWork, messageOf } from "@mimic/base";
import { isRoutineDue, type MomentRecord, type MomentRoutine, whichGo } from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { forgetExpired } from "../machines/trash-verbs.ts";
import { clearBefore, removeUnused, type Waits } from "./clear-before.ts";
import type { Routines, Skipped } from "./routines.ts";
import { hasChangedSince, keep, mayNotTake } from "./take-moment.ts";

const LOOK_EVERY_MS = 60_000;
/** Without a routine anywhere, and for what only grows old. */
const LOOK_SELDOM_MS = 3600_000;

export class RoutineKeeper implements Routines {
  readonly #life = new AbortController();
  readonly #skipped = new Map<string, Skipped>();
  #context: Context | undefined;
  #looking: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;
  #nap: AbortController | undefined;
  #again = false;
  /** Machines of which something was kept before something, or that came to rest, since they were looked at. */
  readonly #touched = new Set<string>();
  readonly #waits = new Map<string, Waits>();
  #allLookedAtMs = Number.NEGATIVE_INFINITY;

  /** Once, when everything is assembled. */
  attach(context: Context): void {
    this.#context = context;
  }

  skipped(machineId: string): Skipped | undefined {
    return this.#skipped.get(machineId);
  }

  waiting(machineId: string): Waits | undefined {
    return this.#waits.get(machineId);
  }

  changed(machineId: string): void {
    this.#skipped.delete(machineId);
    this.look(machineId);
  }

  look(machineId?: string): void {
    const context = this.#context;
    if (context === undefined || this.#life.signal.aborted) return;
    if (machineId !== undefined) this.#touched.add(machineId);
    this.#again = true;
    this.#looking ??= this.#lookThrough(context).finally(() => {
      this.#looking = undefined;
    });
  }

  async close(): Promise<void> {
    this.#life.abort(new Error("the daemon ends"));
    await this.#looking;
    await this.#waiting;
  }

  async #lookThrough(context: Context): Promise<void> {
    const { clock } = context.ports;
    this.#nap?.abort();
    while (this.#again && !this.#life.signal.aborted) {
      this.#again = false;
      const isForAll = clock.monotonicMs() - this.#allLookedAtMs >= LOOK_SELDOM_MS;
      if (isForAll) {
        this.#allLookedAtMs = clock.monotonicMs();
        await this.#carefully(context, "the trash", () => forgetExpired(context));
      }
      for (const actor of context.actors.values()) {
        const { routine, id } = actor.record;
        if (this.#life.signal.aborted) return;
        if (routine !== undefined && isRoutineDue(routine, clock.nowMs())) await this.#take(context, actor, routine);
        if (routine !== undefined) await this.#clearAway(context, actor);
        if (this.#touched.delete(id) || isForAll) await this.#clearBefore(context, actor);
      }
    }
    const hasRoutine = [...context.actors.values()].some(({ record }) => record.routine);
    const nap = new AbortController();
    this.#nap = nap;
    this.#waiting = this.#wait(context, hasRoutine ? LOOK_EVERY_MS : LOOK_SELDOM_MS, nap.signal);
  }

  async #wait(context: Context, ms: number, nap: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([this.#life.signal, nap]);
    await context.ports.clock.sleep(ms, { signal }).then(
      () => this.look(),
      () => {},
    );
  }

  async #take(context: Context, actor: MachineActor, { kind }: MomentRoutine): Promise<void> {
    const { record } = actor;
    const refused = mayNotTake(actor, kind);
    if (refused) return await this.#skip(context, actor, refused.why);
    if (actor.heldBy !== undefined) return await this.#skip(context, actor, `it is busy: ${actor.heldBy}`);
    if (!(await hasChangedSince(context, actor)))
      return this.#note(record.id, { at: nowIso(context), why: "nothing on its disks has changed since the last moment" });
    const title = `Keep a ${kind} of “${record.name}”, as its routine says`;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    context.jobs.run({ kind: `moment.${kind}`, title, subjects: [record.id] }, async (work) => {
      try {
        const moment = await actor.occupy("a moment of it is being kept", () => this.#keep(context, actor, kind, work));
        resolve(undefined);
        return {
          moment: moment.id,
          name: moment.name,
          words: `The ${kind} “${moment.name}” of “${record.name}” is kept, as its routine says.`,
        };
      } catch (error) {
        resolve(messageOf(error));
        throw error;
      }
    });
    const failed = await promise;
    if (failed !== undefined) return await this.#skip(context, actor, failed);
    this.#skipped.delete(record.id);
  }

  async #keep(context: Context, actor: MachineActor, kind: MomentRoutine["kind"], work: LongWork): Promise<MomentRecord> {
    const moment = await keep(context, actor, { kind, automatic: "its routine", byRoutine: true }, work);
    const { routine } = actor.record;
    if (routine) {
      const record = { ...actor.record, routine: { ...routine, lastAt: nowIso(context) } };
      await context.ports.machines.save(record);
      actor.record = record;
    }
    return moment;
  }

  /** Said once, however often it is tried again. */
  async #skip(context: Context, actor: MachineActor, why: string): Promise<void> {
    const { id } = actor.record;
    const isNew = this.#skipped.get(id)?.why !== why;
    this.#note(id, { at: nowIso(context), why });
    if (!isNew) return;
    context.events.publish({ kind: "routine.skipped", machineId: id, why });
    await context.ports.machines.tell(id, nowIso(context), `Its routine could not keep a moment: ${why}`).catch(() => {});
  }

  #note(machineId: string, skipped: Skipped): void {
    // The first time it was found counts, as long as it is the same.
    if (this.#skipped.get(machineId)?.why !== skipped.why) this.#skipped.set(machineId, skipped);
  }

  /** What a person protected, named or noted is not Mimic's to clear away; nor is what is being worked on. */
  async #clearAway(context: Context, actor: MachineActor): Promise<void> {
    await this.#carefully(context, actor.record.id, async () => {
      await removeUnused(context, actor, async () => {
        const { routine } = actor.record;
        const all = routine === undefined ? [] : await context.ports.moments.load(actor.record.id);
        const own = all.filter(({ byRoutine, automatic, isProtected }) => byRoutine === true && automatic !== undefined && !isProtected);
        const gone = new Set(routine === undefined ? [] : whichGo(routine, own));
        return own.filter(({ id }) => gone.has(id));
      });
    });
  }

  async #clearBefore(context: Context, actor: MachineActor): Promise<void> {
    const { id } = actor.record;
    await this.#carefully(context, actor.record.id, async () => {
      const waits = await clearBefore(context, actor);
      if (waits === "later") this.#touched.add(id);
      else if (waits === undefined) this.#waits.delete(id);
      else this.#waits.set(id, waits);
    });
  }

  /** Nothing is lost by what fails here: it is tried again. */
  async #carefully(context: Context, what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#life.signal.aborted) return;
      context.ports.log.warn("what need not stay was not cleared away", { what, error: messageOf(error) });
    }
  }
}
