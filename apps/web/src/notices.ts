// What the page says to the person outside the flow: problems that stay until dismissed, and sentences for
// screen readers (polite, one at a time).
import type { Problem } from "@mimic/model";
import { problemOf } from "./api.ts";

export interface Notice {
  readonly id: number;
  readonly title: string | undefined;
  readonly problem: Problem | undefined;
  readonly words: string | undefined;
  /** One press that takes back what is said to be done. */
  readonly undo?: (() => void) | undefined;
}

const MOST = 4;
const SAID_FOR_MS = 6_000;
/** Time enough to read, to look at what happened, and to reach the button by keyboard. */
const UNDO_FOR_MS = 30_000;

let notices: readonly Notice[] = [];
let announcement = "";
let next = 1;
const listeners = new Set<() => void>();
const changed = () => {
  for (const listener of listeners) listener();
};

export const currentNotices = (): readonly Notice[] => notices;
export const currentAnnouncement = (): string => announcement;
export function onNotices(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows a problem until it is dismissed; the same one twice is shown once. */
export function showProblem(error: unknown, title?: string): void {
  const asProblem = error as Partial<Problem>;
  const problem: Problem =
    typeof asProblem.code === "string" && typeof asProblem.message === "string" && typeof asProblem.hint === "string"
      ? { code: asProblem.code, message: asProblem.message, hint: asProblem.hint, detail: asProblem.detail }
      : problemOf(error);
  const others = notices.filter((each) => each.problem?.message !== problem.message);
  notices = [...others, { id: next++, title, problem, words: undefined }].slice(-MOST);
  changed();
}

/** A short word that something is done, with the way back when there is one; goes by itself. */
export function say(words: string, undo?: () => void): void {
  const id = next++;
  const press =
    undo &&
    (() => {
      dismiss(id);
      undo();
    });
  // Only the newest change is offered to be undone here: undoing an older one first could not be understood.
  const others = undo ? notices.filter((each) => !each.undo) : notices;
  notices = [...others, { id, title: undefined, problem: undefined, words, undo: press }].slice(-MOST);
  setTimeout(() => dismiss(id), undo ? UNDO_FOR_MS : SAID_FOR_MS);
  changed();
}

export function dismiss(id: number): void {
  notices = notices.filter((each) => each.id !== id);
  changed();
}

/** For ears only: the page shows it elsewhere. */
export function announce(words: string): void {
  announcement = words.slice(0, 300);
  changed();
}
