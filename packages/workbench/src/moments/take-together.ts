// Moments of several machines at one moment: everything is got ready first, then all stand still, their disks are frozen,
// and all go on. All of them or none: what one refuses or fails, none keeps, and a daemon that ended in between is
// followed by one that takes the half away.
//
//   ready layers of all → file systems held still → all stand still → lay all → all go on → records of all
import { type LongWork, messageOf } from "@mimic/base";
import type { MomentKind, MomentRecord, MomentSibling, SavedWith } from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import { whileRoom } from "../disks/room.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { MomentStore, PartOfTogether, ReadyDisks } from "../ports/index.ts";
import { savedHere } from "../templates/saved-here.ts";
import { Barrier } from "./barrier.ts";
import { type ReadyFreeze, readyFreeze } from "./freeze.ts";
import { type HeldStill, holdStill } from "./hold-still.ts";
import { takeOut } from "./moment-verbs.ts";
import { announce, isRunning, type Keeping, momentRecord, takePicture } from "./take-moment.ts";

/** Whatever goes wrong, nobody stands still for longer. */
const STILL_MS = 20_000;

interface Part {
  readonly actor: MachineActor;
  readonly id: string;
  /** Whole, while it runs; the disks alone of one that is off. */
  readonly kind: MomentKind;
  readonly before: MachineActor["record"];
  readonly draft: Awaited<ReturnType<MomentStore["draft"]>>;
  ready?: ReadyFreeze;
  laid?: boolean;
  outcome?: Pick<MomentRecord, "pausedMs" | "consistency" | "consistencyBecause">;
}

/** Only while all of them are occupied. Throws what the first failure was; then nothing is kept. */
export async function keepTogether(
  context: Context,
  actors: readonly MachineActor[],
  wish: Keeping,
  work: LongWork,
): Promise<readonly MomentRecord[]> {
  const { ports } = context;
  const planned = actors.map((actor) => ({ actor, id: ports.ids.make<"Moment">("mom") as string }));
  const entry = await ports.journal.begin({
    op: "moment.together",
    moments: planned.map(({ actor, id }) => ({ machineId: actor.record.id, momentId: id, ran: isRunning(actor) })),
  });
  const parts: Part[] = [];
  try {
    for (const { actor, id } of planned) {
      const kind = wish.kind === "checkpoint" && actor.running ? "checkpoint" : "snapshot";
      parts.push({ actor, id, kind, before: actor.record, draft: await ports.moments.draft(actor.record.id, id) });
    }
    work.report({ words: "Getting all of them ready" });
    await allOrFirst(parts.map(({ actor, draft }) => takePicture(context, actor, draft, work)));
    await allOrFirst(
      parts.map(async (part) => {
        part.ready = await readyFreeze(context, part.actor, work);
        await part.draft.keepFiles(part.before.id);
      }),
    );
    work.report({ words: "Keeping all of them at one moment" });
    await (wish.kind === "checkpoint" ? whileRoom(context, undefined, work, (more) => saveAll(parts, more)) : layAll(context, parts, work));
    for (const { ready } of parts) await ready?.commit();
    return await publish(context, parts, wish, work);
  } catch (error) {
    for (const part of parts) await takeBack(context, part);
    throw error;
  } finally {
    await entry.close();
  }
}

/** Disks of those that run: readied before, so that standing still is one order each. */
async function layAll(context: Context, parts: readonly Part[], work: LongWork): Promise<void> {
  const { clock } = context.ports;
  const late = { signal: AbortSignal.timeout(STILL_MS) };
  const held = new Map<Part, HeldStill>();
  const disks = new Map<Part, ReadyDisks>();
  const stopped: Part[] = [];
  const running = parts.filter(({ actor }) => actor.running !== undefined);
  try {
    await allOrFirst(
      running.map(async (part) => {
        const ready = await part.actor.running?.readyDisks(part.ready?.layers ?? [], work);
        if (ready) disks.set(part, ready);
      }),
    );
    await allOrFirst(running.map(async (part) => held.set(part, await holdStill(context, part.actor))));
    work.signal.throwIfAborted();
    const from = clock.monotonicMs();
    await allOrFirst(
      running.map(async (part) => {
        if (part.actor.running?.paused) return;
        stopped.push(part);
        await part.actor.running?.pause(late);
      }),
    );
    await allOrFirst(running.map(async (part) => await layOne(part, disks.get(part))));
    await allOrFirst(stopped.map(({ actor }) => actor.running?.resume(late)));
    const pausedMs = clock.monotonicMs() - from;
    for (const part of parts) part.outcome = { consistency: "off" };
    for (const part of running) part.outcome = { pausedMs, ...held.get(part)?.how() };
  } catch (error) {
    await Promise.all(stopped.map(({ actor }) => actor.running?.resume({ signal: AbortSignal.timeout(5000) }).catch(() => {})));
    for (const [part, ready] of disks) if (!part.laid) await ready.forget().catch(() => {});
    throw error;
  } finally {
    await Promise.all([...held.values()].map((one) => one.letGo()));
  }
}

