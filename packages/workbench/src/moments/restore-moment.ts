// Going back to a moment: in place (the present is kept first, whatever it is), or as a machine of its own.
//
//   keep the present ───────────────────────────────────┬─► end the process ─► (checkpoint) go on from its memory
//   fresh disks over the moment's layers, a process ────┘
import { isRefusal, type LongWork, MimicError, messageOf, type Refusal } from "@mimic/base";
import { type JobView, type MachineRecord, type MomentKind, type MomentRecord, type Name, whyNotSave, withoutFile } from "@mimic/model";
import { type Context, freeName, nowIso } from "../context.ts";
import { giveIdentity, identityInWords } from "../disposables/identity.ts";
import type { JobResult } from "../jobs/job-board.ts";
import { adoptNew, newActor, publish } from "../machines/create-machine.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { bringUp } from "../machines/power-verbs.ts";
import { freeMac } from "../networks/nic-verbs.ts";
import { generationOf } from "../templates/follow.ts";
import { dropCards, raise, withoutCards } from "../templates/instance.ts";
import { whyNotWakeHere } from "../templates/saved-here.ts";
import { findMoment } from "./moment-board.ts";
import { type NextPresent, nextPresent } from "./next-present.ts";
import { restoreNote } from "./settle-restore.ts";
import { isRunning, keep, mayNotTake } from "./take-moment.ts";

const isOff = (actor: MachineActor): boolean => actor.state.power === "stopped" || actor.state.power === "failed";

export async function restoreMoment(
  context: Context,
  input: { machine: string; moment: string; as?: string | undefined; disksOnly?: boolean | undefined },
): Promise<{ job: JobView } | Refusal> {
  const found = await findMoment(context, input);
  if (isRefusal(found)) return found;
  const { actor, moment } = found;
  if (input.as !== undefined) return asMachine(context, actor, moment, input.as);
  const refused = mayNotTake(actor, "snapshot");
  if (refused) return refused;
  const title = `Go back to “${moment.name}” in “${actor.record.name}”`;
  const job = context.jobs.run({ kind: "moment.restore", title, subjects: [actor.record.id], cancellable: false }, (work) =>
    goBack(context, actor, moment, input.disksOnly === true, work).finally(() => context.routines.look(actor.record.id)),
  );
  return { job };
}

/** What became of going back, when the disks are there again and nothing runs yet. */
export interface PutBack {
  readonly wasOn: boolean;
  /** Its next start goes on from the moment's memory. */
  readonly wakes: boolean;
  /** Why not, where that was to be expected. */
  readonly because: string | undefined;
}

async function goBack(
  context: Context,
  actor: MachineActor,
  moment: MomentRecord,
  disksOnly: boolean,
  work: LongWork,
): Promise<JobResult | Refusal> {
  const { name } = actor.record;
  // The moment's layers are about to be named by the machine.
  using _ = await context.layerWork.hold();
  await using note = restoreNote(context, moment.name, [actor]);
  const ran = isRunning(actor);
  const back = await actor.occupy(`it goes back to “${moment.name}”`, async () => {
    await stillThere(context, actor, moment);
    await using next = nextPresent(context, actor, { moment, disksOnly, ahead: actor.running !== undefined }, work);
    const whenKept = () => note.begin([{ actor, moment }]);
    await keep(context, actor, { kind: kindOfPresent(actor), ...presentWords(moment), thenEnds: true, whenKept }, work);
    try {
      return await replacePresent(context, actor, next, work);
    } catch (error) {
      if (ran) await actor.running?.resume({ signal: AbortSignal.timeout(5000) }).catch(() => {});
      throw error;
    }
  });
  const words = `“${name}” is back at “${moment.name}”`;
  if (!back.wakes && !back.wasOn) return { machine: actor.record.id, words: `${words}; it is off.` };
  const up = await letGoOn(context, actor, work);
  if (isRefusal(up)) return up;
  const switchedOn = `${words}; it was switched on${back.because ? `, because ${back.because}` : ""}.`;
  return { machine: actor.record.id, words: back.wakes ? `${words} and went on from there.` : switchedOn };
}

