// A command in the guest whose output streams. qemu-ga itself hands output over only at the end and keeps all of it in
// memory, so a small shell script (busybox is enough) runs the command with its output cut into files of at most 1 MiB,
// which are read here as they grow and removed once read: never more than four wait, then the command is held back.
//
//   command ─fifo o→ pump: o.0 o.1 … ─guest-file-read→ onStdout
//                     ▲ one line in fifo co per file that was read
//   stdin → i.0 i.1 … (one line in fifo ci each) → feed ─fifo i→ command
import { type ErrorCode, MimicError, messageOf, type Waiting } from "@mimic/base";
import type { GuestCommand, GuestExit } from "@mimic/workbench/ports";
import { z } from "zod";
import type { AgentPorts } from "./agent-ports.ts";
import type { AgentChannel } from "./channel.ts";
import { agentMisbehaved, agentRefused } from "./errors.ts";
import type { GuestFiles } from "./files.ts";
import { GROUP_SCRIPT, RUN_SCRIPT, STOP_SCRIPT, TIDY_SCRIPT } from "./scripts.ts";

export interface GuestShell {
  readonly channel: AgentChannel;
  readonly files: GuestFiles;
  readonly ports: AgentPorts;
  /** A writable folder of the guest. */
  readonly scratch: string;
}

const Started = z.object({ pid: z.int().positive() });
const Status = z.object({ exited: z.boolean(), exitcode: z.int().optional(), signal: z.int().optional() });
/** Pieces of standard input that may wait in the guest. */
const INPUT_WINDOW = 4;
/** How long output is awaited after the command ended, when something it started still holds it open. */
const LINGER_MS = 1000;
const NEVER = new AbortController().signal;

export async function runInGuest(guest: GuestShell, command: GuestCommand, options: Waiting): Promise<GuestExit> {
  const { channel, ports, scratch } = guest;
  const name = Array.from(ports.random.bytes(16), (b) => b.toString(16).padStart(2, "0")).join("");
  const folder = `${scratch}/.mimic-${name}`;
  const env = command.env ?? [];
  const words = [folder, command.stdin ? "in" : "none", String(env.length), ...env, command.program, ...command.args];
  const arg = ["-c", GROUP_SCRIPT, "/bin/sh", RUN_SCRIPT, "mimic", ...words];
  const started = Started.safeParse(await channel.call("guest-exec", { path: "/bin/sh", arg }, options));
  if (!started.success) throw agentMisbehaved("no process number");
  const { pid } = started.data;
  const inputOver = new AbortController();
  try {
    if (command.stdin)
      feed(guest, folder, command.stdin, { signal: AbortSignal.any([options.signal, inputOver.signal]) }).catch((error: unknown) =>
        ports.log.debug("input to the guest ended", { error: messageOf(error) }),
      );
    const outputs = [
      new Output(guest, `${folder}/o`, `${folder}/co`, command.onStdout),
      new Output(guest, `${folder}/e`, `${folder}/ce`, command.onStderr),
    ];
    const exit = await follow(guest, pid, folder, outputs, options);
    for (const output of outputs) await output.close();
    await shell(guest, TIDY_SCRIPT, [folder]);
    return exit;
  } catch (error) {
    await shell(guest, STOP_SCRIPT, [String(pid), folder]);
    throw error;
  } finally {
    inputOver.abort(new Error("the command has ended"));
  }
}

/** Reads output until the command has ended and everything is read. */
async function follow(guest: GuestShell, pid: number, folder: string, outputs: readonly Output[], options: Waiting): Promise<GuestExit> {
  const { clock } = guest.ports;
  let wait = 2;
  let endedAt: number | undefined;
  let code: number | undefined;
  for (;;) {
    let moved = false;
    for (const output of outputs) moved = (await output.step(options)) || moved;
    if (moved) {
      wait = 2;
      endedAt &&= clock.monotonicMs();
      continue;
    }
    const status = Status.safeParse(await guest.channel.call("guest-exec-status", { pid }, options)).data;
    if (status === undefined) throw agentMisbehaved("a status that makes no sense");
    if (status.exited) {
      while ((await Promise.all(outputs.map((output) => output.step(options)))).some(Boolean));
      if (status.signal !== undefined) return { kind: "signalled", signal: status.signal };
      code ??= await readCode(guest, folder, options);
      if (code !== undefined) return { kind: "exited", code };
      if (status.exitcode === 125) throw agentRefused("guest-exec", `no folder for a command's output could be made in ${guest.scratch}`);
      throw agentMisbehaved("the command left no status");
    }
    if (wait > 50) code ??= await readCode(guest, folder, options);
    if (code !== undefined) {
      endedAt ??= clock.monotonicMs();
      if (clock.monotonicMs() - endedAt > LINGER_MS) return { kind: "exited", code };
    }
    await clock.sleep(wait, options);
    wait = Math.min(80, wait * 1.5);
  }
}

