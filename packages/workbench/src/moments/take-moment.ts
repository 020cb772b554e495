// Keeping a moment: disks (snapshot), or disks, memory and devices (checkpoint); of a running machine without its
// noticing. What cannot be kept is refused before anything is done.
import { isRefusal, type LongWork, messageOf, type Refusal, refusal } from "@mimic/base";
import {
  consistencyInWords,
  type DiskSpec,
  type JobView,
  type MachineRecord,
  type MomentKind,
  type MomentRecord,
  memoryLacks,
  type SavedWith,
  whyNotSave,
} from "@mimic/model";
import { type Context, findMachine, nowIso } from "../context.ts";
import { whileRoom } from "../disks/room.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { whyUnsettled } from "../machines/why-unsettled.ts";
import type { NewLayer, RunningMachine, StateDraft } from "../ports/index.ts";
import { savedHere } from "../templates/saved-here.ts";
import type { MomentWish } from "../wishes.ts";
import { freezeDisks, isUntouched } from "./freeze.ts";
import { holdStill } from "./hold-still.ts";

export function takeMoment(context: Context, wish: MomentWish): { job: JobView } | Refusal {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const refused = mayNotTake(actor, wish.kind);
  if (refused) return refused;
  const title = `Keep a ${wish.kind} of “${actor.record.name}”`;
  const job = context.jobs.run({ kind: `moment.${wish.kind}`, title, subjects: [actor.record.id] }, async (work) => {
    const moment = await actor.occupy("a moment of it is being kept", () => keep(context, actor, wish, work));
    const how = wish.kind === "snapshot" && actor.running ? ` (${consistencyInWords(moment)})` : "";
    const words = `The ${moment.kind} “${moment.name}” of “${actor.record.name}” is kept${how}.${pauseInWords(moment)}${lackInWords(moment)}`;
    return { moment: moment.id, name: moment.name, words };
  });
  return { job };
}

const pauseInWords = ({ pausedMs }: MomentRecord): string =>
  pausedMs === undefined ? "" : ` It stood still for ${Math.max(1, Math.round(pausedMs))} ms.`;

function lackInWords({ kind, hardware }: MomentRecord): string {
  const lack = kind === "checkpoint" ? memoryLacks(hardware) : undefined;
  return lack === undefined ? "" : ` After going back to it, ${lack}.`;
}

export function mayNotTake({ record, state, running }: MachineActor, kind: MomentKind): Refusal | undefined {
  const { name } = record;
  if (record.forgets)
    return refusal("moment.of_disposable", `“${name}” is disposable: nothing of it shall stay.`, `Keep it first: mimic keep ${name}`);
  const unsettled = whyUnsettled({ record, state });
  if (unsettled) return unsettled;
  if (kind === "snapshot") return undefined;
  if (running === undefined)
    return refusal(
      "moment.not_running",
      `“${name}” is off: it has no memory to keep.`,
      `Keep its disks: mimic snapshot ${name}. Or start it first: mimic start ${name}`,
    );
  const why = whyNotSave(running.run.hardware, running.run.growth);
  if (why === undefined) return undefined;
  return refusal("moment.not_savable", `Memory and devices of “${name}” cannot be kept: ${why}.`, `Keep its disks: mimic snapshot ${name}`);
}

export interface Keeping {
  readonly kind: MomentKind;
  readonly name?: string | undefined;
  readonly note?: string | undefined;
  readonly automatic?: string | undefined;
  readonly byRoutine?: boolean | undefined;
  /** Its process ends right after: it stands still while its memory is written, which is quicker, and goes on only when this fails. */
  readonly thenEnds?: boolean | undefined;
  /** It is kept, and the journal still says that it is being kept: what comes next is written down before that is forgotten. */
  readonly whenKept?: (() => Promise<void>) | undefined;
}

/** Its guest is at work, and not only there. */
export const isRunning = ({ running }: MachineActor): boolean => running !== undefined && !running.paused;

/** Only while the machine is occupied. */
export async function keep(context: Context, actor: MachineActor, wish: Keeping, work: LongWork): Promise<MomentRecord> {
  // The next daemon lets a guest go that this one held still: see `after-absence`.
  const entry = await context.ports.journal.begin({ op: "moment.take", machineId: actor.record.id, ran: isRunning(actor) });
  try {
    return await keepNoted(context, actor, wish, work);
  } finally {
    await entry.close();
  }
}

async function keepNoted(context: Context, actor: MachineActor, wish: Keeping, work: LongWork): Promise<MomentRecord> {
  const { ports } = context;
  const id = ports.ids.make<"Moment">("mom");
  const ran = isRunning(actor);
  const draft = await ports.moments.draft(actor.record.id, id);
  // It shows what is kept, since QEMU keeps to the order it is asked in; what is done with it then holds nothing up.
  const picture = takePicture(context, actor, draft, work);
  picture.catch(() => {});
  try {
    const before = actor.record;
    work.report({ words: wish.kind === "checkpoint" ? "Keeping memory and devices" : "Keeping the disks" });
    const { hardware } = actor.running?.run ?? before;
    const savedWith = wish.kind === "checkpoint" ? await savedHere(context, hardware, work) : undefined;
    const { disks, result } = await freezeDisks(context, actor, work, async (layers) => {
      await draft.keepFiles(before.id);
      if (wish.kind === "snapshot") return await layStill(context, actor, await layers, work);
      return await whileRoom(context, undefined, work, (more) => saveWhole(actor, draft, layers, wish, more));
    });
    await picture;
    const moment = momentRecord(context, { id, wish, before, running: actor.running, disks, savedWith, ...result });
    await draft.publish(moment);
    await announce(context, actor, moment);
    await wish.whenKept?.();
    return moment;
  } catch (error) {
    await picture.catch(() => {});
    await draft.discard();
    if (wish.thenEnds && ran) await actor.running?.resume({ signal: AbortSignal.timeout(5000) }).catch(() => {});
    // Its disks may stand on layers by now that nothing else names.
    context.layerWork.unfinished = true;
    throw error;
  }
}

