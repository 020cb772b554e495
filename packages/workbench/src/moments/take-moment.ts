// Keeping a moment: disks (snapshot), or disks, memory and devices (checkpoint); of a running machine without its
// noticing. What cannot be kept is refused before anything is done.
import { isRefusal, type LongWork, messageOf, type Refusal, refusal } from "@mimic/base";
import { type JobView, type MachineRecord, type MomentKind, type MomentRecord, whyNotSave } from "@mimic/model";
import { type Context, findMachine, nowIso } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { StateDraft } from "../ports/index.ts";
import { savedHere } from "../templates/saved-here.ts";
import type { MomentWish } from "../wishes.ts";
import { freezeDisks } from "./freeze.ts";

export function takeMoment(context: Context, wish: MomentWish): { job: JobView } | Refusal {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const refused = mayNotTake(actor, wish.kind);
  if (refused) return refused;
  const title = `Keep a ${wish.kind} of “${actor.record.name}”`;
  const job = context.jobs.run({ kind: `moment.${wish.kind}`, title, subjects: [actor.record.id] }, async (work) => {
    const moment = await actor.occupy("a moment of it is being kept", () => keep(context, actor, wish, work));
    const pause = moment.pausedMs === undefined ? "" : ` It stood still for ${Math.max(1, Math.round(moment.pausedMs))} ms.`;
    return {
      moment: moment.id,
      name: moment.name,
      words: `The ${moment.kind} “${moment.name}” of “${actor.record.name}” is kept.${pause}`,
    };
  });
  return { job };
}

export function mayNotTake({ record, state, running }: MachineActor, kind: MomentKind): Refusal | undefined {
  const { name } = record;
  if (record.forgets)
    return refusal("moment.of_disposable", `“${name}” is disposable: nothing of it shall stay.`, `Keep it first: mimic keep ${name}`);
  if (record.asleep)
    return refusal(
      "machine.asleep",
      `“${name}” sleeps: its memory and its disks belong together.`,
      `Wake it up first: mimic start ${name}`,
    );
  if (state.power === "starting" || state.power === "stopping")
    return refusal("machine.in_between", `“${name}” is ${state.power}.`, "Wait until it runs or is off, then try again.");
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

/** Only while the machine is occupied. */
export async function keep(
  context: Context,
  actor: MachineActor,
  wish: { readonly kind: MomentKind; readonly name?: string | undefined; readonly note?: string | undefined; readonly automatic?: string },
  work: LongWork,
): Promise<MomentRecord> {
  const { ports } = context;
  const id = ports.ids.make<"Moment">("mom");
  const entry = await ports.journal.begin({ op: "moment.take", machineId: actor.record.id });
  const draft = await ports.moments.draft(actor.record.id, id);
  try {
    await takePicture(context, actor, draft, work);
    const before = actor.record;
    work.report({ words: wish.kind === "checkpoint" ? "Keeping memory and devices" : "Keeping the disks" });
    const savedWith = wish.kind === "checkpoint" ? await savedHere(context, work) : undefined;
    const { disks, result } = await freezeDisks(context, actor, work, async (layers) => {
      await draft.keepFiles(before.id);
      if (actor.running === undefined) return undefined;
      if (wish.kind === "snapshot") return (await actor.running.layDisks(layers, work)).pausedMs;
      return (await actor.running.save({ statePath: draft.statePath, live: true, goOn: true, layers }, work)).pausedMs;
    });
    const hardware = wish.kind === "checkpoint" && actor.running ? actor.running.run.hardware : before.hardware;
    const moment: MomentRecord = {
      id,
      kind: wish.kind,
      name: wish.name ?? nameOf(context, wish.kind),
      note: wish.note ?? "",
      takenAt: nowIso(context),
      parent: before.moment,
      hardware: { ...hardware, disks: hardware.disks.map((disk) => ({ ...disk, ...frozenPart(disks.find((one) => one.id === disk.id)) })) },
      savedWith,
      automatic: wish.automatic,
      isProtected: false,
      pausedMs: result,
    };
    await draft.publish(moment);
    await setPresent(actor, moment.id, context);
    context.events.publish({ kind: "moment.taken", machineId: before.id, momentId: id, moment: moment.name });
    await ports.machines.tell(before.id, moment.takenAt, `Kept: the ${moment.kind} “${moment.name}”.`);
    return moment;
  } catch (error) {
    await draft.discard();
    throw error;
  } finally {
    await entry.close();
  }
}

/** What freezing changed of a disk, whatever else its hardware says. */
const frozenPart = (disk: MachineRecord["hardware"]["disks"][number] | undefined) =>
  disk && { format: disk.format, head: undefined, layers: disk.layers };

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
async function takePicture(context: Context, { running, record }: MachineActor, draft: StateDraft, work: LongWork): Promise<void> {
  if (running === undefined || running.run.hardware.display === "none") return;
  try {
    await draft.picture(await running.screenshot({ signal: AbortSignal.any([work.signal, AbortSignal.timeout(3000)]) }));
  } catch (error) {
    work.signal.throwIfAborted();
    context.ports.log.debug("no picture of a moment", { machineId: record.id, error: messageOf(error) });
  }
}
