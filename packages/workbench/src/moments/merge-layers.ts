// Makes layers one that nobody needs apart: of machines that are off in a QEMU without a guest, of one that runs in its
// own. The upper one takes in what the lower one holds, and only then do records forget the lower one: whenever this is
// cut off, every chain is whole.
import { type LongWork, MimicError, messageOf } from "@mimic/base";
import type { DiskSpec, HardwareSpec, JobView } from "@mimic/model";
import type { Context } from "../context.ts";
import { RESERVE_BYTES, roomIn, roomWords, whileRoom } from "../disks/room.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { hidesDisks } from "../unreadable.ts";
import { GaveWay } from "./layer-work.ts";
import { sweepLayers } from "./layers.ts";
import { type Chain, type Merge, nextMerge } from "./plan-merge.ts";

const MOST_AT_ONCE = 64;
/** Nobody waits for it, and a guest that works shall not feel it. */
const GENTLY_BYTES_PER_SECOND = 64 * 1024 ** 2;

/** What becomes of room that nobody needs any more. */
export interface GivingBack {
  readonly job?: JobView | undefined;
  /** In words: why it comes later. */
  readonly notYet?: string | undefined;
}

/** Answers the job that does it, when there is anything to do and room to do it in. */
export async function mergeLayers(context: Context): Promise<GivingBack> {
  const { layerWork, jobs } = context;
  if (context.closing || hidesDisks(context.unread) || context.makingTemplates > 0 || layerWork.isHeld) return {};
  if (!(await isSettled(context))) return {};
  const first = nextMerge(await chainsOf(context));
  // One that is under way looks again after each step.
  const running = layerWork.job === undefined ? undefined : jobs.get(layerWork.job);
  if (running !== undefined && "state" in running) return { job: running };
  if (first === undefined) return {};
  const notYet = await whyNoRoom(context, first);
  if (notYet !== undefined) return { notYet };
  const actors = concernedBy(context, first);
  const title = `Make the disks of ${actors.map(({ record }) => `“${record.name}”`).join(", ") || "machines"} shorter`;
  const job = jobs.run({ kind: "layers.merge", title, subjects: actors.map(({ record }) => record.id) }, async (work) => {
    try {
      return { words: inWords(await mergeAll(context, work)) };
    } finally {
      layerWork.job = undefined;
    }
  });
  layerWork.job = job.id;
  return { job };
}

async function isSettled(context: Context): Promise<boolean> {
  try {
    await context.layerWork.settle();
    return true;
  } catch (error) {
    context.ports.log.warn("what became of layers is not written down yet", { error: messageOf(error) });
    lookLater(context);
    return false;
  }
}

function lookLater(context: Context): void {
  context.layerWork.unfinished = true;
  context.layerWork.lookLater(context.ports.clock, () => mergeAgain(context));
}

/** The upper one may grow by all that the lower one holds before that goes. Looked at again in a while when there is too little. */
async function whyNoRoom(context: Context, { layer, storage }: Merge): Promise<string | undefined> {
  const [needs, free] = await Promise.all([context.ports.layers.usage(layer), roomIn(context, storage)]);
  if (needs + RESERVE_BYTES <= free) return undefined;
  lookLater(context);
  return `For that up to ${roomWords(needs)} more is needed for a moment, and only ${roomWords(free)} is free. Mimic does it when there is more room.`;
}

/** After something that it gave way to. Never throws. */
export async function mergeAgain(context: Context): Promise<void> {
  if (!context.layerWork.unfinished) return;
  await mergeLayers(context).catch((error: unknown) => context.ports.log.warn("layers were not looked at", { error: messageOf(error) }));
}

const inWords = (count: number): string =>
  count === 0 ? "There is nothing to do now." : `${count} ${count === 1 ? "layer is" : "layers are"} one with the one above.`;

async function mergeAll(context: Context, work: LongWork): Promise<number> {
  const { layerWork } = context;
  layerWork.unfinished = false;
  for (let count = 0; count < MOST_AT_ONCE; count++) {
    const merge = layerWork.isHeld || context.closing ? undefined : nextMerge(await chainsOf(context));
    if (merge === undefined || (await whyNoRoom(context, merge)) !== undefined) return count;
    const concerned = new Set(concernedBy(context, merge).map(({ record }) => record.id));
    try {
      await layerWork.during(concerned, work.signal, (signal) =>
        whileRoom(context, merge.storage, { ...work, signal }, (more) => mergeOne(context, merge, more)),
      );
    } catch (error) {
      work.signal.throwIfAborted();
      layerWork.unfinished = true;
      if (error instanceof GaveWay) return count;
      // Nothing is lost: the chain is only longer than it need be.
      context.ports.log.warn("layers were not made one", { layer: merge.layer.id, error: messageOf(error) });
      if (error instanceof MimicError && error.code === "disk.chain_differs") return count;
      throw error;
    }
    await sweepLayers(context);
  }
  return MOST_AT_ONCE;
}

const namesLayer = (hardware: HardwareSpec, id: string): boolean =>
  hardware.disks.some((disk) => disk.layers?.some((layer) => layer.id === id));

/** Machines whose files it touches. (Those that only moments name can be started as well: by going back.) */
function concernedBy({ actors }: Context, merge: Merge): MachineActor[] {
  const [owner] = merge.into.split("/");
  return [...actors.values()].filter(
    ({ record }) => record.id === owner || namesLayer(record.hardware, merge.layer.id) || namesLayer(record.hardware, merge.into),
  );
}

