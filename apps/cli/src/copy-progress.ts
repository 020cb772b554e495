// How far a copy is, in the same words as a job.
import type { Context } from "./command.ts";
import type { Moved } from "./folder-tar.ts";
import { InterruptedError } from "./say.ts";
import { ShownProgress } from "./wait-job.ts";

export interface Copied extends Moved {
  readonly to: string;
}

const EVERY_MS = 200;

/** Shows `moved` while `work` goes on; Ctrl-C aborts the signal. */
export async function withProgress<T>(
  context: Context,
  options: { readonly words: string; readonly moved: Moved; readonly total?: number | undefined; readonly quiet: boolean },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { words, moved, total, quiet } = options;
  const aborter = new AbortController();
  using shown = new ShownProgress(context, quiet);
  using _ = context.io.onInterrupt(() => aborter.abort(interrupted()));
  const timer = setInterval(() => shown.show({ title: words, words, done: moved.bytes, total, unit: "bytes" }), EVERY_MS);
  try {
    return await work(aborter.signal);
  } finally {
    clearInterval(timer);
  }
}

const interrupted = (): InterruptedError =>
  new InterruptedError("cli.interrupted", "The copy was stopped in the middle.", {
    hint: "What was half copied is not kept here; look in the guest.",
  });

/** Counts bytes that pass. */
export async function* counted(chunks: AsyncIterable<Uint8Array>, moved: Moved): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    moved.bytes += chunk.length;
    yield chunk;
  }
}
