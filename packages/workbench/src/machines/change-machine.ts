// Renaming, and changing what a machine is made of. The record gets the whole wish first and is the truth from then on;
// what a running machine can take now is done to it right after, and what it cannot (or will not) waits for its next start.
import { formatSize, isRefusal, MimicError, messageOf, mib, quoted, type Refusal, type ReportProgress, refusal } from "@mimic/base";
import type { HardwareChangeReport, ImageRecord, MachineRecord, MachineView } from "@mimic/model";
import { type Context, findMachine, freeName } from "../context.ts";
import { findImage } from "../images/acquire.ts";
import { keepBefore } from "../moments/keep-before.ts";
import type { ChangeWish } from "../workbench.ts";
import { carryOut } from "./live-steps.ts";
import type { MachineActor } from "./machine-actor.ts";
import { type ChangePlan, type LiveStep, planChange } from "./plan-change.ts";
import { machineView } from "./view.ts";

export type ChangedMachine = MachineView & { changes: HardwareChangeReport[] };

const waiting = () => ({ signal: AbortSignal.timeout(60_000) });

export async function changeMachine(
  context: Context,
  wish: ChangeWish,
  report: ReportProgress = () => {},
): Promise<ChangedMachine | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  // One change at a time: each begins from what the one before has left.
  if (touchesDisks(wish) && actor.busy !== undefined && context.jobs.workingOn(actor.record.id) !== undefined)
    return refusal("machine.busy", `“${actor.record.name}” is busy: ${actor.busy}.`, "Wait until that is done: mimic jobs");
  if (touchesDisks(wish)) await context.layerWork.makeWay(actor.record.id);
  const changes = await actor.alone(() => changeAlone(context, actor, wish, report));
  return isRefusal(changes) ? changes : { ...(await machineView(context, actor)), changes };
}

async function changeAlone(
  context: Context,
  actor: MachineActor,
  wish: ChangeWish,
  report: ReportProgress,
  kept?: HardwareChangeReport,
): Promise<HardwareChangeReport[] | Refusal> {
  const { power } = actor.state;
  if (touchesHardware(wish) && (power === "starting" || power === "stopping"))
    return refusal(
      `machine.still_${power}`,
      `“${actor.record.name}” is just ${power === "starting" ? "being switched on" : "shutting down"}; its hardware can be changed in a moment.`,
      "Wait until it runs or is off, then try again.",
    );
  if (wish.growDisk && !actor.running && actor.heldBy !== undefined)
    return refusal("machine.busy", `“${actor.record.name}” is busy: ${actor.heldBy}.`, "Grow its disk when that is done.");
  let record = actor.record;
  const what: string[] = [];
  if (wish.name !== undefined && wish.name !== record.name) {
    const name = freeName(context, wish.name);
    if (isRefusal(name)) return name;
    what.push(`name (it was ${quoted(record.name)})`);
    record = { ...record, name };
  }
  if (wish.note !== undefined) {
    record = { ...record, note: wish.note };
    what.push("note");
  }
  const { running } = actor;
  const image = diskImage(context, wish);
  if (isRefusal(image)) return image;
  const plan = planChange({
    name: record.name,
    facts: { wanted: record.hardware, runs: running?.run },
    wish,
    forgets: record.forgets,
    image,
    newId: (prefix) => context.ports.ids.make(prefix),
  });
  if (isRefusal(plan)) return plan;
  const short = await tooMuch(context, actor, wish);
  if (short) return short;
  record = { ...record, hardware: plan.hardware };
  what.push(...plan.changes.map((change) => change.what));
  if (what.length === 0) return [];
  if (kept === undefined) {
    const before = await keepBefore(context, actor, wish, { ...waiting(), report });
    // Its disks stand on new layers: everything is planned anew from there.
    if (before) return await changeAlone(context, actor, wish, report, before);
  }
  const first = kept ? [kept] : [];
  await prepareFiles(context, actor, record, plan);
  // Network cards are changed by others meanwhile, each in its own turn: the latest count.
  record = { ...record, hardware: { ...record.hardware, nics: actor.record.hardware.nics } };
  await finish(context, actor, record, what);
  if (!running) return [...first, ...plan.changes.map(({ what, why }): HardwareChangeReport => ({ what, when: "live", why }))];
  return [...first, ...(await applyLive(context, actor, plan, report))];
}

const touchesHardware = ({ machine: _, name: _name, note: _note, ...rest }: ChangeWish): boolean =>
  Object.values(rest).some((value) => value !== undefined);

