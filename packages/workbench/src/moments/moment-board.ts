// Moments as everybody sees them: found by name, with what each costs and whether its memory can wake up here.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import {
  findByName,
  type HardwareSpec,
  type MomentRecord,
  type MomentRetentionView,
  type MomentRoutineView,
  type MomentView,
  memoryLacks,
} from "@mimic/model";
import type { Context } from "../context.ts";
import { findMachine } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { whyNotWakeHere } from "../templates/saved-here.ts";
import { everyHardware, layersOf } from "./layers.ts";
import { retentionView, routineView } from "./routine-verbs.ts";

const soon = () => ({ signal: AbortSignal.timeout(20_000) });

/** Oldest first; the one that a sleeping machine wakes up from is not among them. */
export async function momentsOf(context: Context, actor: MachineActor): Promise<readonly MomentRecord[]> {
  const all = await context.ports.moments.load(actor.record.id);
  return all.filter(({ id }) => id !== actor.record.asleep).sort((a, b) => (a.takenAt < b.takenAt ? -1 : 1));
}

export async function findMoment(
  context: Context,
  input: { machine: string; moment: string },
): Promise<{ readonly actor: MachineActor; readonly moment: MomentRecord } | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const all = await momentsOf(context, actor);
  // Newest first: a name that was used twice means the latest.
  const exact = all.toReversed().find((moment) => moment.name === input.moment);
  if (exact) return { actor, moment: exact };
  const found = findByName(
    all.map((moment) => ({ id: moment.id, name: moment.name, moment })),
    input.moment,
    "moment",
  );
  if (!isRefusal(found)) return { actor, moment: found.item.moment };
  return refusal(
    "moment.unknown",
    `“${actor.record.name}” has no moment called “${input.moment.slice(0, 80)}”.`,
    `See them: mimic moments ${actor.record.name}`,
  );
}

export async function listMoments(
  context: Context,
  input: { machine: string },
): Promise<{ moments: MomentView[]; routine?: MomentRoutineView; retention: MomentRetentionView } | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const [all, everything] = await Promise.all([momentsOf(context, actor), everyHardware(context)]);
  const named = countNames(everything);
  const routine = routineView(context, actor);
  const moments = await Promise.all(all.map((moment) => viewOf(context, actor, moment, named)));
  return { moments, ...(routine && { routine }), retention: retentionView(context, actor) };
}

/** How many remember each layer. Pure. */
export function countNames(everything: readonly HardwareSpec[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const hardware of everything) for (const { id } of layersOf(hardware)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

export async function viewOf(
  context: Context,
  actor: MachineActor,
  moment: MomentRecord,
  named: ReadonlyMap<string, number>,
): Promise<MomentView> {
  const { ports } = context;
  const own = layersOf(moment.hardware).filter(({ id }) => named.get(id) === 1);
  const [{ bytes, hasPicture }, ...layers] = await Promise.all([
    ports.moments.usage(actor.record.id, moment.id),
    ...own.map((layer) => ports.layers.usage(layer)),
  ]);
  return {
    id: moment.id,
    kind: moment.kind,
    name: moment.name,
    note: moment.note,
    takenAt: moment.takenAt,
    parent: moment.parent,
    automatic: moment.automatic,
    isProtected: moment.isProtected,
    pausedMs: moment.pausedMs,
    consistency: moment.consistency,
    consistencyBecause: moment.consistencyBecause,
    siblings: moment.siblings,
    sizeBytes: layers.reduce((sum, size) => sum + size, bytes),
    hasPicture,
    isPresent: actor.record.moment === moment.id,
    onlyDisksBecause: moment.savedWith && (await whyNotWakeHere(context, moment.savedWith, moment.hardware, soon())),
    memoryLacks: moment.kind === "checkpoint" ? memoryLacks(moment.hardware) : undefined,
  };
}

export async function oneView(context: Context, actor: MachineActor, moment: MomentRecord): Promise<MomentView> {
  return await viewOf(context, actor, moment, countNames(await everyHardware(context)));
}

export async function momentPicture(context: Context, input: { machine: string; moment: string }): Promise<{ png: string } | Refusal> {
  const found = await findMoment(context, input);
  if (isRefusal(found)) return found;
  const png = await context.ports.moments.picture(found.actor.record.id, found.moment.id);
  return { png: png === undefined ? "" : base64(png) };
}

/** Bounded by the picture's own bound; in pieces, because a call takes only so many arguments. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
