// Makes layers one that nobody needs apart, while the machines that stand on them are off. The upper one takes in what
// the lower one holds, and only then do records forget the lower one: whenever this is cut off, every chain is whole.
import { messageOf, type Waiting } from "@mimic/base";
import type { DiskSpec, HardwareSpec } from "@mimic/model";
import type { Context } from "../context.ts";
import { sweepLayers } from "./layers.ts";
import { type Chain, type Merge, nextMerge } from "./plan-merge.ts";

const MOST_AT_ONCE = 64;

export async function mergeLayers(context: Context, options: Waiting): Promise<number> {
  if (context.unreadable > 0 || context.makingTemplates > 0) return 0;
  for (let count = 0; count < MOST_AT_ONCE; count++) {
    const merge = nextMerge(await chainsOf(context));
    if (merge === undefined) return count;
    try {
      await mergeOne(context, merge, options);
    } catch (error) {
      options.signal.throwIfAborted();
      // Nothing is lost: the chain is only longer than it need be.
      context.ports.log.warn("layers were not made one", { layer: merge.layer.id, error: messageOf(error) });
      return count;
    }
    await sweepLayers(context);
  }
  return MOST_AT_ONCE;
}

const chainOf = (disk: DiskSpec, head: string | undefined, fixed: boolean): Chain => ({ head, layers: disk.layers ?? [], fixed });

async function chainsOf(context: Context): Promise<readonly Chain[]> {
  const { ports, actors, templates, pool } = context;
  const chains: Chain[] = [];
  const add = (hardware: HardwareSpec, isFixed: boolean, ends: boolean, owner = ""): void => {
    for (const disk of hardware.disks)
      chains.push(chainOf(disk, ends ? undefined : `${owner}/${disk.id}/${disk.head ?? disk.id}`, isFixed));
  };
  for (const actor of actors.values()) {
    const inUse =
      actor.running !== undefined || actor.busy !== undefined || actor.record.asleep !== undefined || actor.state.power === "starting";
    add(actor.record.hardware, inUse, false, actor.record.id);
    for (const moment of await ports.moments.load(actor.record.id))
      add(moment.hardware, false, moment.id !== actor.record.asleep, moment.id);
  }
  for (const entry of await ports.machines.trashed()) {
    add(entry.record.hardware, true, false, entry.id);
    for (const moment of await ports.machines.trashedMoments(entry.id)) add(moment.hardware, true, true);
  }
  for (const template of templates.values()) for (const { hardware } of template.generations) add(hardware, true, true);
  for (const hardware of pool.hardware()) add(hardware, true, true);
  return chains;
}

async function mergeOne(context: Context, merge: Merge, options: Waiting): Promise<void> {
  const { ports, actors } = context;
  const head = merge.intoIsHead ? headFile(context, merge.into) : undefined;
  const disk = head?.disk ?? anyDiskWith(context, merge.layer.id);
  const upper = head
    ? { path: head.path, format: "qcow2" as const }
    : { path: ports.layers.path({ id: merge.into, format: "qcow2" }), format: "qcow2" as const };
  const below = [
    ...merge.below.map((layer) => ({ path: ports.layers.path(layer), format: layer.format })),
    ...(disk?.base ? [{ path: ports.images.path(disk.base), format: ports.images.get(disk.base)?.format ?? ("qcow2" as const) }] : []),
  ];
  await ports.diskTool.merge(upper, { path: ports.layers.path(merge.layer), format: merge.layer.format }, below, options);
  const without = (hardware: HardwareSpec): HardwareSpec => ({
    ...hardware,
    disks: hardware.disks.map((one) => ({ ...one, layers: one.layers?.filter(({ id }) => id !== merge.layer.id) })),
  });
  const names = (hardware: HardwareSpec): boolean => hardware.disks.some((one) => one.layers?.some(({ id }) => id === merge.layer.id));
  for (const actor of actors.values()) {
    for (const moment of await ports.moments.load(actor.record.id))
      if (names(moment.hardware)) await ports.moments.save(actor.record.id, { ...moment, hardware: without(moment.hardware) });
    if (!names(actor.record.hardware)) continue;
    const record = { ...actor.record, hardware: without(actor.record.hardware) };
    await ports.machines.save(record);
    actor.record = record;
  }
}

/** “machine/disk/file” back to the file. */
function headFile({ actors, ports }: Context, into: string): { readonly path: string; readonly disk: DiskSpec } | undefined {
  const [owner = "", diskId] = into.split("/");
  const record = actors.get(owner)?.record;
  const disk = record?.hardware.disks.find(({ id }) => id === diskId);
  return record && disk && { path: ports.machines.diskPath(record, disk.id), disk };
}

function anyDiskWith({ actors }: Context, layerId: string): DiskSpec | undefined {
  for (const { record } of actors.values())
    for (const disk of record.hardware.disks) if (disk.layers?.some(({ id }) => id === layerId)) return disk;
  return undefined;
}
