// Long work: seen by everyone, cancelled by anyone, remembered for a while after it ended.
import {
  type Clock,
  type IdMaker,
  inWordsIfFull,
  type Log,
  type LongWork,
  MimicError,
  messageOf,
  type Progress,
  type Refusal,
  refusal,
} from "@mimic/base";
import type { JobView, Problem } from "@mimic/model";
import type { EventLog } from "../events.ts";

/** Ended jobs that are still shown. */
const REMEMBERED = 100;
/** Progress is told at most this often: a disk copy reports thousands of times. */
const TELL_EVERY_MS = 200;

export type JobResult = Record<string, string>;
type Work = (work: LongWork, jobId: string) => Promise<JobResult | Refusal>;

interface Job {
  view: JobView;
  readonly abort: AbortController;
  readonly ended: PromiseWithResolvers<void>;
  readonly startedMono: number;
  lastTold: number;
}

export class JobBoard {
  readonly #jobs = new Map<string, Job>();
  readonly #needs: { clock: Clock; ids: IdMaker; events: EventLog; log: Log };

  constructor(needs: { clock: Clock; ids: IdMaker; events: EventLog; log: Log }) {
    this.#needs = needs;
  }

  /** Begins the work at once and answers with the job; the work never throws into the caller. */
  run(about: { kind: string; title: string; subjects: string[]; cancellable?: boolean }, work: Work): JobView {
    const { clock, ids, events } = this.#needs;
    const id = ids.make<"JobId">("job");
    const job: Job = {
      view: {
        id,
        kind: about.kind,
        title: about.title,
        subjects: about.subjects,
        state: "running",
        startedAt: this.#now(),
        words: about.title,
        cancellable: about.cancellable ?? true,
      },
      abort: new AbortController(),
      ended: Promise.withResolvers(),
      startedMono: clock.monotonicMs(),
      lastTold: Number.NEGATIVE_INFINITY,
    };
    this.#jobs.set(id, job);
    this.#forgetOld();
    events.publish({ kind: "job.started", jobId: id });
    const report = (progress: Progress) => this.#progress(job, progress);
    void work({ signal: job.abort.signal, report }, id).then(
      (result) =>
        this.#end(
          job,
          "kind" in result && result.kind === "refused" ? { problem: problemOf(result as Refusal) } : { result: result as JobResult },
        ),
      (error: unknown) => this.#end(job, job.abort.signal.aborted ? { cancelled: true } : { problem: this.#problemOf(error, job) }),
    );
    return job.view;
  }

  list(): JobView[] {
    return [...this.#jobs.values()].map((job) => job.view).reverse();
  }

  get(id: string): JobView | Refusal {
    return this.#jobs.get(id)?.view ?? unknownJob(id);
  }

  /** The job that works on this subject now. */
  workingOn(subject: string): string | undefined {
    for (const { view } of this.#jobs.values()) if (view.state === "running" && view.subjects.includes(subject)) return view.id;
    return undefined;
  }

  async wait(id: string, withinMs: number): Promise<JobView | Refusal> {
    const job = this.#jobs.get(id);
    if (!job) return unknownJob(id);
    if (job.view.state === "running" && withinMs > 0) {
      const late = new AbortController();
      await Promise.race([job.ended.promise, this.#needs.clock.sleep(withinMs, { signal: late.signal }).catch(() => {})]);
      late.abort();
    }
    return job.view;
  }

  async cancel(id: string): Promise<JobView | Refusal> {
    const job = this.#jobs.get(id);
    if (!job) return unknownJob(id);
    if (job.view.state !== "running") return job.view;
    if (!job.view.cancellable)
      return refusal("job.not_cancellable", `“${job.view.title}” cannot be stopped half-way.`, "It will end by itself soon.");
    job.abort.abort(new MimicError("job.cancelled", "Cancelled.", { hint: "Start it again when you like." }));
    await job.ended.promise;
    return job.view;
  }

  /** Cancels what runs; resolves when all of it has cleaned up. */
  async close(): Promise<void> {
    const running = [...this.#jobs.values()].filter((job) => job.view.state === "running");
    for (const job of running) job.abort.abort(new MimicError("job.cancelled", "The daemon is ending.", { hint: "Start it again." }));
    await Promise.all(running.map((job) => job.ended.promise));
  }

  #progress(job: Job, progress: Progress): void {
    if (job.view.state !== "running") return;
    const now = this.#needs.clock.monotonicMs();
    const { done, total } = progress;
    const elapsed = now - job.startedMono;
    const remainingMs =
      done !== undefined && total !== undefined && done > 0 && elapsed > 2000
        ? Math.max(0, Math.round((elapsed / done) * (total - done)))
        : undefined;
    const newWords = progress.words !== job.view.words;
    job.view = { ...job.view, words: progress.words, done, total, unit: progress.unit, remainingMs };
    if (!newWords && now - job.lastTold < TELL_EVERY_MS) return;
    job.lastTold = now;
    this.#needs.events.publish({ kind: "job.progressed", jobId: job.view.id });
  }

  #end(job: Job, outcome: { result?: JobResult; problem?: Problem; cancelled?: boolean }): void {
    const state = outcome.cancelled ? "cancelled" : outcome.problem ? "failed" : "done";
    const words = outcome.cancelled ? "Cancelled." : (outcome.problem?.message ?? outcome.result?.words ?? "Done.");
    job.view = {
      ...job.view,
      state,
      words,
      endedAt: this.#now(),
      remainingMs: undefined,
      cancellable: false,
      result: outcome.result,
      problem: outcome.problem,
    };
    this.#needs.events.publish({ kind: "job.ended", jobId: job.view.id, state });
    job.ended.resolve();
  }

  #problemOf(thrown: unknown, job: Job): Problem {
    const error = inWordsIfFull(thrown);
    if (error instanceof MimicError) return { code: error.code, message: error.message, hint: error.hint, detail: error.detail };
    this.#needs.log.error("job failed by a bug", { kind: job.view.kind, error: error instanceof Error ? error.stack : String(error) });
    return {
      code: "daemon.bug",
      message: `“${job.view.title}” failed for a reason that Mimic did not foresee.`,
      hint: "Please report it with the daemon’s log: mimic doctor says where it is.",
      detail: messageOf(error),
    };
  }

  #forgetOld(): void {
    const ended = [...this.#jobs.values()].filter((job) => job.view.state !== "running");
    for (const job of ended.slice(0, Math.max(0, ended.length - REMEMBERED))) this.#jobs.delete(job.view.id);
  }

  #now(): string {
    return new Date(this.#needs.clock.nowMs()).toISOString();
  }
}

const problemOf = ({ code, why, hint }: Refusal): Problem => ({ code, message: why, hint });
const unknownJob = (id: string) => refusal("job.unknown", `There is no job ${id.slice(0, 60)}.`, "See what runs: mimic jobs");
