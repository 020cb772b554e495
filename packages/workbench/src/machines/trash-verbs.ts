// Removing goes through the trash: back for a week, gone for ever only when asked for or expired.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { findByName, type MachineView, type Name, type TrashView } from "@mimic/model";
import { type Context, findMachine, nextFree, nowIso } from "../context.ts";
import { decideDue, NOTED_MS } from "../due.ts";
import { sweepLayers } from "../moments/layers.ts";
import type { TrashedMachine } from "../ports/index.ts";
import { newActor } from "./create-machine.ts";
import { machineView } from "./view.ts";

export const KEPT_DAYS = 7;
const expiryOf = (trashedAt: string) => Date.parse(trashedAt) + KEPT_DAYS * 24 * 3600 * 1000;

export async function removeMachine(context: Context, input: { machine: string }): Promise<TrashView | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const { record, state } = actor;
  if (state.power !== "stopped" && state.power !== "failed") {
    return refusal(
      "machine.must_be_off",
      `“${record.name}” is ${state.power}; only a machine that is off can be removed.`,
      `Shut it down first: mimic stop ${record.name} (or mimic kill ${record.name})`,
    );
  }
  await context.layerWork.makeWay(record.id);
  const job = context.jobs.workingOn(record.id);
  if (job && job !== context.layerWork.job)
    return refusal(
      "machine.busy",
      `Something works on “${record.name}” right now.`,
      `See what: mimic jobs. To stop it: mimic jobs cancel ${job}`,
    );
  // From here on nobody finds it: two removals at once cannot both begin.
  context.actors.delete(record.id);
  try {
    await actor.release();
    const entry = await context.ports.journal.begin({ op: "machine.trash", machineId: record.id });
    const trashed = await context.ports.machines.trash(record.id);
    await entry.close();
    context.events.publish({ kind: "machine.trashed", machineId: record.id, name: record.name });
    return trashView(trashed);
  } catch (error) {
    context.actors.set(record.id, actor);
    throw error;
  }
}

const trashView = ({ id, record, trashedAt, dueSince }: TrashedMachine): TrashView => ({
  id,
  name: record.name,
  machineId: record.id,
  trashedAt,
  expiresAt: new Date(dueSince === undefined ? expiryOf(trashedAt) : Date.parse(dueSince) + NOTED_MS).toISOString(),
  diskBytes: 0,
});

export async function listTrash(context: Context): Promise<{ trash: TrashView[] }> {
  const trash = (await context.ports.machines.trashed()).map(trashView);
  return { trash: trash.sort((a, b) => (a.trashedAt < b.trashedAt ? 1 : -1)) };
}

async function findEntry(context: Context, wanted: string): Promise<TrashedMachine | Refusal> {
  // Newest first, so that a name that was used twice means the latest.
  const entries = [...(await context.ports.machines.trashed())].reverse();
  const exact = entries.find((entry) => entry.record.name === wanted);
  if (exact) return exact;
  const found = findByName(
    entries.map((entry) => ({ id: entry.id, name: entry.record.name as string, entry })),
    wanted,
    "trash entry",
  );
  if (!isRefusal(found)) return found.item.entry;
  return refusal("trash.unknown", `There is nothing called “${wanted.slice(0, 80)}” in the trash.`, "See what is there: mimic trash ls");
}

export async function restoreMachine(context: Context, input: { entry: string }): Promise<MachineView | Refusal> {
  const entry = await findEntry(context, input.entry);
  if (isRefusal(entry)) return entry;
  const { machines, journal } = context.ports;
  const open = await journal.begin({ op: "machine.restore", trashId: entry.id });
  let record = await machines.restore(entry.id);
  const name = nextFree(context, record.name) as Name;
  if (name !== record.name) {
    record = { ...record, name };
    await machines.save(record);
  }
  await open.close();
  const actor = newActor(context, record, { power: "stopped", because: "brought back from the trash", at: nowIso(context) });
  context.events.publish({ kind: "machine.restored", machineId: record.id, name: record.name });
  return await machineView(context, actor);
}

export async function forgetMachine(context: Context, input: { entry: string }): Promise<object | Refusal> {
  const entry = await findEntry(context, input.entry);
  if (isRefusal(entry)) return entry;
  await forget(context, entry);
  await sweepLayers(context);
  return {};
}

export async function emptyTrash(context: Context): Promise<{ forgotten: number }> {
  const entries = await context.ports.machines.trashed();
  for (const entry of entries) await forget(context, entry);
  await sweepLayers(context);
  return { forgotten: entries.length };
}

/** At the start and then every hour: what has been in the trash for a week is noted as due, and goes a day later. */
export async function forgetExpired(context: Context): Promise<void> {
  const { clock, machines } = context.ports;
  let hasForgotten = false;
  for (const entry of await machines.trashed()) {
    const { id, trashedAt, dueSince } = entry;
    const step = decideDue({ isDue: expiryOf(trashedAt) < clock.nowMs(), dueSince }, clock.nowMs());
    if (step === "note") await machines.noteDue(id, nowIso(context));
    if (step === "takeBack") await machines.noteDue(id, undefined);
    if (step !== "go") continue;
    await forget(context, entry);
    hasForgotten = true;
  }
  if (hasForgotten) await sweepLayers(context);
}

async function forget(context: Context, entry: TrashedMachine): Promise<void> {
  const open = await context.ports.journal.begin({ op: "machine.forget", trashId: entry.id });
  await context.ports.machines.forget(entry.id);
  await open.close();
  context.events.publish({ kind: "machine.forgotten", machineId: entry.record.id, name: entry.record.name });
}