export const kindOfPresent = ({ running }: MachineActor): MomentKind =>
  running && whyNotSave(running.run.hardware, running.run.growth) === undefined ? "checkpoint" : "snapshot";

export const presentWords = ({ name }: Pick<MomentRecord, "name">) => ({
  name: `before “${name.slice(0, 60)}”`,
  automatic: "before going back",
});

/** It may have been deleted while others were waited for. */
export async function stillThere({ ports }: Context, { record }: MachineActor, moment: MomentRecord): Promise<void> {
  if ((await ports.moments.load(record.id)).some(({ id }) => id === moment.id)) return;
  throw new MimicError("moment.unknown", `The moment “${moment.name}” of “${record.name}” was deleted meanwhile.`, {
    hint: `See what there is: mimic moments ${record.name}`,
  });
}

/** The present is kept already. Only while the machine is occupied. */
export async function replacePresent(context: Context, actor: MachineActor, next: NextPresent, work: LongWork): Promise<PutBack> {
  const { moment } = next;
  const { id } = actor.record;
  const wasOn = !isOff(actor);
  work.report({ words: "Putting the disks back" });
  const { wakes, because } = await next.made;
  actor.ask({ kind: "kill" });
  await actor.until(() => isOff(actor), AbortSignal.timeout(30_000));
  await putBack(context, actor, next, wakes);
  if (wakes) context.wakeFrom.set(id, { moment: moment.id, process: await next.takeProcess() });
  context.events.publish({ kind: "moment.restored", machineId: id, momentId: moment.id });
  await context.ports.machines.tell(id, nowIso(context), `Went back to “${moment.name}”.`);
  return { wasOn, wakes, because };
}

/** Starts it: from the moment's memory where that was said. */
export async function letGoOn(context: Context, actor: MachineActor, work: LongWork): Promise<Refusal | undefined> {
  try {
    const up = await bringUp(actor, "usable", work);
    return isRefusal(up) ? up : undefined;
  } finally {
    const from = context.wakeFrom.get(actor.record.id);
    context.wakeFrom.delete(actor.record.id);
    await from?.process?.[Symbol.asyncDispose]();
  }
}

/** The record names the fresh files before the old ones go. */
async function putBack(context: Context, actor: MachineActor, next: NextPresent, wakes: boolean): Promise<void> {
  const { ports } = context;
  const { moment, hardware } = next;
  const before = actor.record;
  const origin = generationOf(context, before, hardware.disks);
  next.claimDisks();
  await actor.change({ ...before, hardware, moment: moment.id, origin, wakes: wakes ? moment.id : undefined }, "went back to a moment");
  await ports.moments.restoreFiles(before.id, moment.id);
  const named = new Set(hardware.disks.map((disk) => disk.head ?? disk.id));
  for (const disk of before.hardware.disks)
    if (!named.has(disk.head ?? disk.id) && !disk.readOnly) await ports.machines.forgetFile(before, disk);
}

/** The moment as a machine of its own; the old one goes on as it is. */
function asMachine(context: Context, actor: MachineActor, moment: MomentRecord, wanted: string): { job: JobView } | Refusal {
  const name = freeName(context, wanted);
  if (isRefusal(name)) return name;
  context.reserved.add(name);
  const title = `Make “${name}” of the moment “${moment.name}”`;
  const job = context.jobs.run({ kind: "machine.create", title, subjects: [name, actor.record.id] }, async (work) => {
    try {
      using _ = await context.layerWork.hold();
      const why = moment.savedWith && (await whyNotWakeHere(context, moment.savedWith, moment.hardware, work));
      return moment.kind === "checkpoint" && why === undefined
        ? await goOnAs(context, actor, moment, name, work)
        : await layAs(context, actor, moment, name, why, work);
    } finally {
      context.reserved.delete(name);
    }
  });
  return { job };
}

