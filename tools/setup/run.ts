// Other programs: their words go to a log file, people get one sentence and, when it fails, the last lines.
import { spawn } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupFailure } from "./failure.ts";
import { logFile } from "./places.ts";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the log file, without folder and ending. */
  readonly log: string;
}

/** Runs to the end without input; answers the exit code (127: there is no such program). */
export async function runQuietly(command: Command): Promise<number> {
  const out = openSync(logFile(command.log), "w");
  try {
    return await new Promise((done) => {
      const child = spawn(command.program, command.args, {
        cwd: command.cwd,
        env: { ...process.env, ...command.env },
        stdio: ["ignore", out, out],
      });
      child.on("error", () => done(127));
      child.on("close", (code) => done(code ?? 1));
    });
  } finally {
    closeSync(out);
  }
}

/** As runQuietly, but a failure is a SetupFailure that says `sorry`, the program's last words and where all of them are. */
export async function mustRun(command: Command, sorry: string, hint?: string): Promise<void> {
  if ((await runQuietly(command)) === 0) return;
  throw new SetupFailure(sorry, [...lastLines(command.log, 4), ...(hint ? [hint] : []), `Everything it said: ${logFile(command.log)}`]);
}

export function lastLines(log: string, count: number): string[] {
  const text = readFileSync(logFile(log), "utf8").trimEnd();
  return text
    .split("\n")
    .slice(-count)
    .filter((line) => line !== "");
}

/** The path of a program on PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  // Root's tools are not on every person's PATH.
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/libexec"]) {
    if (folder === "") continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return undefined;
}

/** Says what is being done while it is; on a terminal the time it took is put behind it. */
export async function step<T>(words: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const isTerminal = process.stderr.isTTY === true;
  process.stderr.write(isTerminal ? `${words} …` : `${words} …\n`);
  try {
    const result = await work();
    if (isTerminal) process.stderr.write(` ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    if (isTerminal) process.stderr.write("\n");
    throw error;
  }
}
