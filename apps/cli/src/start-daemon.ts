// Starts the daemon as a process of its own and waits until its socket answers. What it says before
// that goes to a file; when it ends early, that is what a person gets to see.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { plainBlock } from "@mimic/base";
import { knock } from "./lean-http.ts";
import type { Paths } from "./paths.ts";
import { UnreachableError } from "./say.ts";

export interface StartDaemon {
  readonly paths: Paths;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of the command line's entry: the daemon's is found from it. */
  readonly folder: string;
  readonly withinMs: number;
  readonly say: (words: string) => void;
}

/** Named by the launcher; else beside the built command line; else in the source tree. */
export function findDaemonMain(folder: string, env: StartDaemon["env"]): string {
  const candidates = [
    env["MIMIC_DAEMON_MAIN"],
    ...["../daemon/main.js", "../../daemon/main.js", "../../daemon/src/main.ts"].map((path) => resolve(folder, path)),
  ];
  const found = candidates.find((path) => path && existsSync(path));
  if (found) return found;
  throw new UnreachableError("daemon.missing", "Mimic's daemon is not where it should be.", {
    hint: "Set Mimic up again: ./mimic up",
    detail: candidates.filter(Boolean).join("\n"),
  });
}

/** Resolves when it answers. Several at once are harmless: one daemon wins, and all of them see it answer. */
export async function startDaemon({ paths, env, folder, withinMs, say }: StartDaemon): Promise<void> {
  const main = findDaemonMain(folder, env);
  const logFolder = `${paths.data}/log`;
  const logFile = `${logFolder}/daemon-start.log`;
  const log = openLog(logFolder, logFile);
  const child = spawn(process.execPath, [main], { cwd: "/", detached: true, env: daemonEnv(env), stdio: ["ignore", log, log] });
  closeSync(log);
  let ended: string | undefined;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", (code, signal) => {
    ended = signal ? `ended by ${signal}` : `exit ${code}`;
  });
  child.unref();
  const from = performance.now();
  let said = false;
  for (let waitMs = 15; ; waitMs = Math.min(waitMs * 1.3, 200)) {
    await sleep(waitMs);
    const gone = ended;
    if (await answers(paths.socket)) return;
    if (gone !== undefined) throw earlyEnd(gone, logFile);
    const passedMs = performance.now() - from;
    if (!said && passedMs > 400) {
      say("Starting Mimic…");
      said = true;
    }
    if (passedMs > withinMs) throw tooSlow(withinMs, logFile);
  }
}

/** It works in another folder, so a home that is named from here must be named from the root. */
const daemonEnv = (env: StartDaemon["env"]): NodeJS.ProcessEnv =>
  env["MIMIC_HOME"] ? { ...env, MIMIC_HOME: resolve(env["MIMIC_HOME"]) } : { ...env };

function openLog(folder: string, file: string): number {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(file, "w", 0o600);
  } catch (cause) {
    throw new UnreachableError("daemon.no_data_folder", "Mimic's folder for its data cannot be written.", {
      hint: `Make it writable for you: ${folder}`,
      detail: cause instanceof Error ? cause.message : undefined,
      cause,
    });
  }
}

const answers = (socket: string): Promise<boolean> =>
  knock(socket).then(
    () => true,
    () => false,
  );

/** The daemon's own last JSON line with a code, when it left one, else its last words. */
export function lastWords(text: string): { code?: string; message?: string; hint?: string; detail: string } {
  const lines = plainBlock(text, 16_384).trimEnd().split("\n");
  const detail = lines.slice(-12).join("\n");
  for (const line of lines.toReversed()) {
    try {
      const said = JSON.parse(line) as Record<string, unknown> | null;
      const { code, message, hint } = said ?? {};
      if (typeof code === "string" && typeof message === "string")
        return { code, message, hint: typeof hint === "string" ? hint : "", detail };
    } catch {
      // Not that line.
    }
  }
  return { detail };
}

function earlyEnd(how: string, logFile: string): UnreachableError {
  const words = lastWords(readText(logFile));
  const code = words.code && /^[a-z_]+\.[a-z_]+$/.test(words.code) ? (words.code as `${string}.${string}`) : "daemon.did_not_start";
  return new UnreachableError(code, words.message ?? `Mimic's daemon did not start (${how}).`, {
    hint: words.hint || `All of its words: ${logFile}`,
    detail: words.message ? undefined : words.detail || undefined,
  });
}

function tooSlow(withinMs: number, logFile: string): UnreachableError {
  return new UnreachableError(
    "daemon.did_not_answer",
    `Mimic's daemon was started and did not answer within ${Math.round(withinMs / 1000)} seconds.`,
    {
      hint: `Try again in a moment. What it said so far: ${logFile}`,
      detail: lastWords(readText(logFile)).detail || undefined,
    },
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