async function readCode(guest: GuestShell, folder: string, options: Waiting): Promise<number | undefined> {
  const handle = await openIfThere(guest, `${folder}/code`, options);
  if (handle === undefined) return undefined;
  const text = new TextDecoder().decode(await guest.files.readSome(handle, options));
  await guest.files.close(handle, options);
  const match = /^(\d{1,3})\n/.exec(text);
  return match ? Number(match[1]) : undefined;
}

/** One output stream: files o.0, o.1, … in order. */
class Output {
  readonly #guest: GuestShell;
  readonly #prefix: string;
  readonly #creditPath: string;
  readonly #hear: (bytes: Uint8Array) => Promise<void> | void;
  #index = 0;
  #handle: number | undefined;
  #credit: number | undefined;

  constructor(guest: GuestShell, prefix: string, creditPath: string, hear: (bytes: Uint8Array) => Promise<void> | void) {
    this.#guest = guest;
    this.#prefix = prefix;
    this.#creditPath = creditPath;
    this.#hear = hear;
  }

  /** Reads once; true when there was something, or the next file has begun. */
  async step(options: Waiting): Promise<boolean> {
    const { files } = this.#guest;
    this.#handle ??= await openIfThere(this.#guest, `${this.#prefix}.${this.#index}`, options);
    if (this.#handle === undefined) return false;
    if (await this.#pass(options)) return true;
    const next = await openIfThere(this.#guest, `${this.#prefix}.${this.#index + 1}`, options);
    if (next === undefined) return false;
    // The last bytes may have come between the reading and the looking.
    while (await this.#pass(options));
    await files.close(this.#handle, options);
    this.#handle = next;
    this.#index++;
    await this.#giveCredit(options);
    return true;
  }

  async close(): Promise<void> {
    for (const handle of [this.#handle, this.#credit])
      if (handle !== undefined) await this.#guest.files.close(handle, { signal: NEVER }).catch(() => {});
  }

  async #pass(options: Waiting): Promise<boolean> {
    const bytes = await this.#guest.files.readSome(this.#handle as number, options);
    if (bytes.length === 0) return false;
    await this.#hear(bytes);
    return true;
  }

  async #giveCredit(options: Waiting): Promise<void> {
    this.#credit ??= await openIfThere(this.#guest, this.#creditPath, options, "r+");
    if (this.#credit !== undefined) await line(this.#guest, this.#credit, "read", options);
  }
}

/** Hands standard input over in pieces; at most four wait in the guest. */
async function feed(guest: GuestShell, folder: string, stdin: AsyncIterable<Uint8Array>, options: Waiting): Promise<void> {
  const { files, ports } = guest;
  let bell: number | undefined;
  for (let wait = 2; bell === undefined; wait = Math.min(80, wait * 2)) {
    bell = await openIfThere(guest, `${folder}/ci`, options, "r+");
    if (bell === undefined) await ports.clock.sleep(wait, options);
  }
  try {
    let index = 0;
    for await (const bytes of stdin) {
      if (bytes.length === 0) continue;
      for (
        let wait = 5;
        index >= INPUT_WINDOW && (await isThere(guest, `${folder}/i.${index - INPUT_WINDOW}`, options));
        wait = Math.min(200, wait * 2)
      )
        await ports.clock.sleep(wait, options);
      const handle = await files.open(`${folder}/i.${index++}`, "w", options);
      await files.writeAll(handle, bytes, options);
      await files.close(handle, options);
      await line(guest, bell, "next", options);
    }
    await line(guest, bell, "end", options);
  } finally {
    await files.close(bell, { signal: NEVER }).catch(() => {});
  }
}

async function line(guest: GuestShell, handle: number, word: string, options: Waiting): Promise<void> {
  await guest.files.writeAll(handle, new TextEncoder().encode(`${word}\n`), options);
  await guest.channel.call("guest-file-flush", { handle }, options);
}

const REFUSED: ErrorCode = "agent.refused";

async function openIfThere(guest: GuestShell, path: string, options: Waiting, mode: "r" | "r+" = "r"): Promise<number | undefined> {
  try {
    return await guest.files.open(path, mode, options);
  } catch (error) {
    if (error instanceof MimicError && error.code === REFUSED) return undefined;
    throw error;
  }
}

async function isThere(guest: GuestShell, path: string, options: Waiting): Promise<boolean> {
  const handle = await openIfThere(guest, path, options);
  if (handle !== undefined) await guest.files.close(handle, options);
  return handle !== undefined;
}

/** For tidying up: does not wait for its end and never throws. */
async function shell(guest: GuestShell, script: string, args: readonly string[]): Promise<void> {
  await guest.channel.call("guest-exec", { path: "/bin/sh", arg: ["-c", script, "mimic", ...args] }, { signal: NEVER }).catch(() => {});
}
