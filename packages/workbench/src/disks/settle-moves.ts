// Disks whose move was cut off with the daemon. Of a machine that runs, its QEMU says which file it writes to; of one that
// is off, the record does, which was written only when both files were the same. The other file goes.
import { DiskSpec } from "@mimic/model";
import type { Context } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { JournalEntry } from "../ports/index.ts";
import { placeOf } from "./move-disk.ts";

export interface CutOffMove {
  readonly machineId: string;
  readonly before: DiskSpec;
  readonly after: DiskSpec;
}

/** What the journal holds was written by us, and is read as what anybody could have written. */
export function cutOffMoves(entries: readonly { readonly entry: JournalEntry }[]): readonly CutOffMove[] {
  return entries.flatMap(({ entry }) => {
    if (entry.op !== "disk.move") return [];
    const [before, after] = [DiskSpec.safeParse(entry.before), DiskSpec.safeParse(entry.after)];
    return before.success && after.success ? [{ machineId: entry.machineId, before: before.data, after: after.data }] : [];
  });
}

/** `tops`: by disk the end of the name of the layer that QEMU writes to; undefined = the machine is off. */
export async function settleMoves(
  { ports }: Context,
  actor: MachineActor,
  moves: readonly CutOffMove[],
  tops: Readonly<Record<string, string | undefined>> | undefined,
): Promise<void> {
  for (const { before, after } of moves) {
    const { record } = actor;
    const disk = record.hardware.disks.find(({ id }) => id === before.id);
    if (disk === undefined) continue;
    const top = tops?.[disk.id];
    const isThere = tops === undefined ? disk.head === after.head : top !== undefined && after.head?.endsWith(top) === true;
    const right = isThere ? after : before;
    if (disk.head !== right.head || disk.storage !== right.storage) {
      const disks = record.hardware.disks.map((one) => (one === disk ? { ...one, ...placeOf(right) } : one));
      await actor.change({ ...record, hardware: { ...record.hardware, disks } }, "the place of a disk");
    }
    await ports.machines.forgetFile(record, isThere ? before : after);
  }
}
