// `mimic run --arch arm64 ./program`: one program for another processor, on this computer, by QEMU's user-mode
// emulation, or in a small machine where that is not (run-in-machine.ts). It is somebody's program, so it runs in a cage of its own: no network, no files but the system's own and the
// folder that it stands in, and that one only for reading unless it is said otherwise.
import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { plain } from "@mimic/base";
import { ARCHITECTURES, type Architecture } from "@mimic/model";
import { readProcessor } from "../../boards.ts";
import type { Context, Given } from "../../command.ts";
import { UsageError } from "../../say.ts";

export interface ForeignProgram {
  readonly architecture: Architecture;
  /** The program's file, on this computer. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly mayWrite: boolean;
}

/** Answers with the program's own exit number; 128 + n when a signal ended it. */
export async function runProgram(context: Context, given: Given, words: readonly string[]): Promise<number> {
  const named = given.text("arch") ?? "";
  const architecture = readProcessor(named);
  const [file, ...args] = words;
  if (file === undefined || !statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new UsageError("run.no_program", `There is no program “${plain(file ?? "", 200)}” on this computer.`, {
      hint: `For example: mimic run --arch ${plain(named, 20)} ./program`,
    });
  const program = { architecture, file: realpathSync(file), args, env: given.texts("env"), mayWrite: given.flag("write") };
  const path = context.io.env["PATH"] ?? "/usr/bin:/bin";
  const tools = { bwrap: find("bwrap", path), emulator: emulatorOf(architecture, path) };
  const because = whyNotHere(architecture, given, tools);
  if (because !== undefined) return await (await import("./run-in-machine.ts")).runInMachine(context, given, program, because);
  return await runCaged(context, given, cageOf(program, tools));
}

interface Tools {
  readonly bwrap: string | undefined;
  readonly emulator: string | undefined;
}

function whyNotHere(architecture: Architecture, given: Given, { bwrap, emulator }: Tools): string | undefined {
  if (given.flag("inMachine")) return "";
  if (emulator === undefined) return `QEMU’s emulation of single programs (${ARCHITECTURES[architecture].words}) is not installed here.`;
  if (bwrap === undefined) return "bubblewrap is not installed, so there is no cage on this computer to run it in.";
  return undefined;
}

function emulatorOf(architecture: Architecture, path: string): string | undefined {
  // This computer's own kind needs none.
  if (architecture === "x86_64" && process.arch === "x64") return "";
  const { user } = ARCHITECTURES[architecture];
  return find(`qemu-${user}-static`, path) ?? find(`qemu-${user}`, path);
}

/** The whole command line; both tools must be there. */
export function cageOf(program: ForeignProgram, { bwrap = "bwrap", emulator = "" }: Tools): string[] {
  const { user } = ARCHITECTURES[program.architecture];
  const libraries = `/usr/${SYSROOTS[user] ?? `${user}-linux-gnu`}`;
  return [
    ...[bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"],
    ...systemFolders(),
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...[program.mayWrite ? "--bind" : "--ro-bind", dirname(program.file), "/program", "--chdir", "/program"],
    ...["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp"],
    ...program.env.flatMap((pair) => ["--setenv", pair.slice(0, Math.max(0, pair.indexOf("="))), pair.slice(pair.indexOf("=") + 1)]),
    "--",
    ...(emulator === "" ? [] : [emulator, ...(existsSync(libraries) ? ["-L", libraries] : [])]),
    `/program/${basename(program.file)}`,
    ...program.args,
  ];
}

/** Where Debian’s cross compilers put the libraries of another processor, where the name is not the plain one. */
const SYSROOTS: Readonly<Record<string, string>> = {
  arm: "arm-linux-gnueabihf",
  ppc: "powerpc-linux-gnu",
  ppc64le: "powerpc64le-linux-gnu",
  i386: "i686-linux-gnu",
};

/** /usr, and what stands beside it: links into it, or folders of their own. */
function systemFolders(): string[] {
  const args = ["--ro-bind", "/usr", "/usr"];
  for (const at of ["/bin", "/sbin", "/lib", "/lib32", "/lib64"]) {
    const facts = lstatSync(at, { throwIfNoEntry: false });
    if (facts?.isSymbolicLink()) args.push("--symlink", readlinkSync(at), at);
    else if (facts) args.push("--ro-bind", at, at);
  }
  return args;
}

function find(name: string, path: string): string | undefined {
  for (const folder of [...path.split(":"), "/usr/bin", "/bin"]) {
    if (!folder.startsWith("/")) continue;
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return `${folder}/${name}`;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

async function runCaged({ io }: Context, given: Given, argv: readonly string[]): Promise<number> {
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
  using _ = io.onInterrupt(() => child.kill("SIGKILL"));
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal === "SIGKILL" ? 9 : 15)));
  });
  child.stdin.on("error", () => {});
  if (given.off("stdin") || io.input.isTerminal) child.stdin.end();
  else void feed(io.input.chunks(), child.stdin);
  await Promise.all([pass(child.stdout, (bytes) => io.out.writeBytes(bytes)), pass(child.stderr, (bytes) => io.err.writeBytes(bytes))]);
  return await ended;
}

async function feed(chunks: AsyncIterable<Uint8Array>, to: NodeJS.WritableStream): Promise<void> {
  for await (const chunk of chunks) if (!to.write(chunk)) await new Promise((resolve) => to.once("drain", resolve));
  to.end();
}

async function pass(from: AsyncIterable<Uint8Array>, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  for await (const bytes of from) await write(bytes);
}
