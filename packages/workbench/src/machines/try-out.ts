// “Same disk, other computer”, tried first: a machine for once with other hardware, whose disks are thin layers over the
// very files of the machine that is tried for. Those files are not written to (they get a second name, and the machine
// is not started meanwhile), and whatever the system does to itself on the strange hardware goes when the trial stops.
import { isRefusal, type LongWork, MimicError, type Refusal, refusal } from "@mimic/base";
import { type DiskSpec, type HardwareSpec, type JobView, type LayerRef, type MachineRecord, type Name, withoutFile } from "@mimic/model";
import { type Context, findMachine, nowIso, takenNames } from "../context.ts";
import type { JobResult } from "../jobs/job-board.ts";
import { freezeDisks } from "../moments/freeze.ts";
import { freshDisks } from "../moments/fresh-disks.ts";
import { freeMac } from "../networks/nic-verbs.ts";
import type { TryWish } from "../workbench.ts";
import { adoptNew, publish } from "./create-machine.ts";
import { decideStart } from "./decide-start.ts";
import type { MachineActor } from "./machine-actor.ts";
import { planChange } from "./plan-change.ts";
import { bringUp } from "./power-verbs.ts";
import { writeSeeds } from "./write-seeds.ts";

export async function tryOut(context: Context, wish: TryWish): Promise<{ job: JobView } | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const { record } = actor;
  const refused = mayNotTry(actor);
  if (refused) return refused;
  const plan = planChange({
    name: record.name,
    facts: { wanted: record.hardware },
    wish,
    newId: (prefix) => context.ports.ids.make(prefix),
  });
  if (isRefusal(plan)) return plan;
  const short = decideStart(record.name, plan.hardware, await context.ports.survey.survey());
  if (short) return short;
  const name = freeTrialName(context, record.name);
  const notices = plan.changes.map(({ what, why }) => `${what}: ${why}`).join(" ");
  context.reserved.add(name);
  const job = context.jobs.run(
    { kind: "machine.try", title: `Try “${record.name}” on another computer`, subjects: [record.id] },
    async (work) => {
      try {
        return await attempt(context, actor, { name, hardware: plan.hardware, notices }, work);
      } finally {
        context.reserved.delete(name);
      }
    },
  );
  return { job };
}

function mayNotTry({ record, state, heldBy }: MachineActor): Refusal | undefined {
  const { name } = record;
  if (state.power !== "stopped" && state.power !== "failed")
    return refusal(
      "machine.must_be_off",
      `“${name}” is ${state.power}; its disks can be tried in another computer only while nobody writes to them.`,
      `Shut it down first: mimic stop ${name}`,
    );
  if (record.forgets)
    return refusal(
      "moment.of_disposable",
      `“${name}” forgets what it writes; there is nothing to try.`,
      `Keep it first: mimic keep ${name}`,
    );
  if (record.asleep)
    return refusal(
      "machine.asleep",
      `“${name}” sleeps: its memory and its disks belong together.`,
      `Wake it up and shut it down first: mimic start ${name}`,
    );
  if (heldBy !== undefined) return refusal("machine.busy", `“${name}” is busy: ${heldBy}.`, "Wait until that is done, or end the trial.");
  return undefined;
}

interface Trial {
  readonly name: Name;
  readonly hardware: HardwareSpec;
  readonly notices: string;
}

async function attempt(context: Context, source: MachineActor, trial: Trial, work: LongWork): Promise<JobResult> {
  const { ports } = context;
  const from = source.record.name;
  const record = await trialRecord(context, source.record, trial, work);
  // Alone: nothing else begins to work on its disks between the second name and the record that holds them.
  await source.occupy("its disks are being lent to a trial", () =>
    publish(context, record, work, async (draft) => {
      for (const [n, disk] of source.record.hardware.disks.entries()) {
        const layer = record.hardware.disks[n]?.layers?.[0];
        if (layer) await ports.layers.share(ports.machines.diskPath(source.record, disk.id), layer);
      }
      await freshDisks(context, record, { ...work, draft: true });
      await writeSeeds(context, record, draft);
      await draft.nvramFrom(source.record.id);
    }).then(() => adoptNew(context, record, `A trial of “${from}” on other hardware; it vanishes when it stops.`)),
  );
  const actor = context.actors.get(record.id) as MachineActor;
  try {
    const up = await bringUp(actor, "usable", work);
    if (isRefusal(up)) throw new MimicError(up.code, up.why, { hint: up.hint });
  } catch (error) {
    work.signal.throwIfAborted();
    const why = error instanceof MimicError ? error.message : String(error);
    throw new MimicError("machine.trial_failed", `The trial did not work: ${why}`, {
      hint: context.actors.has(record.id)
        ? `“${from}” itself is unchanged. The trial still runs: look at its screen, or end it with mimic kill ${trial.name}`
        : `“${from}” itself is unchanged.`,
      cause: error,
    });
  }
  return {
    machine: record.id,
    words: `It works: “${trial.name}” is usable on the other hardware, and “${from}” is as it was. The trial vanishes when it stops: mimic stop ${trial.name}`,
    notices: trial.notices,
  };
}

/** The same disks, by the same serial numbers, one empty layer further up; cards with addresses of their own. */
async function trialRecord(context: Context, source: MachineRecord, { name, hardware }: Trial, work: LongWork): Promise<MachineRecord> {
  const { ports } = context;
  const disks = hardware.disks.map((disk): DiskSpec => {
    const layer: LayerRef = { id: ports.ids.make("lay"), format: disk.format, ...(disk.storage && { storage: disk.storage }) };
    return { ...withoutFile(disk), format: "qcow2", readOnly: false, keeps: undefined, layers: [layer, ...(disk.layers ?? [])] };
  });
  const nics = hardware.nics.map((nic) => {
    const id = ports.ids.make("nic") as string;
    return { ...nic, id, mac: freeMac(context, id) };
  });
  return {
    ...source,
    id: ports.ids.make<"MachineId">("mch"),
    name,
    createdAt: nowIso(context),
    note: `A trial of “${source.name}” on other hardware.`,
    hardware: await ports.hypervisor.pin({ ...hardware, disks, nics }, work),
    forgets: "machine",
    tries: source.id,
    moment: undefined,
    asleep: undefined,
    wakes: undefined,
  };
}

/**
 * A trial that is to stay: the files that it shares with the machine that it was tried for become layers of both, which
 * nobody writes to any more. Does nothing when that machine is gone.
 */
export async function keepTrial(context: Context, trial: MachineRecord, options: { readonly signal: AbortSignal }): Promise<void> {
  const source = trial.tries === undefined ? undefined : context.actors.get(trial.tries);
  if (!source) return;
  const given = new Map(trial.hardware.disks.flatMap((disk) => (disk.layers?.[0] ? [[disk.id, disk.layers[0]] as const] : [])));
  await source.alone(() => freezeDisks(context, source, { ...options, given }, async () => {}));
}

function freeTrialName(context: Context, name: string): Name {
  const taken = takenNames(context);
  for (let n = 1; ; n++) {
    const candidate = `${name.slice(0, 50)}-try${n === 1 ? "" : n}` as Name;
    if (!taken.has(candidate)) return candidate;
  }
}