/** Every chain that anything remembers, and what may be done with it now. */
export async function chainsOf(context: Context): Promise<readonly Chain[]> {
  const { ports, actors, templates, pool } = context;
  const chains: Chain[] = [];
  const add = (hardware: HardwareSpec, more: Omit<Chain, "head" | "layers">, owner?: string): void => {
    for (const disk of hardware.disks)
      chains.push({
        ...more,
        base: disk.base,
        layers: disk.layers ?? [],
        head: owner === undefined ? undefined : `${owner}/${disk.id}/${disk.head ?? disk.id}`,
        storage: disk.storage,
      });
  };
  for (const actor of actors.values()) {
    const { record } = actor;
    add(record.hardware, { fixed: isFixed(actor), holder: actor.running && record.id }, record.id);
    // A disk that was taken out and that the running machine still has.
    const gone = actor.running?.run.hardware.disks.filter((disk) => !record.hardware.disks.some(({ id }) => id === disk.id)) ?? [];
    add({ ...record.hardware, disks: gone }, { fixed: true });
    for (const moment of await ports.moments.load(record.id))
      add(moment.hardware, { fixed: false, moment: moment.id }, moment.id === record.asleep ? moment.id : undefined);
  }
  for (const entry of await ports.machines.trashed()) {
    add(entry.record.hardware, { fixed: true }, entry.id);
    for (const moment of await ports.machines.trashedMoments(entry.id)) add(moment.hardware, { fixed: true });
  }
  for (const template of templates.values()) for (const { hardware } of template.generations) add(hardware, { fixed: true });
  for (const hardware of pool.hardware()) add(hardware, { fixed: true });
  return chains;
}

/** Something works on it, it is in between, it sleeps, it forgets, or it stands still (then QEMU gives no file back). */
const isFixed = ({ record, heldBy, state }: MachineActor): boolean =>
  heldBy !== undefined ||
  record.asleep !== undefined ||
  record.forgets !== undefined ||
  !(state.power === "running" || state.power === "stopped" || state.power === "failed");

async function mergeOne(context: Context, merge: Merge, work: LongWork): Promise<void> {
  const { ports, actors } = context;
  const found = diskWith(context, merge);
  const { base } = merge;
  const chain = [
    merge.intoIsHead && found
      ? { path: ports.machines.diskPath(found.actor.record, found.disk.id), format: found.disk.format }
      : { path: ports.layers.path({ id: merge.into, format: "qcow2", storage: merge.storage }), format: "qcow2" as const },
    ...[merge.layer, ...merge.below].map((layer) => ({ path: ports.layers.path(layer), format: layer.format })),
    ...(base ? [{ path: ports.images.path(base), format: ports.images.get(base)?.format ?? ("qcow2" as const) }] : []),
  ];
  const running = merge.holder === undefined ? undefined : actors.get(merge.holder)?.running;
  if (merge.holder === undefined) await ports.diskTool.absorb(chain, 1, work);
  else if (running === undefined || found === undefined) throw new GaveWay();
  else {
    const into = (found.disk.layers ?? []).findIndex(({ id }) => id === merge.layer.id);
    const [upper] = chain;
    const wish = {
      diskId: found.disk.id,
      length: into + chain.length,
      into,
      through: into + 1,
      path: upper?.path ?? "",
      below: chain[2]?.path,
    };
    await running.live.absorb({ ...wish, bytesPerSecond: GENTLY_BYTES_PER_SECOND }, work);
  }
  // Once the layer is gone, nobody could tell a name that was left of it from a disk.
  for (const { record } of concernedBy(context, merge)) await ports.machines.tidyDisks(record);
  await context.layerWork.writeDown(merge.layer.id, () => forgetLayer(context, merge.layer.id));
}

/** Nobody names it any more: moments first, then machines. */
async function forgetLayer({ ports, actors }: Context, id: string): Promise<void> {
  const without = (hardware: HardwareSpec): HardwareSpec => ({
    ...hardware,
    disks: hardware.disks.map((disk) => (disk.layers ? { ...disk, layers: disk.layers.filter((layer) => layer.id !== id) } : disk)),
  });
  for (const actor of actors.values())
    await actor.alone(async () => {
      for (const moment of await ports.moments.load(actor.record.id))
        if (namesLayer(moment.hardware, id)) await ports.moments.save(actor.record.id, { ...moment, hardware: without(moment.hardware) });
      if (!namesLayer(actor.record.hardware, id)) return;
      const record = { ...actor.record, hardware: without(actor.record.hardware) };
      await ports.machines.save(record);
      actor.record = { ...actor.record, hardware: without(actor.record.hardware) };
    });
}

/** A disk whose chain has the layer: of the machine that holds it, where one does; of the one whose file takes it in, where one does. */
function diskWith({ actors }: Context, merge: Merge): { readonly actor: MachineActor; readonly disk: DiskSpec } | undefined {
  const owner = merge.intoIsHead ? merge.into.split("/")[0] : merge.holder;
  for (const actor of actors.values()) {
    if (owner !== undefined && actor.record.id !== owner) continue;
    for (const disk of actor.record.hardware.disks) if (disk.layers?.some((layer) => layer.id === merge.layer.id)) return { actor, disk };
  }
  return undefined;
}
