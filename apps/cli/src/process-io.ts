// The real process behind Io: its streams, its terminal, its signals.
import type { InputEnd, Io, OutputEnd } from "./io.ts";
import type { Paths } from "./paths.ts";
import { runProgram } from "./program.ts";

export async function runOnProcess(words: readonly string[], place: { readonly folder: string; readonly paths: Paths }): Promise<void> {
  // Whoever reads our output may stop (`| head`): that is no failure of ours.
  const quietEnd = (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1);
  process.stdout.on("error", quietEnd);
  process.stderr.on("error", quietEnd);
  const code = await runProgram(words, { io: processIo(), ...place });
  process.exitCode = code;
  // What is still open (an unread stdin, an unreferenced child) must not keep us.
  await flushed(process.stdout);
  process.exit(code);
}

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write("", () => resolve());
  });

function processIo(): Io {
  return {
    env: process.env,
    out: outputEnd(process.stdout),
    err: outputEnd(process.stderr),
    input: inputEnd(process.stdin),
    nowMs: () => Date.now(),
    onInterrupt: (fn, options) => {
      const signals: readonly NodeJS.Signals[] = options?.orTold ? ["SIGINT", "SIGTERM", "SIGHUP"] : ["SIGINT"];
      for (const signal of signals) process.on(signal, fn);
      return {
        [Symbol.dispose]: () => {
          for (const signal of signals) process.off(signal, fn);
        },
      };
    },
  };
}

const outputEnd = (stream: NodeJS.WriteStream): OutputEnd => ({
  isTerminal: stream.isTTY === true,
  get columns() {
    return stream.isTTY ? stream.columns || 80 : undefined;
  },
  get rows() {
    return stream.isTTY ? stream.rows || 24 : undefined;
  },
  write: (text) => {
    stream.write(text);
  },
  writeBytes: async (bytes) => {
    if (stream.write(bytes)) return;
    await new Promise<void>((resolve) => stream.once("drain", resolve));
  },
  onResize: (fn) => {
    stream.on("resize", fn);
    return { [Symbol.dispose]: () => stream.off("resize", fn) };
  },
});

const inputEnd = (stream: NodeJS.ReadStream): InputEnd => ({
  isTerminal: stream.isTTY === true,
  chunks: () => stream as AsyncIterable<Uint8Array>,
  raw: () => {
    if (!stream.isTTY) return { [Symbol.dispose]: () => {} };
    const restore = () => stream.setRawMode(false);
    stream.setRawMode(true);
    // Ended from outside, the terminal must still be given back as it was.
    const onSignal = (signal: NodeJS.Signals) => {
      restore();
      process.exit(signal === "SIGHUP" ? 129 : 143);
    };
    process.on("exit", restore);
    process.on("SIGTERM", onSignal);
    process.on("SIGHUP", onSignal);
    return {
      [Symbol.dispose]: () => {
        process.off("exit", restore);
        process.off("SIGTERM", onSignal);
        process.off("SIGHUP", onSignal);
        restore();
      },
    };
  },
});
