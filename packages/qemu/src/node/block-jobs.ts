// Long work that QEMU does on disks: progress, an end in good order, and an honest one when it is cut off.
// (QEMU qapi/job.json)
import { type Clock, type LongWork, MimicError, messageOf, plain, type Waiting } from "@mimic/base";
import type { QmpSession } from "@mimic/qmp";

export interface BlockJobWork extends LongWork {
  readonly clock: Clock;
  /** What it does, for people. */
  readonly words: string;
  /** For a copy that keeps up: called once both hold the same; then the new one takes over. */
  readonly atReady?: (() => Promise<void>) | undefined;
}

const LOOK_EVERY_MS = 25;
const LAST_STEP_MS = 60_000;

/**
 * Resolves when the job has ended well, also when that came before the order to cut it off: what QEMU has done is done. When it
 * has not, or is cut off, it is gone too, and what it worked on is what it was.
 */
export async function runBlockJob(session: QmpSession, id: string, begin: () => Promise<unknown>, work: BlockJobWork): Promise<void> {
  try {
    // Cut off while it waits for QEMU's answer, the job may have begun all the same.
    await begin();
    let patience: Waiting = work;
    for (let asked = false; ; ) {
      const job = await find(session, id, patience);
      if (job === undefined) throw new Error("the job vanished");
      work.report({ words: work.words, done: job["current-progress"], total: job["total-progress"], unit: "bytes" });
      if (job.status === "concluded") {
        await session.execute("job-dismiss", { id }, patience);
        if (job.error !== undefined) throw new Error(job.error);
        return;
      }
      if (job.status === "ready" && !asked) {
        await work.atReady?.();
        asked = true;
        // From here on it is not cut off any more: what was told to take over does.
        patience = { signal: AbortSignal.timeout(LAST_STEP_MS) };
        await session.execute("job-complete", { id }, patience);
      }
      await work.clock.sleep(LOOK_EVERY_MS, patience);
    }
  } catch (error) {
    if (await endBlockJob(session, id, work.clock)) return;
    throw error;
  }
}

const find = async (session: QmpSession, id: string, options: Waiting) =>
  (await session.execute("query-jobs", {}, options)).find((one) => one.id === id);

/** Cuts it off and waits until it is gone. Harmless when it is, and when QEMU is. Answers whether it had ended well all the same. */
export async function endBlockJob(session: QmpSession, id: string, clock: Clock): Promise<boolean> {
  const options = { signal: AbortSignal.timeout(10_000) };
  try {
    for (let cancelled = false; ; ) {
      const job = await find(session, id, options);
      if (job === undefined) return false;
      if (job.status === "concluded") {
        await session.execute("job-dismiss", { id }, options);
        // One that was cut off says so as its error.
        return job.error === undefined;
      }
      if (!cancelled) await session.execute("block-job-cancel", { device: id, force: true }, options);
      cancelled = true;
      await clock.sleep(LOOK_EVERY_MS, options);
    }
  } catch {
    // QEMU ended: with it, the job.
    return false;
  }
}

/** The jobs of a daemon that was ended in the middle: cut off, so that the disks are what the records say. */
export async function endLeftJobs(session: QmpSession, clock: Clock): Promise<void> {
  const jobs = await session.execute("query-jobs", {}, { signal: AbortSignal.timeout(5000) });
  for (const { id } of jobs) if (id.startsWith(JOB)) await endBlockJob(session, id, clock);
}

/** Names of all jobs of ours begin so. */
export const JOB = "mimic-";

export function diskWorkFailed(error: unknown): MimicError {
  if (error instanceof MimicError) return error;
  const why = messageOf(error);
  return /No space left|ENOSPC/i.test(why)
    ? new MimicError("disk.full", "This computer's disk is full, so the work on the machine's disk was stopped. The disk is as it was.", {
        hint: "Make room and try again.",
      })
    : new MimicError("disk.work_failed", "QEMU could not do this work on the disk. The disk is as it was.", {
        hint: "Try again; if it fails again, shut the machine down and do it then. QEMU's words are in the details.",
        detail: plain(why),
        cause: error,
      });
}
