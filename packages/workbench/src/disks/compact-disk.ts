// Compacting: room that a disk's file takes for nothing is given back. Of a machine that is off, the file is written anew
// without what is only zeros; of one that runs, its guest is asked to say what it does not use (discard).
import { formatSize, isRefusal, type LongWork, MimicError, type Refusal } from "@mimic/base";
import type { JobView } from "@mimic/model";
import type { Context } from "../context.ts";
import type { JobResult } from "../jobs/job-board.ts";
import type { DiskWish } from "../wishes.ts";
import { type FoundDisk, findDiskForWork, numberOf, tooLittleRoom } from "./find-disk.ts";
import { swap } from "./move-disk.ts";
import { RESERVE_BYTES, roomIn, roomWords } from "./room.ts";

/** The guest's agent answers in this time or not at all; trimming a large disk takes longer. */
const AGENT_MS = 10_000;
const TRIM_MS = 600_000;

export async function compactDisk(context: Context, wish: DiskWish): Promise<{ job: JobView } | Refusal> {
  const found = findDiskForWork(context, wish);
  if (isRefusal(found)) return found;
  const { actor, disk, chain } = found;
  const title = `Compact disk ${numberOf(actor, disk)} of “${actor.record.name}”`;
  if (actor.running === undefined) {
    const needs = await context.ports.diskTool.usage(chain[0]?.path ?? "");
    const free = await roomIn(context, disk.storage);
    if (needs + RESERVE_BYTES > free) return tooLittleRoom(title, roomWords(needs), roomWords(free));
  }
  const job = context.jobs.run({ kind: "disk.compact", title, subjects: [actor.record.id] }, (work) =>
    actor.running === undefined
      ? actor.occupy("a disk of it is being compacted", () => rewrite(context, found, wish, work), { apart: true })
      : trim(context, found, work),
  );
  return { job };
}

const usageOf = ({ ports }: Context, { actor, disk }: FoundDisk): Promise<number> =>
  ports.diskTool.usage(ports.machines.diskPath(actor.record, disk.id));

async function rewrite(context: Context, found: FoundDisk, { bytesPerSecond }: DiskWish, work: LongWork): Promise<JobResult> {
  const before = await usageOf(context, found);
  const result = await swap(context, found, { storage: found.disk.storage, bytesPerSecond, words: "" }, work);
  return { ...result, words: savedWords(found, before, await usageOf(context, found)) };
}

const savedWords = ({ actor, disk }: FoundDisk, before: number, after: number): string =>
  `The file of disk ${numberOf(actor, disk)} of “${actor.record.name}” takes ${formatSize(after)} now${after < before ? `, ${formatSize(before - after)} less` : ", as before"}.`;

async function trim(context: Context, found: FoundDisk, work: LongWork): Promise<JobResult> {
  const { actor } = found;
  const { name } = actor.record;
  const agent = actor.running?.agent;
  const before = await usageOf(context, found);
  work.report({ words: "Asking the guest what it does not use" });
  try {
    if (agent === undefined) throw new Error("it has no channel for one");
    await agent.waitUntilReady({ signal: AbortSignal.any([work.signal, AbortSignal.timeout(AGENT_MS)]) });
  } catch (error) {
    work.signal.throwIfAborted();
    throw new MimicError("disk.needs_agent", `Only its guest knows what “${name}” does not use, and its agent does not answer.`, {
      hint: `In the guest: fstrim -av. Or shut it down and compact it then: mimic stop ${name}`,
      cause: error,
    });
  }
  const said = await agent.trim({ signal: AbortSignal.any([work.signal, AbortSignal.timeout(TRIM_MS)]) });
  return { machine: actor.record.id, words: `${savedWords(found, before, await usageOf(context, found))} ${said}`.trim() };
}
