// Machines that follow their template: at each start their system begins with the newest generation, and only disks of
// their own stay. Ordinary machines stay where they are until somebody renews them: what they wrote is kept first.
import { isRefusal, type LongWork, MimicError, type Refusal, refusal, type Waiting } from "@mimic/base";
import {
  type DiskSpec,
  type Generation,
  type HardwareSpec,
  type JobView,
  type MachineRecord,
  newest,
  type TemplateRecord,
} from "@mimic/model";
import { type Context, findMachine, nowIso } from "../context.ts";
import type { JobResult } from "../jobs/job-board.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { writeSeeds } from "../machines/write-seeds.ts";
import { sweepLayers } from "../moments/layers.ts";
import { keep, mayNotTake } from "../moments/take-moment.ts";
import { whyDamaged } from "./find-template.ts";
import { onKnownBoard } from "./known-board.ts";
import { disksOf, isOwn, movedHardware } from "./plan-move.ts";

/**
 * Before a start: a machine that follows its template gets the newest generation's system. Its files come before its record. Its
 * system begins anew, so a board that this QEMU has given up is no loss.
 */
export async function moveToNewest(context: Context, actor: MachineActor, options: Waiting): Promise<void> {
  const { record } = actor;
  if (record.forgets !== "disks") return;
  const now = record.origin && context.templates.get(record.origin.template);
  const damaged = now && whyDamaged(context, now, newest(now));
  // Beginning anew is being made anew.
  if (damaged) throw new MimicError(damaged.code, damaged.why, { hint: damaged.hint });
  const found = newerThan(context, record);
  if (found === undefined) {
    const known = await onKnownBoard(context, record, options);
    if (known.words === "") return;
    await actor.change(known.record, "a board that is known here");
    return await context.ports.machines.tell(record.id, nowIso(context), `Begins anew.${known.words}`);
  }
  const { template, generation } = found;
  const moved = { ...record, hardware: hardwareOn(record, template, generation) };
  const { record: onBoard, words } = await onKnownBoard(context, moved, options);
  const { hardware } = onBoard;
  const before = new Set(hardware.disks.map(({ id }) => id));
  await context.ports.templates.filesFor(template.id, generation.number, record.id, "machine");
  await actor.change(
    { ...record, hardware, origin: { template: template.id, generation: generation.number } },
    `generation ${generation.number} of “${template.name}”`,
  );
  await writeSeeds(context, actor.record);
  for (const disk of record.hardware.disks) if (!before.has(disk.id)) await context.ports.machines.forgetFile(record, disk);
  await context.ports.machines.tell(
    record.id,
    nowIso(context),
    `Follows its template: begins with generation ${generation.number} of “${template.name}”.${words}`,
  );
  await sweepLayers(context);
}

/** The newest generation of its template, when it stands on another one. */
function newerThan(
  context: Context,
  { origin }: MachineRecord,
): { readonly template: TemplateRecord; readonly generation: Generation } | undefined {
  const template = origin && context.templates.get(origin.template);
  const generation = template && newest(template);
  return generation && generation.number !== origin.generation ? { template, generation } : undefined;
}

function hardwareOn({ hardware, origin }: MachineRecord, template: TemplateRecord, generation: Generation): HardwareSpec {
  const from = template.generations.find(({ number }) => number === origin?.generation)?.hardware;
  return movedHardware({ mine: hardware, from, to: generation.hardware, ofTemplate: disksOf(template) });
}

/** An ordinary machine gets the newest generation's system. What it has now is kept as a snapshot first, and one can go back to it. */
export function renewMachine(context: Context, input: { machine: string }): { job: JobView } | Refusal {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const refused = mayNotRenew(context, actor);
  if (refused) return refused;
  const found = newerThan(context, actor.record);
  if (found === undefined) throw new Error("refused before");
  const { template, generation } = found;
  const title = `Move “${actor.record.name}” to generation ${generation.number} of “${template.name}”`;
  const job = context.jobs.run(
    { kind: "machine.renew", title, subjects: [actor.record.id, template.id], cancellable: false },
    async (work) => await actor.occupy("it is being moved to a newer template", () => renew(context, actor, template, generation, work)),
  );
  return { job };
}

