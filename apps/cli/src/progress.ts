// How long work looks: a line that is drawn again on a terminal, plain lines elsewhere. Pure.
import { formatDuration, formatSize, plain } from "@mimic/base";
import type { JobView } from "@mimic/model";
import { cut } from "./table.ts";

export type ShownJob = Pick<JobView, "title" | "words" | "done" | "total" | "unit" | "remainingMs">;

const BAR = 20;

/** 0…1, when the job knows. */
export function shareOf({ done, total }: Pick<ShownJob, "done" | "total">): number | undefined {
  if (done === undefined || total === undefined || !(total > 0)) return undefined;
  return Math.min(1, Math.max(0, done / total));
}

function amount({ done, total, unit }: ShownJob): string {
  if (done === undefined || unit === undefined || unit === "seconds") return "";
  const show = (value: number) => (unit === "bytes" ? formatSize(value) : String(Math.round(value)));
  return total === undefined ? show(done) : `${show(done)} of ${show(total)}`;
}

/** “███████░░░  43 %  Getting the image · 12 MiB of 28 MiB · 3.1 MiB/s · 5 s left”, cut to the terminal. */
export function progressLine(job: ShownJob, bytesPerSecond: number | undefined, columns: number): string {
  const share = shareOf(job);
  const facts = [plain(job.words || job.title, 120), amount(job)];
  if (job.unit === "bytes" && bytesPerSecond !== undefined && bytesPerSecond > 0) facts.push(`${formatSize(bytesPerSecond)}/s`);
  if (job.remainingMs !== undefined && job.remainingMs >= 1000) facts.push(`${formatDuration(job.remainingMs)} left`);
  const words = facts.filter(Boolean).join(" · ");
  if (share === undefined) return cut(words, columns - 1);
  const full = Math.round(share * BAR);
  const bar = columns >= 60 ? `${"█".repeat(full)}${"░".repeat(BAR - full)} ` : "";
  return cut(`${bar}${String(Math.floor(share * 100)).padStart(3)} %  ${words}`, columns - 1);
}

const QUIET_MS = 2000;

/** Decides which plain lines are worth printing: new words, and every tenth part of a long way, when it takes long. */
export class PlainProgress {
  #words = "";
  #tenth = 0;
  #saidMs = Number.NEGATIVE_INFINITY;

  next(job: ShownJob, nowMs: number): string | undefined {
    const share = shareOf(job);
    const tenth = share === undefined ? 0 : Math.floor(share * 10);
    const words = plain(job.words, 200);
    if (words !== this.#words) {
      this.#words = words;
      this.#tenth = tenth;
      this.#saidMs = nowMs;
      return words ? `${words}${share === undefined || tenth === 0 ? "" : ` (${tenth * 10} %)`}` : undefined;
    }
    if (tenth <= this.#tenth || nowMs - this.#saidMs < QUIET_MS) return undefined;
    this.#tenth = tenth;
    this.#saidMs = nowMs;
    const far = amount(job);
    return `${words} (${tenth * 10} %${far ? `, ${far}` : ""})`;
  }
}

/** Bytes per second over the last few seconds. */
export class Rate {
  #seen: { readonly at: number; readonly done: number }[] = [];

  note(nowMs: number, done: number | undefined): number | undefined {
    if (done === undefined) return undefined;
    const last = this.#seen.at(-1);
    if (last && done < last.done) this.#seen = [];
    this.#seen.push({ at: nowMs, done });
    while (this.#seen.length > 2 && nowMs - (this.#seen[0]?.at ?? 0) > 5000) this.#seen.shift();
    const first = this.#seen[0];
    if (!first || nowMs - first.at < 400) return undefined;
    return ((done - first.done) * 1000) / (nowMs - first.at);
  }
}