async function layOne(part: Part, disks: ReadyDisks | undefined): Promise<void> {
  await disks?.lay();
  part.laid = true;
}

/** Memory is written while all run; when it is of all, they stand still, and nobody goes on before everybody does. */
async function saveAll(parts: readonly Part[], work: LongWork): Promise<void> {
  const running = parts.filter(({ actor }) => actor.running !== undefined);
  const written = new Barrier(running.length);
  const still = new Barrier(running.length);
  for (const part of parts) part.outcome = { consistency: "off" };
  await allOrFirst(
    running.map(async (part) => {
      try {
        const { pausedMs } = (await part.actor.running?.save(
          {
            statePath: part.draft.statePath,
            live: true,
            goOn: true,
            layers: part.ready?.layers ?? [],
            whenWritten: () => written.arrive(work.signal),
            atPause: () => still.arrive(AbortSignal.any([work.signal, AbortSignal.timeout(STILL_MS)])),
          },
          work,
        )) ?? { pausedMs: undefined };
        part.outcome = { pausedMs, consistency: "memory" };
      } catch (error) {
        written.fail(error);
        still.fail(error);
        throw error;
      }
    }),
  );
}

async function publish(context: Context, parts: readonly Part[], wish: Keeping, work: LongWork): Promise<readonly MomentRecord[]> {
  const savedWith = new Map<string, SavedWith>();
  for (const { id, kind, actor, before } of wish.kind === "checkpoint" ? parts : [])
    if (kind === "checkpoint") savedWith.set(id, await savedHere(context, actor.running?.run.hardware ?? before.hardware, work));
  const name = wish.name ?? `together ${nowIso(context).slice(0, 16).replace("T", " ")}`;
  const all = parts.map(({ actor, id }): MomentSibling => ({ machine: actor.record.id, name: actor.record.name, moment: id }));
  const records = parts.map((part) =>
    momentRecord(context, {
      id: part.id,
      wish: { ...wish, kind: part.kind, name },
      before: part.before,
      running: part.actor.running,
      disks: part.ready?.disks ?? [],
      savedWith: savedWith.get(part.id),
      siblings: all.filter(({ moment }) => moment !== part.id),
      ...part.outcome,
    }),
  );
  for (const [index, part] of parts.entries()) await part.draft.publish(records[index] as MomentRecord);
  for (const [index, part] of parts.entries()) await announce(context, part.actor, records[index] as MomentRecord);
  return records;
}

/** What QEMU took already stays as layers that no moment names. */
async function takeBack(context: Context, part: Part): Promise<void> {
  try {
    await part.ready?.undo();
    await part.draft.discard();
    await context.ports.moments.remove(part.actor.record.id, part.id);
  } catch (error) {
    context.ports.log.error("a moment that was not kept is still there", { machineId: part.actor.record.id, error: messageOf(error) });
  }
}

/** Everybody is waited for, so that nothing goes on behind a failure; then the first one is thrown. */
async function allOrFirst(works: readonly Promise<unknown>[] | readonly unknown[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((one) => one.status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

/** After a daemon that ended in the middle: when one of them is missing, the others go too. */
export async function undoTogether(context: Context, moments: readonly PartOfTogether[]): Promise<void> {
  const found = [];
  for (const { machineId, momentId } of moments) {
    const moment = (await context.ports.moments.load(machineId)).find(({ id }) => id === momentId);
    const actor = context.actors.get(machineId);
    if (actor && moment) found.push({ actor, moment });
  }
  if (found.length === moments.length) {
    for (const { actor, moment } of found)
      if (actor.record.moment !== moment.id && moment.parent === actor.record.moment) await announce(context, actor, moment);
    return;
  }
  for (const { actor, moment } of found) await takeOut(context, actor, moment);
}
