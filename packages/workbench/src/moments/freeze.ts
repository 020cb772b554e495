// Freezing the disks of a machine: what they hold becomes layers that never change, and the machine goes on in fresh
// ones above. Safe at every step: a file gets its second name before the record names it, the record names the fresh
// layers before QEMU writes to them, and old names go last.
import type { Waiting } from "@mimic/base";
import type { DiskSpec, LayerRef, MachineRecord } from "@mimic/model";
import type { Context } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { NewLayer } from "../ports/index.ts";

interface Step {
  readonly disk: DiskSpec;
  readonly layer: LayerRef;
  readonly fresh: DiskSpec;
}

/** A qcow2 file with nothing in it takes less than this. */
const EMPTY_BYTES = 300 * 1024;

export interface Frozen<T> {
  /** The disks as they were: layers, and no file of their own. */
  readonly disks: readonly DiskSpec[];
  readonly result: T;
}

/** `act` makes a running QEMU write to the fresh layers; when it throws, everything is as before. Only for a machine that is `occupy`d. */
export async function freezeDisks<T>(
  context: Context,
  actor: MachineActor,
  options: Waiting,
  act: (layers: readonly NewLayer[]) => Promise<T>,
): Promise<Frozen<T>> {
  const { ports } = context;
  const before = actor.record;
  const steps = await planSteps(context, actor);
  const after = withDisks(before, steps);
  const path = (record: MachineRecord, disk: DiskSpec): string => ports.machines.filePath(record, disk.head ?? disk.id, disk.format);
  const undo = async (): Promise<void> => {
    for (const { fresh, layer } of steps) {
      await ports.machines.forgetFile(before, fresh.head ?? "");
      await ports.layers.remove(layer);
    }
  };
  try {
    for (const { disk, layer, fresh } of steps) {
      await ports.layers.freeze(path(before, disk), layer);
      await ports.diskTool.createOverlay(
        path(after, fresh),
        { path: ports.layers.path(layer), format: layer.format },
        disk.sizeBytes,
        options,
      );
    }
    await ports.machines.save(after);
  } catch (error) {
    await undo();
    throw error;
  }
  actor.record = { ...actor.record, hardware: { ...actor.record.hardware, disks: after.hardware.disks } };
  let result: T;
  try {
    result = await act(steps.map(({ fresh }) => ({ diskId: fresh.id, name: fresh.head ?? "", path: path(after, fresh) })));
  } catch (error) {
    actor.record = { ...actor.record, hardware: { ...actor.record.hardware, disks: before.hardware.disks } };
    await ports.machines.save(actor.record);
    await undo();
    throw error;
  }
  for (const { disk } of steps) await ports.machines.forgetFile(before, disk.head ?? disk.id);
  return { disks: after.hardware.disks.map((disk) => ({ ...disk, head: undefined })), result };
}

/** A machine that is off and wrote nothing since its last layer needs no new one. */
async function planSteps(context: Context, actor: MachineActor): Promise<readonly Step[]> {
  const { ports } = context;
  const steps: Step[] = [];
  for (const disk of actor.record.hardware.disks) {
    if (disk.readOnly) continue;
    const isEmpty = disk.layers !== undefined && (await ports.diskTool.usage(ports.machines.diskPath(actor.record, disk.id))) < EMPTY_BYTES;
    if (isEmpty && actor.running === undefined) continue;
    const layer: LayerRef = { id: ports.ids.make("lay"), format: disk.format };
    const fresh: DiskSpec = { ...disk, format: "qcow2", head: ports.ids.make("lay"), layers: [layer, ...(disk.layers ?? [])] };
    steps.push({ disk, layer, fresh });
  }
  return steps;
}

function withDisks(record: MachineRecord, steps: readonly Step[]): MachineRecord {
  const fresh = new Map(steps.map((step) => [step.disk.id, step.fresh]));
  return { ...record, hardware: { ...record.hardware, disks: record.hardware.disks.map((disk) => fresh.get(disk.id) ?? disk) } };
}
