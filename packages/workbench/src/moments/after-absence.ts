// A daemon that was ended in the middle of freezing disks: the record may name layers that QEMU never began to write to
// (or the other way round). What QEMU does is the truth. And what was to vanish and ended meanwhile, vanishes now.
import { messageOf, type Waiting } from "@mimic/base";
import type { DiskSpec } from "@mimic/model";
import type { Context } from "../context.ts";
import { type CutOffMove, settleMoves } from "../disks/settle-moves.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { vanish } from "./power-hooks.ts";

export async function afterAbsence(
  context: Context,
  actor: MachineActor,
  options: Waiting & { readonly moves: readonly CutOffMove[] },
): Promise<void> {
  const { running, record } = actor;
  const { machines } = context.ports;
  try {
    const moves = options.moves.filter(({ machineId }) => machineId === record.id);
    if (running === undefined) await settleMoves(context, actor, moves, undefined);
    if (running === undefined) return await (record.forgets === "machine" ? vanish(context, actor) : machines.tidyDisks(actor.record));
    const tops = await running.topLayers(options);
    await settleMoves(context, actor, moves, tops);
    const disks = actor.record.hardware.disks.map((disk) => trueDisk(disk, running.run.hardware.disks, tops[disk.id]));
    const isTrue = disks.every((disk, index) => disk === actor.record.hardware.disks[index]);
    if (!isTrue) await actor.change({ ...actor.record, hardware: { ...actor.record.hardware, disks } }, "disks");
    await machines.tidyDisks(actor.record);
    // It runs: whatever it went on from, it is further by now.
    if (actor.record.wakes !== undefined) await actor.change({ ...actor.record, wakes: undefined }, "awake");
  } catch (error) {
    context.ports.log.warn("what was left of a machine's disks was not put in order", { machineId: record.id, error: messageOf(error) });
  }
}

/** `top`: the end of the name of the layer that QEMU writes to; undefined = the file it was started with. Pure. */
export function trueDisk(disk: DiskSpec, atStart: readonly DiskSpec[], top: string | undefined): DiskSpec {
  const started = atStart.find((one) => one.id === disk.id);
  // The file that it was started with: the last layer was never laid, and below it stands what the record says now.
  if (top === undefined)
    return started === undefined || started.head === disk.head
      ? disk
      : { ...disk, head: started.head, format: started.format, layers: disk.layers?.slice(1) };
  if (disk.head?.endsWith(top)) return disk;
  // QEMU writes to the layer before: the one that was laid last was never taken.
  const at = (disk.layers ?? []).findIndex((layer) => layer.id.endsWith(top));
  const below = at < 0 ? undefined : disk.layers?.[at];
  return below === undefined ? disk : { ...disk, head: below.id, format: below.format, layers: disk.layers?.slice(at + 1) };
}
