// Storages by name, and what is said when the drive of one is not there.
import { isRefusal, MimicError, type Refusal, refusal } from "@mimic/base";
import { type DiskSpec, findByName, type HardwareSpec, MAIN_STORAGE, type StorageRecord } from "@mimic/model";
import type { Context } from "../context.ts";

export function findStorage({ ports }: Context, wanted: string): StorageRecord | typeof MAIN_STORAGE | Refusal {
  if (wanted === MAIN_STORAGE) return MAIN_STORAGE;
  const entries = ports.storages.list().map((record) => ({ id: record.id, name: record.name as string, record }));
  const found = findByName(entries, wanted, "storage");
  if (!isRefusal(found)) return found.item.record;
  return refusal(
    "storage.unknown",
    `There is no storage called “${wanted.slice(0, 80)}”.`,
    "See what there is: mimic storage ls. Name a folder on another drive: mimic storage add NAME FOLDER",
  );
}

export const storageName = ({ ports }: Context, id: string | undefined): string =>
  id === undefined ? MAIN_STORAGE : (ports.storages.get(id)?.name ?? id);

const storagesOf = (disk: DiskSpec): readonly (string | undefined)[] => [
  disk.storage,
  ...(disk.layers ?? []).map(({ storage }) => storage),
];

/** Undefined = all of them are there. */
export async function whyStorageAway({ ports }: Context, ids: readonly (string | undefined)[]): Promise<Refusal | undefined> {
  for (const id of new Set(ids)) {
    if (id === undefined) continue;
    const why = await ports.storages.whyMissing(id);
    if (why === undefined) continue;
    const record = ports.storages.get(id);
    return refusal(
      "storage.away",
      `The storage “${record?.name ?? id}”${record ? ` (${record.folder})` : ""} is not there now: ${why}.`,
      "Plug its drive in or mount it, then try again. Nothing that lies in it is lost.",
    );
  }
  return undefined;
}

/** Whether all that a machine's disks are made of is there. */
export const whyDisksAway = (context: Context, hardware: HardwareSpec): Promise<Refusal | undefined> =>
  whyStorageAway(context, hardware.disks.flatMap(storagesOf));

/** As `whyDisksAway`, where a refusal is no answer any more. */
export async function needDisks(context: Context, hardware: HardwareSpec): Promise<void> {
  const refused = await whyDisksAway(context, hardware);
  if (refused) throw new MimicError(refused.code, refused.why, { hint: refused.hint });
}

/** What lies in it: machines, their moments and templates that name it. */
export const namesStorage = (hardware: HardwareSpec, id: string): boolean => hardware.disks.some((disk) => storagesOf(disk).includes(id));
