// Assembling in a process of its own, for one order. Package lists and kernels unfold to hundreds of megabytes, which
// a long-lived process would keep in pieces; and what packages hold is unpacked where nothing else is in memory.
import { type ChildProcess, fork } from "node:child_process";
import { type Clock, type Log, MimicError, type Progress, plain } from "@mimic/base";
import { type Assemble, type Assembly, type AssemblyOrder, assembleHere } from "./assembly.ts";
import { tooLittleSpace } from "./quarantine.ts";

interface Failure {
  readonly code: MimicError["code"];
  readonly message: string;
  readonly hint: string;
  readonly detail: string | undefined;
}
/** What the helper says, until its last word. */
type Word =
  | { readonly say: "progress"; readonly progress: Progress }
  | { readonly say: "warning"; readonly words: string; readonly facts: Readonly<Record<string, unknown>> }
  | { readonly say: "done"; readonly assembly: Assembly }
  | { readonly say: "failed"; readonly failure: Failure };

export interface ApartOptions {
  /** The module that calls `serveAssembly`, and what tells it to. */
  readonly program: string;
  readonly args?: readonly string[];
  readonly log: Log;
}

/** A helper that is told to stop, or whose asker is gone, ends at once; what it half made is in the order's folder. */
export const assembleApart =
  ({ program, args = [], log }: ApartOptions): Assemble =>
  async (order, work) => {
    work.signal.throwIfAborted();
    const helper = fork(program, args, { serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"], cwd: "/" });
    const stop = () => helper.kill("SIGKILL");
    work.signal.addEventListener("abort", stop, { once: true });
    try {
      const last = await lastWord(helper, order, (word) => {
        if (word.say === "progress") work.report(word.progress);
        else if (word.say === "warning") log.warn(word.words, word.facts);
      });
      work.signal.throwIfAborted();
      if (last.say === "done") return last.assembly;
      throw new MimicError(last.failure.code, last.failure.message, last.failure);
    } finally {
      work.signal.removeEventListener("abort", stop);
      stop();
    }
  };

type LastWord = Extract<Word, { say: "done" | "failed" }>;

function lastWord(helper: ChildProcess, order: AssemblyOrder, hear: (word: Word) => void): Promise<LastWord> {
  const { promise, resolve } = Promise.withResolvers<LastWord>();
  let said = "";
  helper.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const gone = (how: string) => resolve({ say: "failed", failure: brokenOff(how, said) });
  helper.on("message", (word: Word) => (word.say === "done" || word.say === "failed" ? resolve(word) : hear(word)));
  helper.once("error", (error) => gone(error.message));
  helper.once("close", (code, signal) => gone(`it ended with ${signal ?? code}`));
  helper.send(order, (error) => error && gone(error.message));
  return promise;
}

const brokenOff = (how: string, said: string): Failure => ({
  code: "image.assembly_broken_off",
  message: `The program that puts images together stopped before it was done: ${how}.`,
  hint: "Try again. When this computer is short of memory, end something else first.",
  detail: said === "" ? undefined : plain(said, 4000),
});

/** The helper's side: takes one order from its parent, carries it out, answers and ends. Also ends when the parent does. */
export function serveAssembly(clock: Clock): void {
  const say = (word: Word): Promise<void> => new Promise((resolve) => process.send?.(word, () => resolve()));
  process.once("disconnect", () => process.exit(1));
  process.once("message", async (order: AssemblyOrder) => {
    const log = warningsTo((words, facts) => void say({ say: "warning", words, facts }));
    const report = (progress: Progress) => void say({ say: "progress", progress });
    try {
      const assembly = await assembleHere({ clock, log })(order, { signal: new AbortController().signal, report });
      await say({ say: "done", assembly });
    } catch (error) {
      await say({ say: "failed", failure: failureOf(error) });
    }
    process.disconnect?.();
  });
}

function failureOf(thrown: unknown): Failure {
  const error = (thrown as NodeJS.ErrnoException).code === "ENOSPC" ? tooLittleSpace() : thrown;
  if (error instanceof MimicError) return { code: error.code, message: error.message, hint: error.hint, detail: error.detail };
  return brokenOff(error instanceof Error ? error.message : String(error), error instanceof Error ? (error.stack ?? "") : "");
}

/** Warnings and worse are passed on; the rest stays where nobody looks. */
function warningsTo(warn: (words: string, facts: Readonly<Record<string, unknown>>) => void): Log {
  const say = (words: string, facts: Readonly<Record<string, unknown>> = {}) => warn(words, facts);
  return {
    error: say,
    warn: say,
    info() {},
    debug() {},
    child: (more) => warningsTo((words, facts) => warn(words, { ...more, ...facts })),
  };
}
