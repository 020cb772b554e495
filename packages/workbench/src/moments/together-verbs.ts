// Several machines at once: keeping one moment of all, and going back to it with all.
import { isRefusal, type LongWork, type Refusal, refusal } from "@mimic/base";
import type { JobView, MomentRecord } from "@mimic/model";
import { type Context, findMachine } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { TogetherWish } from "../wishes.ts";
import { findMoment, momentsOf } from "./moment-board.ts";
import { nextPresent } from "./next-present.ts";
import { kindOfPresent, letGoOn, type PutBack, presentWords, replacePresent, stillThere } from "./restore-moment.ts";
import { restoreNote } from "./settle-restore.ts";
import { mayNotTake } from "./take-moment.ts";
import { keepTogether } from "./take-together.ts";

const MOST = 64;

export function takeTogether(context: Context, wish: TogetherWish): { job: JobView } | Refusal {
  const actors = findAll(context, wish.machines);
  if (isRefusal(actors)) return actors;
  for (const actor of actors) {
    const refused = mayNotTake(actor, wish.kind) ?? notBusy(actor);
    if (refused) return refused;
  }
  const names = namesOf(actors);
  const title = `Keep a ${wish.kind} of ${names} at one moment`;
  const subjects = actors.map(({ record }) => record.id);
  const job = context.jobs.run({ kind: `moment.${wish.kind}`, title, subjects }, async (work) => {
    const kept = await occupyAll(actors, "a moment of it and others is being kept", () => keepTogether(context, actors, wish, work));
    const pausedMs = Math.max(0, ...kept.map((moment) => moment.pausedMs ?? 0));
    const pause = pausedMs > 0 ? ` None of them stood still for more than ${Math.max(1, Math.ceil(pausedMs))} ms.` : "";
    const name = kept[0]?.name ?? "";
    return { name, moment: kept[0]?.id ?? "", words: `The ${wish.kind} “${name}” of ${names} is kept, of all at one moment.${pause}` };
  });
  return { job };
}

function findAll(context: Context, machines: readonly string[]): readonly MachineActor[] | Refusal {
  const found = new Map<string, MachineActor>();
  for (const wanted of machines) {
    const actor = findMachine(context, wanted);
    if (isRefusal(actor)) return actor;
    found.set(actor.record.id, actor);
  }
  if (found.size > 1 && found.size <= MOST) return [...found.values()];
  return refusal(
    "moment.needs_several",
    found.size > MOST
      ? `${found.size} machines are too many at one moment; ${MOST} is the most.`
      : "One moment of several machines needs several machines.",
    "Name two or more: mimic snapshot NAME --with OTHER",
  );
}

const namesOf = (actors: readonly MachineActor[]): string => actors.map(({ record }) => `“${record.name}”`).join(", ");

const notBusy = ({ heldBy: busy, record }: MachineActor): Refusal | undefined =>
  busy === undefined ? undefined : refusal("machine.busy", `“${record.name}” is busy: ${busy}.`, "Wait until that is done: mimic jobs");

/** One after the other in the order of their ids, so that two such works never wait for each other in a circle. */
export async function occupyAll<T>(actors: readonly MachineActor[], words: string, work: () => Promise<T>): Promise<T> {
  const sorted = [...actors].sort((a, b) => a.record.id.localeCompare(b.record.id));
  const step = (index: number): Promise<T> => {
    const actor = sorted[index];
    return actor === undefined ? work() : actor.occupy(words, () => step(index + 1));
  };
  return await step(0);
}

export async function restoreTogether(context: Context, input: { machine: string; moment: string }): Promise<{ job: JobView } | Refusal> {
  const found = await findMoment(context, input);
  if (isRefusal(found)) return found;
  const all = await siblingsOf(context, found);
  if (isRefusal(all)) return all;
  for (const { actor } of all) {
    const refused = mayNotTake(actor, "snapshot") ?? notBusy(actor);
    if (refused) return refused;
  }
  const names = namesOf(all.map(({ actor }) => actor));
  const about = { kind: "moment.restore", title: `Go back to “${found.moment.name}” with ${names}`, cancellable: false };
  const job = context.jobs.run({ ...about, subjects: all.map(({ actor }) => actor.record.id) }, (work) =>
    goBackTogether(context, all, found.moment, work).finally(() => {
      for (const { actor } of all) context.routines.look(actor.record.id);
    }),
  );
  return { job };
}

interface OfGroup {
  readonly actor: MachineActor;
  readonly moment: MomentRecord;
}

async function siblingsOf(context: Context, first: OfGroup): Promise<readonly OfGroup[] | Refusal> {
  const { actor, moment } = first;
  if (!moment.siblings?.length)
    return refusal(
      "moment.alone",
      `The moment “${moment.name}” of “${actor.record.name}” was kept of this machine alone.`,
      `Go back to it: mimic restore ${actor.record.name} “${moment.name}”`,
    );
  const all: OfGroup[] = [first];
  for (const sibling of moment.siblings) {
    const other = context.actors.get(sibling.machine);
    const kept = other && (await momentsOf(context, other)).find(({ id }) => id === sibling.moment);
    if (!other || !kept)
      return refusal(
        "moment.sibling_gone",
        `What was kept of “${sibling.name}” at that moment is not there any more.`,
        `Go back with this machine alone: mimic restore ${actor.record.name} “${moment.name}”`,
      );
    all.push({ actor: other, moment: kept });
  }
  return all;
}

/** The present of all is kept first, of all at one moment; then all are put back, and only then does any of them go on. */
async function goBackTogether(
  context: Context,
  all: readonly OfGroup[],
  to: MomentRecord,
  work: LongWork,
): Promise<{ words: string } | Refusal> {
  const actors = all.map(({ actor }) => actor);
  // Layers of the moments are about to be named by the machines.
  using _ = await context.layerWork.hold();
  await using note = restoreNote(context, to.name, actors);
  const backs = await occupyAll(actors, `it goes back to “${to.name}” with others`, async () => {
    for (const { actor, moment } of all) await stillThere(context, actor, moment);
    const isWhole = actors.every((actor) => actor.running === undefined || kindOfPresent(actor) === "checkpoint");
    await keepTogether(context, actors, { kind: isWhole ? "checkpoint" : "snapshot", ...presentWords(to) }, work);
    await note.begin(all);
    const done: { readonly actor: MachineActor; readonly back: PutBack }[] = [];
    for (const { actor, moment } of all) {
      // Their processes one after the other: several machines' memory twice is much.
      await using next = nextPresent(context, actor, { moment, disksOnly: false, ahead: false }, work);
      done.push({ actor, back: await replacePresent(context, actor, next, work) });
    }
    return done;
  });
  const ups = await Promise.all(backs.filter(({ back }) => back.wakes || back.wasOn).map(({ actor }) => letGoOn(context, actor, work)));
  const refused = ups.find((up) => up !== undefined);
  return refused ?? { words: `${namesOf(actors)} are back at “${to.name}”.` };
}
