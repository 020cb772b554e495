// Starts programs without a shell, with given descriptors, in the cage or (when there is none) outside it.
import { type ChildProcess, spawn } from "node:child_process";
import { relative } from "node:path";
import { libc } from "@mimic/base/node";
import { dropUserArgv, IN_JAIL_NET, IN_JAIL_RUN, jailArgv, limitArgv, type UserSpec } from "../jail.ts";
import { systemView, type Tools } from "./tools.ts";

/** What this computer offers for a cage; decided once by `probeCage`. */
export interface Cage {
  readonly tools: Tools;
  readonly user: UserSpec | undefined;
  /** True = bubblewrap works here and was seen to hide a file. */
  readonly confines: boolean;
  readonly because: string;
}

export interface CagedProgram {
  readonly argv: readonly string[];
  /** The folder it may write; seen at /m. */
  readonly folder: string;
  /** Further folders. */
  readonly folders?: readonly { readonly path: string; readonly at: string; readonly writable: boolean }[];
  /** Open files, in order from descriptor 3 up. */
  readonly files?: readonly number[];
  readonly devices?: readonly string[];
  readonly groups?: readonly number[];
  readonly stdout?: number | "pipe" | "ignore";
  readonly stderr: number | "pipe" | "ignore";
  readonly sharesNetwork?: boolean | undefined;
  /** No huge pages for it: a little slower where it computes, and megabytes less where it mostly waits. */
  readonly smallPages?: boolean | undefined;
  /** A program that outlives us gets a session of its own. */
  readonly outlives: boolean;
}

export interface Caged {
  readonly child: ChildProcess;
  /** The program itself, not its wrapper; rejects when the wrapper fails before. */
  readonly pid: Promise<number>;
}

/** Where the program sees its folder. Uncaged it stands in it: another user could not walk to it from the root. */
export const seenFolder = (cage: Cage): string => (cage.confines ? IN_JAIL_RUN : ".");

/**
 * Where QEMU sees its machine's net folder. Without a cage and as another user it could not walk there: its cards are in
 * its own folder then, where no switch looks (`mimic doctor` says so), and the machine starts all the same.
 */
export function seenNetFolder(cage: Cage, runFolder: string, netFolder: string | undefined): string {
  if (cage.confines || netFolder === undefined) return IN_JAIL_NET;
  return cage.user === undefined ? relative(runFolder, netFolder) : ".";
}

export function spawnCaged(cage: Cage, program: CagedProgram): Caged {
  const stdio: (number | "ignore" | "pipe")[] = ["ignore", program.stdout ?? "ignore", program.stderr, ...(program.files ?? [])];
  const user = cage.user && { ...cage.user, groups: [...cage.user.groups, ...(program.groups ?? [])] };
  const argv = [...limitArgv(cage.tools)];
  let infoFd: number | undefined;
  if (cage.confines && cage.tools.bwrap) {
    infoFd = stdio.push("pipe") - 1;
    const folders = [{ path: program.folder, at: IN_JAIL_RUN, writable: true }, ...(program.folders ?? [])];
    const system = systemView([program.argv[0]]);
    argv.push(
      ...jailArgv({
        bwrap: cage.tools.bwrap,
        system,
        folders,
        devices: program.devices ?? [],
        infoFd,
        dieWithParent: !program.outlives,
        user,
        sharesNetwork: program.sharesNetwork,
      }),
    );
  } else if (user && cage.tools.setpriv) argv.push(...dropUserArgv(cage.tools.setpriv, user, !program.outlives));
  argv.push(...program.argv);
  const start = (): ChildProcess =>
    spawn(argv[0] as string, argv.slice(1), {
      stdio,
      cwd: cage.confines ? "/" : program.folder,
      env: { PATH: "/usr/bin:/bin" },
      detached: program.outlives,
    });
  const child = program.smallPages ? (libc()?.withSmallPages(start) ?? start()) : start();
  return { child, pid: pidOf(child, infoFd) };
}

/** Without a wrapper the child is the program (prlimit and setpriv replace themselves by it). */
function pidOf(child: ChildProcess, infoFd: number | undefined): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  promise.catch(() => {});
  child.once("error", reject);
  child.once("exit", (code, signal) => reject(new Error(`ended with ${signal ?? code}`)));
  if (infoFd === undefined) {
    if (child.pid !== undefined) resolve(child.pid);
    return promise;
  }
  const pipe = child.stdio[infoFd] as import("node:stream").Readable;
  // A wrapper that never says its program's number must not hold up its caller for ever.
  const late = setTimeout(() => reject(new Error("the wrapper did not name its program")), 10_000);
  promise.finally(() => clearTimeout(late)).catch(() => {});
  let text = "";
  pipe.on("data", (bytes: Buffer) => {
    if (text.length < 4096) text += bytes.toString("latin1");
    const match = /"child-pid"\s*:\s*(\d+)\D/.exec(text);
    if (match) resolve(Number(match[1]));
  });
  pipe.on("error", () => {});
  return promise;
}

/** A helper program in the cage: waits for its end, at most `timeoutMs`. Output is cut at 64 KiB. */
export async function runCaged(
  cage: Cage,
  program: Omit<CagedProgram, "stderr" | "stdout" | "outlives">,
  timeoutMs: number,
): Promise<{ readonly code: number | null; readonly timedOut: boolean; readonly output: string; readonly errors: string }> {
  const { child, pid } = spawnCaged(cage, { ...program, stdout: "pipe", stderr: "pipe", outlives: false });
  const output = collect(child.stdout);
  const errors = collect(child.stderr);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
    // The wrapper's death takes the caged program along (die-with-parent); this is for the uncaged.
    pid.then((n) => process.kill(n, "SIGKILL")).catch(() => {});
  }, timeoutMs);
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (status) => resolve(status));
  });
  clearTimeout(timer);
  return { code, timedOut, output: output(), errors: errors() };
}

function collect(stream: import("node:stream").Readable | null): () => string {
  let text = "";
  stream?.on("data", (bytes: Buffer) => {
    if (text.length < 65_536) text += bytes.toString("utf8");
  });
  return () => text;
}
