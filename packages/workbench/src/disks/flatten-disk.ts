// Flattening: a disk takes in all that it stands on, and depends on nothing afterwards. While the machine runs, by its
// own QEMU and without its noticing. Moments keep what they stand on.
import { isRefusal, type LongWork, type Refusal, refusal } from "@mimic/base";
import type { DiskSpec, JobView } from "@mimic/model";
import type { Context } from "../context.ts";
import type { JobResult } from "../jobs/job-board.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { sweepLayers } from "../moments/layers.ts";
import type { DiskWish } from "../wishes.ts";
import { type FoundDisk, findDiskForWork, numberOf, tooLittleRoom } from "./find-disk.ts";
import { RESERVE_BYTES, roomIn, roomWords, whileRoom } from "./room.ts";

export async function flattenDisk(context: Context, wish: DiskWish): Promise<{ job: JobView } | Refusal> {
  const found = findDiskForWork(context, wish);
  if (isRefusal(found)) return found;
  const { actor, disk, chain } = found;
  const title = `Make disk ${numberOf(actor, disk)} of “${actor.record.name}” independent`;
  if (chain.length < 2)
    return refusal("disk.stands_alone", `This disk of “${actor.record.name}” stands on nothing else already.`, "There is nothing to do.");
  const short = await isShort(context, found, title);
  if (short) return short;
  const job = context.jobs.run({ kind: "disk.flatten", title, subjects: [actor.record.id] }, (work) =>
    actor.occupy("a disk of it is being made independent", () => flatten(context, found, wish, work), { apart: true }),
  );
  return { job };
}

/** It may grow by all that lies under it, at most to its own size. A guest that then finds no room would stand still. */
async function isShort(context: Context, { disk, chain }: FoundDisk, what: string): Promise<Refusal | undefined> {
  const [own = 0, ...below] = await Promise.all(chain.map(({ path }) => context.ports.diskTool.usage(path)));
  const most = Math.min(
    below.reduce((sum, bytes) => sum + bytes, 0),
    Math.max(0, disk.sizeBytes - own),
  );
  const free = await roomIn(context, disk.storage);
  return most + RESERVE_BYTES <= free ? undefined : tooLittleRoom(what, roomWords(most), roomWords(free));
}

async function flatten(context: Context, { actor, disk }: FoundDisk, wish: DiskWish, work: LongWork): Promise<JobResult> {
  const { ports } = context;
  // A merge may have made the chain shorter while this waited for it to give way.
  const chain = ports.machines.plan(actor.record).files.disks[disk.id] ?? [];
  const through = chain.length - 1;
  const { bytesPerSecond } = wish;
  const words = `Disk ${numberOf(actor, disk)} of “${actor.record.name}” depends on nothing else now.`;
  // A try before was done all the same, and only now found the room to be written down.
  if (through < 1) return { machine: actor.record.id, words };
  await whileRoom(context, disk.storage, work, async (more) => {
    if (actor.running === undefined) return await ports.diskTool.absorb(chain, through, { ...more, bytesPerSecond });
    const all = { into: 0, through, length: chain.length, path: chain[0]?.path ?? "", below: undefined, bytesPerSecond };
    await actor.running.live.absorb({ diskId: disk.id, ...all }, more);
  });
  const { head } = actor.record.hardware.disks.find(({ id }) => id === disk.id) ?? disk;
  const alone = (one: DiskSpec): DiskSpec => standsAlone(one, head);
  await context.layerWork.writeDown(disk.id, () => setDisk(actor, disk.id, alone, "a disk depends on nothing now"));
  await sweepLayers(context);
  return { machine: actor.record.id, words };
}

/** `head`: what has taken in all below it. It may be frozen itself by now, or the disk may have gone elsewhere. Pure. */
export function standsAlone(disk: DiskSpec, head: string | undefined): DiskSpec {
  if (disk.head === head) return { ...disk, base: undefined, layers: undefined };
  const at = disk.layers?.findIndex(({ id }) => id === head) ?? -1;
  return at < 0 ? disk : { ...disk, base: undefined, layers: disk.layers?.slice(0, at + 1) };
}

/** The latest record with one disk changed, in the machine's turn. */
export const setDisk = (actor: MachineActor, diskId: string, change: (disk: DiskSpec) => DiskSpec, what: string): Promise<void> =>
  actor.alone(async () => {
    const { record } = actor;
    const disks = record.hardware.disks.map((one) => (one.id === diskId ? change(one) : one));
    await actor.change({ ...record, hardware: { ...record.hardware, disks } }, what);
  });