const touchesDisks = ({ growDisk, limitDisk, removeDisk, addDisk }: ChangeWish): boolean =>
  [growDisk, limitDisk, removeDisk, addDisk].some((value) => value !== undefined);

/** What a new disk is laid over, when an image was named; else it needs a size. */
function diskImage(context: Context, { addDisk }: ChangeWish): ImageRecord | Refusal | undefined {
  if (addDisk === undefined) return undefined;
  if (addDisk.image === undefined)
    return addDisk.sizeBytes === undefined
      ? refusal(
          "disk.needs_size",
          "A new disk needs a size, or an image that it is laid over.",
          "Say how large it shall be, for example 10G.",
        )
      : undefined;
  const image = findImage(context, addDisk.image);
  if (isRefusal(image) || image.kind === "disk") return image;
  return refusal(
    "drive.wrong_medium",
    `“${image.name}” is a ${image.kind} image, not one of a disk.`,
    "Choose an image of the kind disk: mimic image ls",
  );
}

/** More memory for a running machine has to be there on this computer. */
async function tooMuch(context: Context, actor: MachineActor, wish: ChangeWish): Promise<Refusal | undefined> {
  const wanted = wish.hardware?.memoryMiB;
  const has = actor.running?.run.hardware.memoryMiB;
  if (wanted === undefined || has === undefined || wanted <= has) return undefined;
  const room = await context.ports.survey.survey();
  const free = Math.max(0, room.memoryFreeBytes - room.memoryBytes * 0.1);
  if (mib(wanted - has) <= free) return undefined;
  return refusal(
    "host.memory_short",
    `“${actor.record.name}” would need ${formatSize(mib(wanted - has))} more, and this computer can give ${formatSize(free)} without running short itself.`,
    "Stop another machine, or ask for less.",
  );
}

/** New files before the record that names them: a crash between leaves a spare file, never a missing disk. */
async function prepareFiles(context: Context, actor: MachineActor, record: MachineRecord, plan: ChangePlan): Promise<void> {
  const { diskTool, images, machines } = context.ports;
  for (const { step } of plan.changes) {
    if (step?.do === "plugDisk" && step.disk.base !== undefined) {
      const base = { path: images.path(step.disk.base), format: images.get(step.disk.base)?.format ?? "qcow2" };
      await diskTool.createOverlay(machines.diskPath(record, step.disk.id), base, step.disk.sizeBytes, waiting());
    } else if (step?.do === "plugDisk")
      await diskTool.createEmpty(machines.diskPath(record, step.disk.id), step.disk.format, step.disk.sizeBytes, waiting());
    if (step?.do === "growDisk" && !actor.running)
      await diskTool.grow(machines.diskPath(record, step.disk.id), step.disk.format, step.disk.sizeBytes, waiting());
  }
}

async function finish(context: Context, actor: MachineActor, record: MachineRecord, what: string[]): Promise<void> {
  const before = actor.record;
  await actor.change(record, what.join(", "));
  if (before.name !== record.name)
    context.events.publish({ kind: "machine.renamed", machineId: record.id, from: before.name, to: record.name });
  // Its name is what other machines call it by.
  if (before.name !== record.name) await context.networks.refresh(record.hardware.nics.map(({ network }) => network));
  await context.ports.machines.tell(record.id, new Date(context.ports.clock.nowMs()).toISOString(), `Changed: ${what.join(", ")}.`);
}

async function applyLive(context: Context, actor: MachineActor, plan: ChangePlan, report: ReportProgress): Promise<HardwareChangeReport[]> {
  const reports: HardwareChangeReport[] = [];
  for (const { what, when, why, step } of plan.changes) {
    if (step === undefined || !isForNow(when, step)) {
      reports.push({ what, when: when === "now" ? "live" : "later", why });
      continue;
    }
    try {
      report({ words: what });
      const words = await carryOut(context, actor, step, report);
      reports.push({ what, when: when === "now" ? "live" : "later", why: words ?? why });
    } catch (error) {
      reports.push({ what, when: "later", why: error instanceof MimicError ? `${error.message} ${error.hint}` : messageOf(error) });
    }
    await actor.noteRun();
  }
  // The record was told of before; this is for who watches what the machine has now.
  context.events.publish({ kind: "machine.changed", machineId: actor.record.id, what: "what it has while it runs" });
  return reports;
}

/** The file of a disk that a guest sees grow only at power-on grows now all the same: QEMU has it open. */
const isForNow = (when: "now" | "afterRestart", step: LiveStep): boolean => when === "now" || step.do === "growDisk";
