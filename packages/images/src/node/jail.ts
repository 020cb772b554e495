// qemu-img on files that nobody trusts, in a cage: no network, no files but the system's programs, /in (read-only)
// and /out; bounded in processor time, memory, file size and wall clock. Without bubblewrap nothing is converted.
import { spawn } from "node:child_process";
import { accessSync, constants, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, chown } from "node:fs/promises";
import { join } from "node:path";
import { MimicError, plain, type Waiting } from "@mimic/base";

const LIMIT_MS = 15 * 60_000;
const CPU_SECONDS = 15 * 60;
const ADDRESS_SPACE = 4 * 1024 ** 3;
const MAX_OUTPUT = 65_536;

function findProgram(name: string, path: string | undefined): string | undefined {
  for (const folder of [...(path ?? "").split(":"), "/usr/bin", "/bin", "/usr/sbin"]) {
    if (!folder.startsWith("/")) continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/** Who the caged program is when we are root: QEMU's own user, else “nobody”. */
function otherUser(environment: Readonly<Record<string, string | undefined>>): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of [environment["MIMIC_QEMU_USER"], "mimic-qemu", "nobody"]) {
    const fields = name ? lines.find((line) => line.startsWith(`${name}:`))?.split(":") : undefined;
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  return undefined;
}

function systemArgs(): string[] {
  const args = ["--ro-bind", "/usr", "/usr"];
  for (const at of ["/bin", "/lib", "/lib64"]) {
    try {
      if (lstatSync(at).isSymbolicLink()) args.push("--symlink", readlinkSync(at), at);
      else args.push("--ro-bind", at, at);
    } catch {
      // this host has no such folder
    }
  }
  return args;
}

export interface JailJob {
  /** Arguments of qemu-img; the file is /in/image, results go to /out. */
  readonly args: readonly string[];
  readonly input: string;
  /** A folder of its own; given to the caged user. */
  readonly output: string;
  /** No file may become larger. */
  readonly maxFileBytes: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface JailResult {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
  readonly timedOut: boolean;
}

const need = (name: string, environment: JailJob["environment"]): string => {
  const found = findProgram(name, environment["PATH"]);
  if (found) return found;
  throw new MimicError(
    "image.jail_missing",
    `“${name}” is not installed, and without it images are not converted: they are only handled in a cage.`,
    {
      hint: "Install what is missing: mimic up, or your package manager (bubblewrap, qemu-utils, util-linux).",
    },
  );
};

/** The whole command line. Root binds the folders itself and drops to the other user inside; a person's own run needs a user namespace. */
export function jailCommand(job: JailJob, user: { readonly uid: number; readonly gid: number } | undefined): string[] {
  const { environment } = job;
  const namespaces = user
    ? [
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--cap-add",
        "CAP_SETUID",
        "--cap-add",
        "CAP_SETGID",
        "--cap-add",
        "CAP_SETPCAP",
      ]
    : ["--unshare-all"];
  const drop = user
    ? [
        need("setpriv", environment),
        `--reuid=${user.uid}`,
        `--regid=${user.gid}`,
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
        "--no-new-privs",
        "--",
      ]
    : [];
  const limits = [`--fsize=${job.maxFileBytes}`, `--cpu=${CPU_SECONDS}`, `--as=${ADDRESS_SPACE}`, "--core=0", "--nofile=256"];
  return [
    need("bwrap", environment),
    ...namespaces,
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    "--setenv",
    "PATH",
    "/usr/bin:/bin",
    ...systemArgs(),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "--perms",
    "0755",
    "--dir",
    "/in",
    "--ro-bind",
    job.input,
    "/in/image",
    "--bind",
    job.output,
    "/out",
    "--chdir",
    "/out",
    "--",
    ...drop,
    need("prlimit", environment),
    ...limits,
    "--",
    need("qemu-img", environment),
    ...job.args,
  ];
}

/** Runs it. Throws only when it cannot be started or is cancelled; the exit status is the caller's to judge. */
export async function runJailed(job: JailJob, { signal }: Waiting): Promise<JailResult> {
  const user = otherUser(job.environment);
  await chmod(job.input, 0o400);
  await chmod(job.output, 0o700);
  if (user) {
    await chown(job.input, user.uid, user.gid);
    await chown(job.output, user.uid, user.gid);
  }
  const [program = "", ...args] = jailCommand(job, user);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: {}, cwd: "/" });
  let output = "";
  let errors = "";
  child.stdout.on("data", (bytes: Buffer) => {
    if (output.length < MAX_OUTPUT) output += bytes.toString("utf8");
  });
  child.stderr.on("data", (bytes: Buffer) => {
    if (errors.length < MAX_OUTPUT) errors += bytes.toString("utf8");
  });
  let timedOut = false;
  const kill = (): void => void child.kill("SIGKILL");
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, LIMIT_MS);
  signal.addEventListener("abort", kill, { once: true });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    child.once("error", reject);
    child.once("close", resolve);
    const code = await promise;
    if (signal.aborted) throw signal.reason;
    return { code, output, errors: plain(errors, 2000), timedOut };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
  }
}
