// Waits for a job and shows how far it is. The first Ctrl-C cancels the job, the second lets it be.
import { plain } from "@mimic/base";
import type { JobView } from "@mimic/model";
import type { Context } from "./command.ts";
import { aside } from "./io.ts";
import { PlainProgress, progressLine, Rate, type ShownJob } from "./progress.ts";
import { InterruptedError, JobError } from "./say.ts";

const REDRAW_MS = 200;
const LOOK_MS = 1000;
const ERASE = "\r\u001b[2K";

export interface WaitOptions {
  /** Say nothing while it goes on. */
  readonly quiet: boolean;
  /** Ctrl-C leaves it running instead of cancelling it. */
  readonly keepGoing?: boolean;
}

/** Answers with the job when it is done; throws JobError when it failed or was cancelled by someone else. */
export async function waitJob(context: Context, job: JobView, options: WaitOptions): Promise<JobView> {
  const interrupt = new Interrupt();
  using _ = context.io.onInterrupt(() => interrupt.press());
  using shown = new ShownProgress(context, options.quiet);
  let now = job;
  let asked = false;
  for (let first = true; now.state === "running"; first = false) {
    if (interrupt.count > 0 && (options.keepGoing || !now.cancellable || interrupt.count > 1)) throw leftRunning(now);
    if (interrupt.count > 0 && !asked) {
      asked = true;
      shown.clear();
      if (!options.quiet) aside(context.io, `Cancelling: ${plain(now.title)}… (Ctrl-C again leaves it running)`);
      now = await context.client.jobs.cancel({ job: now.id });
      continue;
    }
    // What is done in a tenth of a second shows nothing.
    const withinMs = first ? 120 : shown.live ? REDRAW_MS : LOOK_MS;
    try {
      now = await context.client.jobs.wait({ job: now.id, withinMs }, { signal: interrupt.next() });
    } catch (error) {
      if (!interrupt.fresh()) throw error;
      continue;
    }
    if (now.state === "running") shown.show(now);
  }
  shown.clear();
  if (now.state === "cancelled" && asked)
    throw new InterruptedError("cli.interrupted", `Cancelled: ${plain(now.title)}. What it had half made was undone.`, { hint: "" });
  if (now.state !== "done") throw new JobError(now);
  return now;
}

const leftRunning = (job: JobView): InterruptedError =>
  new InterruptedError("cli.left_running", `It goes on without you watching: ${plain(job.title)}.`, {
    hint: `Watch it: mimic jobs wait ${job.id}\nEnd it: mimic jobs cancel ${job.id}`,
  });

/** Counts Ctrl-C and ends the request that is under way. */
class Interrupt {
  count = 0;
  #aborter = new AbortController();
  #fresh = false;
  press(): void {
    this.count++;
    this.#fresh = true;
    this.#aborter.abort();
  }
  next(): AbortSignal {
    this.#fresh = false;
    this.#aborter = new AbortController();
    return this.#aborter.signal;
  }
  /** Was it pressed since `next`? */
  fresh(): boolean {
    return this.#fresh;
  }
}

/** The line on the terminal, or lines elsewhere; always on standard error. */
export class ShownProgress {
  readonly live: boolean;
  readonly #context: Context;
  readonly #quiet: boolean;
  readonly #plain = new PlainProgress();
  readonly #rate = new Rate();
  #drawn = false;

  constructor(context: Context, quiet: boolean) {
    this.#context = context;
    this.#quiet = quiet;
    this.live = context.io.err.isTerminal && context.io.env["TERM"] !== "dumb";
  }

  show(job: ShownJob): void {
    if (this.#quiet) return;
    const { io } = this.#context;
    const rate = this.#rate.note(io.nowMs(), job.done);
    if (this.live) {
      io.err.write(`${ERASE}${progressLine(job, rate, io.err.columns ?? 80)}`);
      this.#drawn = true;
      return;
    }
    const text = this.#plain.next(job, io.nowMs());
    if (text) aside(io, text);
  }

  clear(): void {
    if (this.#drawn) this.#context.io.err.write(ERASE);
    this.#drawn = false;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
