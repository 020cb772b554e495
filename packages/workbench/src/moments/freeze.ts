// Freezing the disks of a machine: what they hold becomes layers that never change, and the machine goes on in fresh
// ones above. Safe at every step: a file gets its second name before the record names it, the record names the fresh
// layers before QEMU writes to them, and old names go last.
import { messageOf, type Waiting } from "@mimic/base";
import { type DiskSpec, type LayerRef, type MachineRecord, withoutFile } from "@mimic/model";
import type { Context } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { NewLayer } from "../ports/index.ts";

interface Step {
  readonly disk: DiskSpec;
  readonly layer: LayerRef;
  readonly fresh: DiskSpec;
}

export interface Frozen<T> {
  /** The disks as they were: layers, and no file of their own. */
  readonly disks: readonly DiskSpec[];
  readonly result: T;
}

/** Layers have their names, the record names the fresh ones, and QEMU has not begun to write there. */
export interface ReadyFreeze {
  readonly layers: readonly NewLayer[];
  /** The disks as they were: layers, and no file of their own. */
  readonly disks: readonly DiskSpec[];
  /** QEMU writes to the fresh layers now (or there is none): old names go. */
  commit(): Promise<void>;
  /** As before; unless QEMU has begun to write to the fresh layers all the same, which then stay. Nothing after `commit`. */
  undo(): Promise<void>;
}

export interface Freezing extends Waiting {
  /** By disk: the layer that its file is named as already (`share`); other disks are left alone. */
  readonly given?: ReadonlyMap<string, LayerRef>;
}

/**
 * `act` makes a running QEMU write to the fresh layers, once they are there; when it throws, everything is as before. Only for a
 * machine that is `occupy`d.
 */
export async function freezeDisks<T>(
  context: Context,
  actor: MachineActor,
  options: Freezing,
  act: (layers: Promise<readonly NewLayer[]>) => Promise<T>,
): Promise<Frozen<T>> {
  const readying = readyFreeze(context, actor, options);
  const layers = readying.then((ready) => ready.layers);
  layers.catch(() => {});
  let result: T;
  try {
    result = await act(layers);
  } catch (error) {
    const ready = await readying.catch(() => undefined);
    await ready?.undo();
    throw error;
  }
  const ready = await readying;
  await ready.commit();
  return { disks: ready.disks, result };
}

/** Either `commit` or `undo` must follow. On a throw everything is as before. Only for a machine that is `occupy`d. */
export async function readyFreeze(context: Context, actor: MachineActor, options: Freezing): Promise<ReadyFreeze> {
  const { ports } = context;
  const before = actor.record;
  const { given } = options;
  const steps = await planSteps(context, actor, given);
  const after = withDisks(before, steps);
  const path = (record: MachineRecord, disk: DiskSpec): string => ports.machines.filePath(record, disk);
  const removeFresh = async (): Promise<void> => {
    for (const { disk, fresh, layer } of steps) {
      await ports.machines.forgetFile(before, fresh);
      if (!given) await ports.layers.remove(layer);
      await ports.layers.thaw(path(before, disk));
    }
  };
  try {
    for (const { disk, layer, fresh } of steps) {
      await (given ? ports.layers.settle(layer) : ports.layers.freeze(path(before, disk), layer));
      const under = { path: ports.layers.path(layer), format: layer.format };
      await ports.diskTool.createOverlay(path(after, fresh), under, disk.sizeBytes, options);
    }
    await ports.machines.save(after);
  } catch (error) {
    await removeFresh();
    throw error;
  }
  const setDisks = (disks: MachineRecord["hardware"]["disks"]): void => {
    actor.record = { ...actor.record, hardware: { ...actor.record.hardware, disks } };
  };
  setDisks(after.hardware.disks);
  let isSettled = false;
  const commit = async (): Promise<void> => {
    isSettled = true;
    for (const { disk } of steps) await ports.machines.forgetFile(before, disk);
  };
  const undo = async (): Promise<void> => {
    if (isSettled) return;
    if (await writesToFresh(actor, steps)) return await commit();
    setDisks(before.hardware.disks);
    const putBack = async (): Promise<void> => {
      await ports.machines.save(actor.record);
      await removeFresh();
    };
    // On a full disk the record goes on naming the fresh layers for a while. They are empty, so what it names is whole too.
    await context.layerWork.writeDown(`freeze ${before.id}`, putBack).catch((error: unknown) => {
      ports.log.warn("a record was not put back yet", { machineId: before.id, error: messageOf(error) });
    });
  };
  const layers = steps.map(({ fresh }) => ({ diskId: fresh.id, name: fresh.head ?? "", path: path(after, fresh) }));
  return { layers, disks: after.hardware.disks.map(withoutFile), commit, undo };
}

/**
 * What QEMU does is the truth: a saving that failed at its very end has switched the disks already. Where it cannot say
 * (it is gone), the fresh layers stay: what they stand on is whole either way.
 */
async function writesToFresh({ running }: MachineActor, steps: readonly Step[]): Promise<boolean> {
  if (running === undefined || steps.length === 0) return false;
  const tops = await running.topLayers({ signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  return tops === undefined || steps.some(({ fresh }) => isTop(fresh.head, tops[fresh.id]));
}

const isTop = (head: string | undefined, top: string | undefined): boolean => top !== undefined && head?.endsWith(top) === true;

/** A machine that is off and wrote nothing since its last layer needs no new one. */
async function planSteps(
  context: Context,
  actor: MachineActor,
  given: ReadonlyMap<string, LayerRef> | undefined,
): Promise<readonly Step[]> {
  const { ports } = context;
  const steps: Step[] = [];
  const known = new Set((await ports.layers.list()).map(({ id }) => id));
  for (const disk of actor.record.hardware.disks) {
    if (disk.readOnly || (given && !given.has(disk.id))) continue;
    if (actor.running === undefined && !given && (await isUntouched(ports, actor.record, disk))) continue;
    // It goes on under the name that QEMU knows its file by, so that a daemon which comes in the middle sees what it is.
    const sameName = disk.head !== undefined && !known.has(disk.head) ? disk.head : undefined;
    const layer: LayerRef = given?.get(disk.id) ?? {
      id: sameName ?? ports.ids.make("lay"),
      format: disk.format,
      ...(disk.storage && { storage: disk.storage }),
    };
    const fresh: DiskSpec = { ...disk, format: "qcow2", head: ports.ids.make("lay"), layers: [layer, ...(disk.layers ?? [])] };
    steps.push({ disk, layer, fresh });
  }
  return steps;
}

/** Nothing was written since it stands on its latest layer. */
export async function isUntouched({ diskTool, machines }: Context["ports"], record: MachineRecord, disk: DiskSpec): Promise<boolean> {
  return disk.layers !== undefined && (await diskTool.isUntouched(machines.diskPath(record, disk.id)));
}

function withDisks(record: MachineRecord, steps: readonly Step[]): MachineRecord {
  const fresh = new Map(steps.map((step) => [step.disk.id, step.fresh]));
  return { ...record, hardware: { ...record.hardware, disks: record.hardware.disks.map((disk) => fresh.get(disk.id) ?? disk) } };
}