function recordAs(context: Context, actor: MachineActor, moment: MomentRecord, name: Name, goesOn: boolean): MachineRecord {
  const { ports } = context;
  const nics = moment.hardware.nics.map((nic) => {
    if (goesOn) return { ...nic, network: null };
    const id = ports.ids.make("nic") as string;
    return { ...nic, id, mac: freeMac(context, id) };
  });
  const disks = moment.hardware.disks.map((disk) => ({ ...withoutFile(disk), format: "qcow2" as const }));
  return {
    ...actor.record,
    id: ports.ids.make<"MachineId">("mch"),
    name,
    createdAt: nowIso(context),
    hardware: { ...moment.hardware, nics, disks },
    moment: undefined,
    routine: undefined,
    asleep: undefined,
    wakes: undefined,
  };
}

async function goOnAs(context: Context, actor: MachineActor, moment: MomentRecord, name: Name, work: LongWork): Promise<JobResult> {
  const { ports } = context;
  const record = recordAs(context, actor, moment, name, true);
  const resume = { statePath: ports.moments.statePath(actor.record.id, moment.id) };
  const files = (id: string) => ports.moments.lendFiles(actor.record.id, moment.id, id);
  const raised = await raise(context, record, { files, resume }, work);
  try {
    const own = await becomeItself(context, raised.running.agent, name, work);
    await dropCards(raised, work);
    const final = withoutCards(record);
    await raised.publish(final);
    const made = newActor(context, final);
    context.events.publish({ kind: "machine.created", machineId: final.id, name });
    made.takeOver(raised.running);
    await ports.machines.tell(final.id, final.createdAt, `Made of the moment “${moment.name}” of “${actor.record.name}”. ${own}`);
    return { machine: final.id, words: `“${name}” runs: it went on from “${moment.name}”. ${own}` };
  } catch (error) {
    await raised.discard();
    throw error;
  }
}

/** Two that went on from one memory must not stay the same; where the guest does not help, that is said. */
async function becomeItself(
  context: Context,
  agent: import("../ports/index.ts").GuestAgent | undefined,
  name: string,
  work: LongWork,
): Promise<string> {
  const { ports } = context;
  const warning = "It still has the random numbers, the machine id and the keys of the machine that it was made of.";
  if (agent === undefined) return warning;
  try {
    const options = { signal: AbortSignal.any([work.signal, AbortSignal.timeout(15_000)]) };
    await agent.waitUntilReady(options);
    const identity = { name, nowMs: ports.clock.nowMs() };
    return identityInWords(await giveIdentity(agent, identity, { ...options, random: ports.random, helper: ports.reseedProgram }));
  } catch (error) {
    work.signal.throwIfAborted();
    ports.log.warn("a copy kept the identity of its origin", { name, error: messageOf(error) });
    return warning;
  }
}

async function layAs(
  context: Context,
  actor: MachineActor,
  moment: MomentRecord,
  name: Name,
  why: string | undefined,
  work: LongWork,
): Promise<JobResult> {
  const { ports } = context;
  const record = recordAs(context, actor, moment, name, false);
  await publish(context, record, work, async (draft) => {
    const chains = ports.machines.plan(record, { draft: true }).files.disks;
    for (const disk of record.hardware.disks) {
      const under = chains[disk.id]?.[1];
      const path = draft.diskPath(disk.id, "qcow2");
      if (under) await ports.diskTool.createOverlay(path, under, disk.sizeBytes, work);
      else await ports.diskTool.createEmpty(path, "qcow2", disk.sizeBytes, work);
    }
    await ports.moments.lendFiles(actor.record.id, moment.id, record.id);
  });
  adoptNew(context, record, `Made of the moment “${moment.name}” of “${actor.record.name}”.`);
  return {
    machine: record.id,
    words: `“${name}” is made of the disks of “${moment.name}”${why ? ` (not of its memory: ${why})` : ""}. Start it: mimic start ${name}`,
  };
}
