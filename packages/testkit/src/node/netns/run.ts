// Programs and their words, for test kits: what a program said and how it ended, and a child that is ended by disposal.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What it reads. */
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
}

/** Resolves also when the program fails; rejects only when it cannot be started. It is killed after `timeoutMs`. */
export async function run(program: string, args: readonly string[], { input = "", timeoutMs = 60_000 }: RunOptions = {}): Promise<Ran> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], timeout: timeoutMs, killSignal: "SIGKILL" });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** As `run`; throws with the program's last words when it fails. */
export async function mustRun(program: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const ran = await run(program, args, options);
  if (ran.code !== 0) throw new Error(`${program} ${args.join(" ")}: exit ${ran.code}: ${ran.stderr || ran.stdout}`);
  return ran.stdout;
}

/** The first line that a child says; throws when it ends before. */
export async function firstLine(child: ChildProcess): Promise<string> {
  let said = "";
  let complained = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => (complained += part));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`it ended at once (exit ${code}): ${complained || said}`)));
    child.stdout?.setEncoding("utf8").on("data", (part: string) => {
      said += part;
      if (said.includes("\n")) resolve(said.slice(0, said.indexOf("\n")));
    });
  });
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "exit");
  child.kill("SIGKILL");
  await closed;
}
