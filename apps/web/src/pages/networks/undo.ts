// What a person changed on the network pages, newest last, each with the way back: one press takes the last one back.
import { say, showProblem } from "../../notices.ts";

export interface Change {
  /** What is true afterwards: “The cable of “hello” is pulled.” */
  readonly done: string;
  readonly make: () => Promise<unknown>;
  /** Absent: there is no way back, and whoever asked for it was asked before. */
  readonly back?: (() => Promise<unknown>) | undefined;
}

const MOST = 50;
interface Kept {
  readonly done: string;
  readonly back: () => Promise<unknown>;
}
let kept: readonly Kept[] = [];
const listeners = new Set<() => void>();
const set = (next: readonly Kept[]): void => {
  kept = next;
  for (const listener of listeners) listener();
};

export const lastChange = (): Kept | undefined => kept.at(-1);
export function onChanges(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

async function takeBack(change: Kept): Promise<void> {
  if (!kept.includes(change)) return;
  set(kept.filter((each) => each !== change));
  try {
    await change.back();
    say("Changed back.");
  } catch (error) {
    showProblem(error, `Undo: ${change.done}`);
  }
}

export async function undoLast(): Promise<void> {
  const change = lastChange();
  if (change) await takeBack(change);
}

/** Does it, says it, and keeps the way back. A problem is shown; resolves to whether it was done. */
export async function make(change: Change): Promise<boolean> {
  try {
    await change.make();
  } catch (error) {
    showProblem(error);
    return false;
  }
  const { done, back } = change;
  if (!back) {
    say(done);
    return true;
  }
  const entry = { done, back };
  set([...kept, entry].slice(-MOST));
  say(done, () => void takeBack(entry));
  return true;
}
