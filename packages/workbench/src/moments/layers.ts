// Which layers anything stands on. A layer that nothing names is removed; when one record cannot be read, none is.
import type { HardwareSpec, LayerRef } from "@mimic/model";
import type { Context } from "../context.ts";
import { hidesDisks } from "../unreadable.ts";

export const layersOf = (hardware: HardwareSpec): readonly LayerRef[] => hardware.disks.flatMap((disk) => disk.layers ?? []);

/** Every hardware that anything remembers: machines, their moments, the trash, templates, machines that wait. */
export async function everyHardware(context: Context): Promise<readonly HardwareSpec[]> {
  const { ports, actors, templates, pool } = context;
  const trashed = await ports.machines.trashed();
  const ids = [...actors.keys()];
  const moments = (await Promise.all(ids.map((id) => ports.moments.load(id)))).flat();
  const trashedMoments = (await Promise.all(trashed.map((entry) => ports.machines.trashedMoments(entry.id)))).flat();
  return [
    ...[...actors.values()].map((actor) => actor.record.hardware),
    ...moments.map((moment) => moment.hardware),
    ...trashed.map((entry) => entry.record.hardware),
    ...trashedMoments.map((moment) => moment.hardware),
    ...[...templates.values()].flatMap((template) => template.generations.map((generation) => generation.hardware)),
    ...pool.hardware(),
  ];
}

/** Removes layers that nothing names any more. Only while nobody freezes disks. */
export async function sweepLayers(context: Context): Promise<number> {
  const { ports } = context;
  if (
    context.layerWork.isHeld ||
    hidesDisks(context.unread) ||
    [...context.actors.values()].some((actor) => actor.busy !== undefined) ||
    context.makingTemplates > 0
  )
    return 0;
  const all = await ports.layers.list();
  const named = new Set((await everyHardware(context)).flatMap((hardware) => layersOf(hardware).map((layer) => layer.id)));
  const spare = all.filter((layer) => !named.has(layer.id));
  for (const layer of spare) await ports.layers.remove(layer);
  return spare.length;
}
