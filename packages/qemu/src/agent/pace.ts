// How often a running command is asked about. Every question costs the guest processor time (its agent answers, and often
// writes each down in the system's log), so a guest that answers slowly is asked seldom.

/** A command that ends sooner is not looked at meanwhile: the questions would only hold it up. */
export const SHORT_MS = 60;
/** Even a quick guest is not asked more often about a command that says nothing; nor is a slow one asked less often than this. */
const SELDOM_MS = 80;
const SELDOMEST_MS = 500;
/** Of the guest's time, asking takes one part of so many: about a silent command, and about one that speaks. */
const SILENT_SHARE = 20;
const SPEAKING_SHARE = 4;

export interface Round {
  /** Milliseconds waited before it. */
  readonly wait: number;
  /** Milliseconds that the guest took to start the command: how fast this guest is. */
  readonly pace: number;
  /** Milliseconds that the round's questions took. */
  readonly took: number;
  /** All output that there was has been read, and there was some; or none; or a full piece, so that more is likely there already. */
  readonly found: "some" | "nothing" | "a full piece";
}

/** Milliseconds to wait before the next round of questions. Pure. */
export function nextWait({ wait, pace, took, found }: Round): number {
  if (found === "a full piece") return 0;
  if (found === "some") return Math.min(SELDOMEST_MS, Math.max(pace, took * (SPEAKING_SHARE - 1)));
  const most = Math.min(SELDOMEST_MS, Math.max(SELDOM_MS, took * (SILENT_SHARE - 1)));
  return Math.min(most, Math.max(wait, pace) * 1.5);
}

/** Whether the wait is as long as it gets, so that there is time for questions that are seldom needed. */
export const isSeldom = (wait: number): boolean => wait >= SELDOM_MS;
