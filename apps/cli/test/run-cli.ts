// Runs the command line within the test, with a made-up terminal, and keeps what it said.
import type { Io, OutputEnd } from "../src/io.ts";
import { findPaths } from "../src/paths.ts";
import { runProgram } from "../src/program.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
export interface Surroundings {
  readonly home: string;
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: readonly string[];
  /** Gets what a Ctrl-C would do. */
  readonly interrupts?: (press: () => void) => void;
}

export const NOW = Date.parse("2026-04-01T10:03:00.000Z");

export async function runCli(
  words: readonly string[],
  { home, terminal = false, env = {}, stdin = [], interrupts }: Surroundings,
): Promise<Ran> {
  const bytes: { out: Buffer[]; err: Buffer[] } = { out: [], err: [] };
  const end = (kept: Buffer[]): OutputEnd => ({
    isTerminal: terminal,
    columns: terminal ? 100 : undefined,
    rows: terminal ? 30 : undefined,
    write: (text) => void kept.push(Buffer.from(text)),
    writeBytes: async (chunk) => void kept.push(Buffer.from(chunk)),
    onResize: () => ({ [Symbol.dispose]: () => {} }),
  });
  const allEnv = { MIMIC_HOME: home, HOME: home, ...env };
  const io: Io = {
    env: allEnv,
    out: end(bytes.out),
    err: end(bytes.err),
    input: {
      isTerminal: terminal,
      async *chunks() {
        for (const text of stdin) yield Buffer.from(text);
      },
      raw: () => ({ [Symbol.dispose]: () => {} }),
    },
    nowMs: () => NOW,
    onInterrupt: (fn) => {
      interrupts?.(fn);
      return { [Symbol.dispose]: () => {} };
    },
  };
  const code = await runProgram(words, { io, paths: findPaths(allEnv, process.getuid?.() ?? -1), folder: home });
  return { code, out: Buffer.concat(bytes.out).toString("utf8"), err: Buffer.concat(bytes.err).toString("utf8") };
}
