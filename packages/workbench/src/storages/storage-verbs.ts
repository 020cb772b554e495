// Naming folders on other drives for disks, looking at them, taking them away again.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { MAIN_STORAGE, readName, type StorageRecord, type StorageView } from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import { everyHardware, sweepLayers } from "../moments/layers.ts";
import { hidesDisks } from "../unreadable.ts";
import { findStorage, namesStorage } from "./find-storage.ts";

export async function listStorages(context: Context): Promise<{ storages: StorageView[] }> {
  const { ports } = context;
  const main: StorageView = {
    id: MAIN_STORAGE,
    name: MAIN_STORAGE,
    folder: ports.about.dataDirectory,
    isThere: true,
    freeBytes: (await ports.survey.survey()).diskFreeBytes,
    machines: [...context.actors.values()]
      .filter(({ record }) => record.hardware.disks.some(({ storage }) => storage === undefined))
      .map(({ record }) => record.name),
  };
  return { storages: [main, ...(await Promise.all(ports.storages.list().map((record) => viewOf(context, record))))] };
}

async function viewOf({ ports, actors }: Context, record: StorageRecord): Promise<StorageView> {
  const because = await ports.storages.whyMissing(record.id);
  return {
    id: record.id,
    name: record.name,
    folder: record.folder,
    isThere: because === undefined,
    because,
    freeBytes: because === undefined ? await ports.storages.freeBytes(record.id).catch(() => undefined) : undefined,
    machines: [...actors.values()].filter((actor) => namesStorage(actor.record.hardware, record.id)).map((actor) => actor.record.name),
  };
}

export async function addStorage(context: Context, input: { name: string; folder: string }): Promise<StorageView | Refusal> {
  const { ports, events } = context;
  const name = readName(input.name);
  if (isRefusal(name)) return name;
  if (name === MAIN_STORAGE || ports.storages.list().some((one) => one.name === name))
    return refusal("storage.name_taken", `There is a storage called “${name}” already.`, "Choose another name.");
  const record = await ports.storages.add({ id: ports.ids.make("sto"), name, folder: input.folder, addedAt: nowIso(context) });
  events.publish({ kind: "storage.added", storageId: record.id, name });
  return await viewOf(context, record);
}

export async function removeStorage(context: Context, input: { storage: string }): Promise<object | Refusal> {
  const { ports, events } = context;
  const found = findStorage(context, input.storage);
  if (isRefusal(found)) return found;
  if (found === MAIN_STORAGE)
    return refusal("storage.in_use", "“main” is the data directory itself; it stays.", "Move disks out of it instead: mimic disk move");
  await sweepLayers(context);
  // Layers of moments and templates count, and machines in the trash.
  const used = (await everyHardware(context)).filter((hardware) => namesStorage(hardware, found.id)).length;
  if (used > 0 || hidesDisks(context.unread))
    return refusal(
      "storage.in_use",
      `Disks, moments or templates still lie in “${found.name}”.`,
      `Move the disks back (mimic disk move NAME DISK main), delete the moments, and empty the trash. Who uses it: mimic storage ls`,
    );
  await ports.storages.remove(found.id);
  events.publish({ kind: "storage.removed", storageId: found.id, name: found.name });
  return {};
}

/** After a machine was forgotten while a drive of its disks was away. Only when every machine is known. */
export async function tidyStorages({ ports, actors, unread }: Context): Promise<void> {
  if (hidesDisks(unread)) return;
  const trashed = await ports.machines.trashed();
  await ports.storages.tidy(new Set([...actors.keys(), ...trashed.map(({ record }) => record.id)]));
}
