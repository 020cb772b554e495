// A disk's own file goes elsewhere: into another storage, or into a fresh file in the same one that takes less room.
// Whole or absent at every step:
//
//   journal → copy under a draft's name → both are the same → final name → record → the new one is written to → the old one goes
//
// While the machine runs, every write goes to both from the third step on, so either is right whatever is cut off.
import { isRefusal, type LongWork, type Refusal, refusal } from "@mimic/base";
import { type DiskSpec, type JobView, MAIN_STORAGE } from "@mimic/model";
import type { Context } from "../context.ts";
import type { JobResult } from "../jobs/job-board.ts";
import { sweepLayers } from "../moments/layers.ts";
import { findStorage, storageName, whyStorageAway } from "../storages/find-storage.ts";
import type { DiskMoveWish } from "../wishes.ts";
import { type FoundDisk, findDiskForWork, numberOf, tooLittleRoom } from "./find-disk.ts";
import { setDisk } from "./flatten-disk.ts";
import { RESERVE_BYTES, roomIn, roomWords, whileRoom } from "./room.ts";

export async function moveDisk(context: Context, wish: DiskMoveWish): Promise<{ job: JobView } | Refusal> {
  const found = findDiskForWork(context, wish);
  if (isRefusal(found)) return found;
  const to = findStorage(context, wish.to);
  if (isRefusal(to)) return to;
  const { actor, disk } = found;
  const target = to === MAIN_STORAGE ? undefined : to.id;
  const there = `disk ${numberOf(actor, disk)} of “${actor.record.name}”`;
  if (target === disk.storage && !wish.flatten)
    return refusal(
      "disk.there_already",
      `The file of ${there} lies in “${storageName(context, target)}” already.`,
      "There is nothing to do.",
    );
  const away = (await whyStorageAway(context, [disk.storage, target])) ?? (await isShort(context, found, target, wish.flatten === true));
  if (away) return away;
  const title = `Move ${there} to “${storageName(context, target)}”`;
  const words = `The file of ${there} lies in “${storageName(context, target)}” now.`;
  const job = context.jobs.run({ kind: "disk.move", title, subjects: [actor.record.id] }, (work) =>
    actor.occupy("a disk of it is being moved", () => swap(context, found, { ...wish, storage: target, words }, work), { apart: true }),
  );
  return { job };
}

async function isShort(
  context: Context,
  { disk, chain, actor }: FoundDisk,
  storage: string | undefined,
  whole: boolean,
): Promise<Refusal | undefined> {
  const sizes = await Promise.all(chain.map(({ path }) => context.ports.diskTool.usage(path)));
  const most = Math.min(disk.sizeBytes, whole ? sizes.reduce((sum, bytes) => sum + bytes, 0) : (sizes[0] ?? 0));
  const free = await roomIn(context, storage);
  return most + RESERVE_BYTES <= free ? undefined : tooLittleRoom(`Moving disk ${numberOf(actor, disk)}`, roomWords(most), roomWords(free));
}

export interface Swap {
  /** Undefined = the data directory. */
  readonly storage: string | undefined;
  /** Take in all that it stands on as well. */
  readonly flatten?: boolean | undefined;
  /** Nothing of what its own file holds: only for a machine that is off and forgets. */
  readonly isEmpty?: boolean | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly words: string;
}

/** The disk goes on in a new file; only for a machine that is occupied. */
export async function swap(context: Context, { actor, disk: { id } }: FoundDisk, to: Swap, work: LongWork): Promise<JobResult> {
  const { ports } = context;
  const before = actor.record.hardware.disks.find((one) => one.id === id);
  if (before === undefined) throw new Error("the disk went away");
  const under = to.flatten ? { base: undefined, layers: undefined } : { base: before.base, layers: before.layers };
  const after: DiskSpec = { ...before, ...under, format: "qcow2", head: ports.ids.make("lay"), storage: to.storage };
  const entry = await ports.journal.begin({ op: "disk.move", machineId: actor.record.id, before, after });
  let isSet = false;
  const settle = async (): Promise<void> => {
    await ports.machines.settleFile(actor.record, after);
    isSet = true;
    await setDisk(actor, id, (one) => ({ ...one, ...placeOf(after) }), `the place of a disk`);
  };
  try {
    await whileRoom(context, to.storage, work, (more) => copyOver(context, { actor, before, after, to }, settle, more));
  } catch (error) {
    // What failed may have failed after the change: then it is done.
    if (!(isSet && (await writesTo(actor, after)))) {
      if (isSet) await setDisk(actor, id, (one) => ({ ...one, ...placeOf(before) }), `the place of a disk`);
      await ports.machines.forgetFile(actor.record, after);
      await entry.close();
      throw error;
    }
  }
  await ports.machines.forgetFile(actor.record, before);
  await entry.close();
  await sweepLayers(context);
  return { machine: actor.record.id, words: to.words };
}

async function writesTo({ running }: FoundDisk["actor"], { id, head }: DiskSpec): Promise<boolean> {
  const tops = await running?.topLayers({ signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  const top = tops?.[id];
  return top !== undefined && head?.endsWith(top) === true;
}

/** What of a disk says where its bytes are. */
export const placeOf = ({ head, format, storage, base, layers }: DiskSpec) => ({ head, format, storage, base, layers });

async function copyOver(
  { ports }: Context,
  { actor, before, after, to }: { actor: FoundDisk["actor"]; before: DiskSpec; after: DiskSpec; to: Swap },
  settle: () => Promise<void>,
  work: LongWork,
): Promise<void> {
  const [own, ...below] = ports.machines.plan(actor.record).files.disks[before.id] ?? [];
  if (own === undefined) throw new Error("the disk has no file");
  const path = await ports.machines.draftFile(actor.record, after);
  const { bytesPerSecond } = to;
  const under = to.flatten ? undefined : below[0];
  if (actor.running === undefined && !to.isEmpty) {
    if (to.flatten) await ports.diskTool.copy([own, ...below], { path, format: "qcow2" }, work);
    else await ports.diskTool.rewrite([own, ...below], path, { ...work, bytesPerSecond });
    return await settle();
  }
  if (under) await ports.diskTool.createOverlay(path, under, before.sizeBytes, work);
  else await ports.diskTool.createEmpty(path, "qcow2", before.sizeBytes, work);
  if (actor.running === undefined) return await settle();
  const move = { diskId: before.id, name: after.head ?? "", path, isWhole: under === undefined, bytesPerSecond, atReady: settle };
  await actor.running.live.moveDisk(move, work);
}