type Outcome = Pick<MomentRecord, "pausedMs" | "consistency" | "consistencyBecause">;

async function layStill(context: Context, actor: MachineActor, layers: readonly NewLayer[], work: LongWork): Promise<Outcome> {
  if (actor.running === undefined) return { consistency: "off" };
  const held = await holdStill(context, actor);
  try {
    const { pausedMs } = await actor.running.layDisks(layers, work);
    return { pausedMs, ...held.how() };
  } finally {
    await held.letGo();
  }
}

async function saveWhole(
  { running }: MachineActor,
  draft: StateDraft,
  layers: Promise<readonly NewLayer[]>,
  { thenEnds = false }: Keeping,
  work: LongWork,
): Promise<Outcome> {
  const saved = await running?.save({ statePath: draft.statePath, live: !thenEnds, goOn: !thenEnds, layers }, work);
  return { ...(!thenEnds && { pausedMs: saved?.pausedMs }), consistency: "memory" };
}

/** What is written down of a moment. `before`: the machine as it was then. */
export function momentRecord(
  context: Context,
  what: Outcome & {
    readonly id: string;
    readonly wish: Keeping;
    readonly before: MachineRecord;
    readonly running: RunningMachine | undefined;
    readonly disks: readonly DiskSpec[];
    readonly savedWith: SavedWith | undefined;
    readonly siblings?: MomentRecord["siblings"];
  },
): MomentRecord {
  const { wish, before, running, disks } = what;
  const hardware = wish.kind === "checkpoint" && running ? running.run.hardware : before.hardware;
  return {
    id: what.id,
    kind: wish.kind,
    name: wish.name ?? nameOf(context, wish.kind),
    note: wish.note ?? "",
    takenAt: nowIso(context),
    parent: before.moment,
    hardware: { ...hardware, disks: hardware.disks.map((disk) => ({ ...disk, ...frozenPart(disks.find((one) => one.id === disk.id)) })) },
    savedWith: what.savedWith,
    automatic: wish.automatic,
    byRoutine: wish.byRoutine,
    isProtected: false,
    pausedMs: what.pausedMs,
    consistency: what.consistency,
    consistencyBecause: what.consistencyBecause,
    siblings: what.siblings,
  };
}

/**
 * Whether a machine that is off has anything on its disks that its latest moment has not. One that runs always may. Cheap:
 * it looks how large the files above the latest layers are.
 */
export async function hasChangedSince({ ports }: Context, { record, running }: MachineActor): Promise<boolean> {
  if (running !== undefined || record.moment === undefined) return true;
  for (const disk of record.hardware.disks) if (!disk.readOnly && !(await isUntouched(ports, record, disk))) return true;
  return false;
}

/** It is there: the present stands on it, and everybody hears of it. */
export async function announce(context: Context, actor: MachineActor, moment: MomentRecord): Promise<void> {
  const { id } = actor.record;
  await setPresent(actor, moment.id, context);
  context.events.publish({ kind: "moment.taken", machineId: id, momentId: moment.id, moment: moment.name });
  await context.ports.machines.tell(id, moment.takenAt, `Kept: the ${moment.kind} “${moment.name}”.`);
}

/** What freezing changed of a disk, whatever else its hardware says. */
const frozenPart = (disk: DiskSpec | undefined) =>
  disk && { format: disk.format, head: undefined, storage: undefined, base: disk.base, layers: disk.layers };

export async function setPresent(actor: MachineActor, moment: string | undefined, context: Context): Promise<void> {
  const record = { ...actor.record, moment };
  await context.ports.machines.save(record);
  actor.record = record;
}

/** “Wednesday 23:04”: enough to know it again; a person's own name is better. */
function nameOf({ ports }: Context, kind: MomentKind): string {
  const date = new Date(ports.clock.nowMs());
  return `${kind} ${date.toISOString().slice(0, 16).replace("T", " ")}`;
}

/** A comfort: no picture is no reason not to keep the moment. */
export async function takePicture(context: Context, { running, record }: MachineActor, draft: StateDraft, work: LongWork): Promise<void> {
  if (running === undefined || running.run.hardware.display === "none") return;
  try {
    await draft.picture(await running.screenshot({ signal: AbortSignal.any([work.signal, AbortSignal.timeout(3000)]) }));
  } catch (error) {
    work.signal.throwIfAborted();
    context.ports.log.debug("no picture of a moment", { machineId: record.id, error: messageOf(error) });
  }
}
