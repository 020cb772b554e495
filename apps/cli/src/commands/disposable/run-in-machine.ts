// One foreign program where there is no emulation of single programs (or no cage for it): in a small machine of that
// kind, which vanishes afterwards. The same streams, exit number and files: its folder goes in, and with --write comes back.
import { randomBytes } from "node:crypto";
import { cp, lstat, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { formatSize } from "@mimic/base";
import { ARCHITECTURES, type Architecture } from "@mimic/model";
import type { Context, Given } from "../../command.ts";
import { aside } from "../../io.ts";
import { InterruptedError, JobError, UsageError } from "../../say.ts";
import { waitJob } from "../../wait-job.ts";
import type { ForeignProgram } from "./run-program.ts";
import { saySwitchedOn } from "./say-switched-on.ts";

/** Systems of the catalogue that are ready in seconds, by processor. A PC of today runs what was made for 32 bits too. */
const SYSTEMS: Readonly<Partial<Record<Architecture, string>>> = {
  x86_64: "tiny-linux",
  i386: "tiny-linux",
  aarch64: "tiny-linux-arm64",
  arm: "tiny-linux-armhf",
  ppc64le: "tiny-linux-ppc64el",
  s390x: "tiny-linux-s390x",
  riscv64: "tiny-linux-riscv64",
};
/** The machine holds it in its memory. */
const MOST_BYTES = 64 * 1024 ** 2;
const MOST_FILES = 5000;
const PLACE = "/program";

/** `because`: why not in a cage on this computer. Answers with the program's own exit number. */
export async function runInMachine(context: Context, given: Given, program: ForeignProgram, because: string): Promise<number> {
  const system = SYSTEMS[program.architecture];
  const { words, user } = ARCHITECTURES[program.architecture];
  if (system === undefined)
    throw new UsageError(
      "run.no_emulator",
      `${because === "" ? "There" : `${because} And there`} is no small machine with a ${words} processor to run it in: Debian has no Linux for it that Mimic could put together.`,
      { hint: `On Debian and Ubuntu: apt install qemu-user-static (it brings qemu-${user}-static).` },
    );
  aside(context.io, `${because === "" ? "" : `${because} `}It runs in a small machine (${system}), which vanishes afterwards.`, "faint");
  const { job } = await context.client.disposables.run({ of: system });
  const ended = job.state === "running" ? await waitJob(context, job, { quiet: given.json }) : job;
  if (ended.state !== "done") throw new JobError(ended);
  saySwitchedOn(context, ended);
  const machine = ended.result?.["machine"] ?? "";
  try {
    await takeAlong(context, machine, program);
    const code = await runThere(context, given, machine, program);
    if (program.mayWrite) await bringBack(context, machine, dirname(program.file));
    return code;
  } finally {
    await context.client.disposables.discard({ machine }).catch(() => {});
  }
}

/** Its folder, when that is small; of a large one only the program itself, and that is said. */
async function takeAlong(context: Context, machine: string, { file }: ForeignProgram): Promise<void> {
  const { copyToGuest } = await import("../../copy-to-guest.ts");
  const folder = dirname(file);
  const { bytes, isWhole } = await sizeOf(folder);
  if (isWhole) {
    await copyToGuest(context, folder, { on: "guest", machine, path: PLACE }, true);
    return;
  }
  aside(context.io, `Its folder has more than ${formatSize(bytes)}: only the program itself goes along.`, "faint");
  await copyToGuest(context, file, { on: "guest", machine, path: `${PLACE}/` }, true);
}

async function sizeOf(folder: string): Promise<{ readonly bytes: number; readonly isWhole: boolean }> {
  let [bytes, files] = [0, 0];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) bytes += (await lstat(path)).size;
      if (++files > MOST_FILES || bytes > MOST_BYTES) return { bytes: Math.min(bytes, MOST_BYTES), isWhole: false };
    }
  }
  return { bytes, isWhole: true };
}

async function runThere(context: Context, given: Given, machine: string, program: ForeignProgram): Promise<number> {
  const [{ runInGuest, exitNumber }, { showText }] = await Promise.all([import("../../guest-command.ts"), import("../guest/exec.ts")]);
  const { input, out, err } = context.io;
  const stop = new AbortController();
  using _ = context.io.onInterrupt(() => stop.abort(new InterruptedError("cli.interrupted", "Ended; the machine vanishes.", { hint: "" })));
  const show = (end: typeof out) => (end.isTerminal ? showText(end) : (bytes: Uint8Array) => end.writeBytes(bytes));
  const end = await runInGuest(context, {
    machine,
    program: "/bin/sh",
    args: ["-c", `cd ${PLACE} && chmod +x "$1" 2>/dev/null; exec "$@"`, "sh", `${PLACE}/${basename(program.file)}`, ...program.args],
    env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", ...program.env],
    stdin: given.off("stdin") || input.isTerminal ? undefined : input.chunks(),
    onStdout: show(out),
    onStderr: show(err),
    signal: stop.signal,
  });
  return exitNumber(end);
}

/** Files and folders, over those that are here. Links of a guest stay behind: nobody knows what they would point at here. */
async function bringBack(context: Context, machine: string, folder: string): Promise<void> {
  const { copyFromGuest } = await import("../../copy-from-guest.ts");
  const draft = join(folder, `.mimic-run-${randomBytes(6).toString("hex")}`);
  try {
    await copyFromGuest(context, { on: "guest", machine, path: PLACE }, draft, true);
    const isPlain = async (path: string): Promise<boolean> => {
      const facts = await lstat(path).catch(() => undefined);
      return facts === undefined || facts.isFile() || facts.isDirectory();
    };
    const filter = async (from: string, to: string): Promise<boolean> => (await isPlain(from)) && (await isPlain(to));
    await cp(draft, folder, { recursive: true, force: true, filter });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
