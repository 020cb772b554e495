// Clears away what Mimic kept before going back and before risky changes, once there is enough of it that is newer. Only
// what costs next to nothing while machines run; never what the present stands on, nor one of several that belong
// together while another of them stays.
import { isKeptBefore, type MomentRecord, type MomentRetentionView, USUAL_RETENTION, whichPass, withoutAge } from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import { decideDue } from "../due.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { sweepLayers } from "./layers.ts";
import { chainsOf, mergeLayers } from "./merge-layers.ts";
import { takeOut } from "./moment-verbs.ts";
import { planClearing } from "./plan-clearing.ts";

export type Waits = NonNullable<MomentRetentionView["waiting"]>;

/** Answers what waits; “later” = it could not be looked at now. */
export async function clearBefore(context: Context, actor: MachineActor): Promise<Waits | "later" | undefined> {
  await noteDue(context, actor);
  const wanted = await passing(context, actor);
  if (wanted.length === 0) return undefined;
  const { goes, waits } = planClearing(...(await papers(context, wanted)));
  const gone = new Set(goes);
  const cleared = await removeUnused(context, actor, () => Promise.resolve(wanted.filter(({ id }) => gone.has(id))));
  if (cleared === "later") return cleared;
  if (cleared > 0) {
    const what = cleared === 1 ? "One moment that was" : `${cleared} moments that were`;
    const words = `${what} kept by Mimic before something ${cleared === 1 ? "is" : "are"} cleared away: there are newer ones.`;
    await context.ports.machines.tell(actor.record.id, nowIso(context), words);
  }
  return waits.length === 0 ? undefined : { count: waits.length, why: "their room cannot well be given back while it runs" };
}

/**
 * Takes moments out that nobody is working with, in the machine's turn, so that nothing is refused meanwhile. Gives their
 * room back. “later” = something is being done for which they have to stay.
 */
export async function removeUnused(
  context: Context,
  actor: MachineActor,
  which: () => Promise<readonly MomentRecord[]>,
): Promise<number | "later"> {
  const count = await actor.alone(async () => {
    if (actor.heldBy !== undefined || context.layerWork.isHeld || context.wakeFrom.has(actor.record.id)) return "later" as const;
    const going = await which();
    for (const moment of going) await takeOut(context, actor, moment);
    return going.length;
  });
  if (count === "later" || count === 0) return count;
  await sweepLayers(context);
  await mergeLayers(context);
  return count;
}

/** Of one machine, oldest first, as far as what was kept together with them goes as well. */
async function passing(context: Context, actor: MachineActor): Promise<readonly MomentRecord[]> {
  const own = await passingAlone(context, actor);
  const others = new Map<string, { readonly all: ReadonlySet<string>; readonly going: ReadonlySet<string> }>();
  const lookAt = async (machineId: string) => {
    const known = others.get(machineId);
    const other = context.actors.get(machineId);
    if (known !== undefined || other === undefined) return known;
    const ids = (all: readonly MomentRecord[]) => new Set(all.map(({ id }) => id));
    const found = { all: ids(await context.ports.moments.load(machineId)), going: ids(await passingAlone(context, other)) };
    others.set(machineId, found);
    return found;
  };
  const result: MomentRecord[] = [];
  for (const moment of own) {
    const siblings = await Promise.all(
      (moment.siblings ?? []).map(async ({ machine, moment: id }) => ({ id, other: await lookAt(machine) })),
    );
    if (siblings.every(({ id, other }) => other === undefined || !other.all.has(id) || other.going.has(id))) result.push(moment);
  }
  return result;
}

async function passingAlone({ ports }: Context, { record }: MachineActor): Promise<readonly MomentRecord[]> {
  const all = await ports.moments.load(record.id);
  const nowMs = ports.clock.nowMs();
  const { pass, aged } = ages(record, all, nowMs);
  const found = new Map(all.map((moment) => [moment.id, moment]));
  return pass
    .filter((id) => id !== record.moment && id !== record.asleep)
    .map((id) => found.get(id) as MomentRecord)
    .filter(({ id, dueSince }) => !aged.has(id) || decideDue({ isDue: true, dueSince }, nowMs) === "go");
}

/** `aged`: those of `pass` that would stay if they were younger. */
function ages(
  { retention = USUAL_RETENTION }: MachineActor["record"],
  all: readonly MomentRecord[],
  nowMs: number,
): { readonly pass: readonly string[]; readonly aged: ReadonlySet<string> } {
  const kept = all.filter((moment) => isKeptBefore(moment));
  const pass = whichPass(retention, kept, nowMs);
  const surely = new Set(whichPass(withoutAge(retention), kept, nowMs));
  return { pass, aged: new Set(pass.filter((id) => !surely.has(id))) };
}

/** The clock alone says that they are old, and it may be wrong: see `decideDue`. */
async function noteDue({ ports: { moments, clock } }: Context, actor: MachineActor): Promise<void> {
  const { id: machineId } = actor.record;
  await actor.alone(async () => {
    const all = await moments.load(machineId);
    const { aged } = ages(actor.record, all, clock.nowMs());
    for (const { id, dueSince } of all) {
      const step = decideDue({ isDue: aged.has(id), dueSince }, clock.nowMs());
      if (step !== "note" && step !== "takeBack") continue;
      // Read anew: a person may have changed it meanwhile.
      const now = (await moments.load(machineId)).find((moment) => moment.id === id);
      const since = step === "note" ? new Date(clock.nowMs()).toISOString() : undefined;
      if (now) await moments.save(machineId, { ...now, dueSince: since });
    }
  });
}

/** What the plan is made of: chains that have to do with these moments, and what their layers hold. */
async function papers(context: Context, wanted: readonly MomentRecord[]): Promise<Parameters<typeof planClearing>> {
  const layers = new Map(wanted.flatMap(({ hardware }) => hardware.disks.flatMap(({ layers = [] }) => layers.map((one) => [one.id, one]))));
  const chains = (await chainsOf(context)).filter((chain) => chain.layers.some(({ id }) => layers.has(id)));
  const usage = await Promise.all([...layers.values()].map(async (layer) => [layer.id, await context.ports.layers.usage(layer)] as const));
  return [chains, wanted.map(({ id }) => id), new Map(usage)];
}
