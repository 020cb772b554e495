// Naming, protecting and deleting moments; sleep.
import { isRefusal, type LongWork, type Refusal, refusal } from "@mimic/base";
import type { JobView, MomentRecord, MomentView } from "@mimic/model";
import { type Context, findMachine, nowIso } from "../context.ts";
import { whileRoom } from "../disks/room.ts";
import type { JobResult } from "../jobs/job-board.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { savedHere } from "../templates/saved-here.ts";
import type { MomentChange } from "../wishes.ts";
import { sweepLayers } from "./layers.ts";
import { type GivingBack, mergeLayers } from "./merge-layers.ts";
import { findMoment, oneView } from "./moment-board.ts";
import { mayNotTake, setPresent } from "./take-moment.ts";

export async function changeMoment(context: Context, wish: MomentChange): Promise<MomentView | Refusal> {
  const found = await findMoment(context, wish);
  if (isRefusal(found)) return found;
  const { actor, moment } = found;
  const changed: MomentRecord = {
    ...moment,
    name: wish.name ?? moment.name,
    note: wish.note ?? moment.note,
    isProtected: wish.isProtected ?? moment.isProtected,
    // What a person cares for is no longer Mimic's to clear away.
    automatic: wish.name !== undefined || wish.note !== undefined || wish.isProtected ? undefined : moment.automatic,
  };
  await context.ports.moments.save(actor.record.id, changed);
  context.events.publish({ kind: "moment.changed", machineId: actor.record.id, momentId: moment.id });
  return await oneView(context, actor, changed);
}

/** Gone at once; the job, where there is one, gives the room back. Or it is said why that comes later. */
export async function removeMoment(context: Context, input: { machine: string; moment: string }): Promise<GivingBack | Refusal> {
  const found = await findMoment(context, input);
  if (isRefusal(found)) return found;
  const { actor, moment } = found;
  if (moment.isProtected)
    return refusal(
      "moment.protected",
      `The moment “${moment.name}” is protected.`,
      `Take that away first: mimic moments set ${actor.record.name} “${moment.name}” --protect off`,
    );
  await actor.occupy("a moment of it is being deleted", () => takeOut(context, actor, moment));
  await sweepLayers(context);
  return await mergeLayers(context);
}

/** Those that came after it come after the one before it. Records first: a moment without a parent is still a moment. */
export async function takeOut(context: Context, actor: MachineActor, moment: MomentRecord): Promise<void> {
  const { moments } = context.ports;
  for (const other of await moments.load(actor.record.id))
    if (other.parent === moment.id) await moments.save(actor.record.id, { ...other, parent: moment.parent });
  if (actor.record.moment === moment.id) await setPresent(actor, moment.parent, context);
  await moments.remove(actor.record.id, moment.id);
  context.events.publish({ kind: "moment.removed", machineId: actor.record.id, momentId: moment.id });
}

/** Sleep: memory and devices go to the disk and the process ends; the next start goes on from there. */
export function suspendMachine(context: Context, input: { machine: string }): { job: JobView } | Refusal {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const refused = mayNotTake(actor, "checkpoint");
  if (refused) return refused;
  const title = `Put “${actor.record.name}” to sleep`;
  const job = context.jobs.run({ kind: "machine.suspend", title, subjects: [actor.record.id], cancellable: false }, (work) =>
    actor.occupy("it falls asleep", () => fallAsleep(context, actor, work)),
  );
  return { job };
}

async function fallAsleep(context: Context, actor: MachineActor, work: LongWork): Promise<JobResult> {
  const { ports } = context;
  const { running, record } = actor;
  if (running === undefined) return { words: `“${record.name}” is off.` };
  const id = ports.ids.make<"Moment">("mom");
  const draft = await ports.moments.draft(record.id, id);
  try {
    work.report({ words: "Writing its memory to the disk" });
    const wish = { statePath: draft.statePath, live: false, goOn: false, layers: [] };
    await whileRoom(context, undefined, work, (more) => running.save(wish, more));
    await draft.publish({
      id,
      kind: "checkpoint",
      name: "asleep",
      note: "",
      takenAt: nowIso(context),
      hardware: { ...running.run.hardware, disks: record.hardware.disks },
      savedWith: await savedHere(context, running.run.hardware, work),
      automatic: "asleep",
      isProtected: false,
    });
    // From here on its next start goes on from there; before, it was only paused.
    await actor.change({ ...actor.record, asleep: id }, "asleep");
  } catch (error) {
    await draft.discard();
    await running.resume({ signal: AbortSignal.timeout(5000) }).catch(() => {});
    throw error;
  }
  actor.ask({ kind: "kill" });
  await actor.until(() => actor.state.power === "stopped" || actor.state.power === "failed", AbortSignal.timeout(30_000));
  await ports.machines.tell(record.id, nowIso(context), "Fell asleep.");
  return { machine: record.id, words: `“${record.name}” sleeps. Wake it up: mimic start ${record.name}` };
}