function mayNotRenew(context: Context, actor: MachineActor): Refusal | undefined {
  const { record, state } = actor;
  const { name } = record;
  const template = record.origin && context.templates.get(record.origin.template);
  if (template === undefined)
    return refusal(
      "template.not_from_one",
      record.origin ? `The template that “${name}” was made from is gone.` : `“${name}” was not made from a template.`,
      "Make another one from a template that is there: mimic template ls",
    );
  if (record.forgets)
    return refusal(
      "template.follows_already",
      `“${name}” follows its template: it begins with the newest generation at each start anyway.`,
      `Start it anew: mimic restart ${name}`,
    );
  if (newerThan(context, record) === undefined)
    return refusal(
      "template.newest_already",
      `“${name}” stands on generation ${newest(template).number} of “${template.name}”, the newest.`,
      `Make a newer one of the machine that it is made of: mimic template MACHINE ${template.name}`,
    );
  const refused = whyDamaged(context, template, newest(template)) ?? mayNotTake(actor, "snapshot");
  if (refused) return refused;
  if (state.power === "stopped" || state.power === "failed") return undefined;
  return refusal(
    "machine.must_be_off",
    `“${name}” is ${state.power}; its system cannot be exchanged under it.`,
    `Shut it down first: mimic stop ${name}`,
  );
}

async function renew(
  context: Context,
  actor: MachineActor,
  template: TemplateRecord,
  generation: Generation,
  work: LongWork,
): Promise<JobResult> {
  const { ports } = context;
  using _ = await context.layerWork.hold();
  const kept = await keep(
    context,
    actor,
    { kind: "snapshot", name: `before generation ${generation.number} of ${template.name}`.slice(0, 80), automatic: "before renewing" },
    work,
  );
  const before = actor.record;
  const own = disksOf(template);
  const fresh = (disk: DiskSpec): DiskSpec =>
    isOwn(disk, own) || disk.readOnly ? disk : { ...disk, head: ports.ids.make<"Layer">("lay") };
  const moved = hardwareOn(before, template, generation);
  const record: MachineRecord = {
    ...before,
    hardware: { ...moved, disks: moved.disks.map(fresh) },
    origin: { template: template.id, generation: generation.number },
  };
  const chains = ports.machines.plan(record).files.disks;
  for (const disk of record.hardware.disks) {
    const [file, under] = chains[disk.id] ?? [];
    if (isOwn(disk, own) || disk.readOnly || !file || !under) continue;
    await ports.diskTool.createOverlay(file.path, under, disk.sizeBytes, work);
  }
  await ports.templates.filesFor(template.id, generation.number, record.id, "machine");
  await actor.change(record, `generation ${generation.number} of “${template.name}”`);
  await writeSeeds(context, record);
  const named = new Set(record.hardware.disks.map((disk) => disk.head ?? disk.id));
  for (const disk of before.hardware.disks) if (!named.has(disk.head ?? disk.id)) await ports.machines.forgetFile(before, disk);
  await ports.machines.tell(record.id, nowIso(context), `Moved to generation ${generation.number} of “${template.name}”.`);
  return {
    machine: record.id,
    moment: kept.id,
    words: `“${record.name}” stands on generation ${generation.number} of “${template.name}” now. What it was before is kept: mimic restore ${record.name} ${kept.id}`,
  };
}

/** Which generation these disks stand on: one can go back to a moment from before a move. */
export function generationOf(context: Context, { origin }: MachineRecord, disks: readonly DiskSpec[]): MachineRecord["origin"] {
  const generations = origin && context.templates.get(origin.template)?.generations;
  if (generations === undefined) return origin;
  const under = new Set(disks.flatMap(({ layers }) => (layers ?? []).map(({ id }) => id)));
  const tops = ({ hardware }: Generation): string[] => hardware.disks.flatMap(({ layers }) => layers?.[0]?.id ?? []);
  const found = generations.findLast((one) => tops(one).length > 0 && tops(one).every((id) => under.has(id)));
  return found && origin ? { ...origin, generation: found.number } : origin;
}
