// A command in the guest whose output streams. qemu-ga itself hands output over only at the end and keeps all of it in
// memory, so a small shell script (busybox is enough) runs the command with its output cut into files of at most 1 MiB,
// which are read here as they grow and emptied once read: never more than four wait, then the command is held back.
// A short command costs two questions: start it, and hear how it ended and which files there are.
//
//   command ─pipe→ pump: P.o.0 P.o.1 … ─guest-file-read→ onStdout
//                    ▲ each is emptied here once it was read
//   stdin → P.i.0 P.i.1 … (one line in fifo P.ci each) → feed ─fifo P.i→ command
import { messageOf, type Waiting } from "@mimic/base";
import type { GuestCommand, GuestExit } from "@mimic/workbench/ports";
import { z } from "zod";
import type { AgentPorts } from "./agent-ports.ts";
import type { AgentChannel } from "./channel.ts";
import { agentMisbehaved, agentRefused, isRefused } from "./errors.ts";
import { bytesOf, CHUNK_BYTES, type GuestFiles } from "./files.ts";
import { lastWords } from "./last-words.ts";
import { isSeldom, nextWait, type Round, SHORT_MS } from "./pace.ts";
import { GROUP_PROGRAM, RUN_SCRIPT, STOP_SCRIPT, TIDY_SCRIPT } from "./scripts.ts";

export interface GuestShell {
  readonly channel: AgentChannel;
  readonly files: GuestFiles;
  readonly ports: AgentPorts;
  readonly scratch: Scratch;
  /** The guest has not begun anew since. */
  readonly isSameBoot: () => boolean;
}

/** What a guest has for running commands, found once per boot. */
export interface Scratch {
  /** It is its owner's alone. */
  readonly folder: string;
  /** Path of the program that does what RUN_SCRIPT does. */
  readonly runner: string | undefined;
}

const Started = z.object({ pid: z.int().positive() });
const Status = z.object({
  exited: z.boolean(),
  exitcode: z.int().optional(),
  signal: z.int().optional(),
  "out-data": z.string().max(4096).optional(),
});
/** Pieces of standard input that may wait in the guest. */
const INPUT_WINDOW = 4;
/** The runner fills each file of output up to here; the script writes so many pieces, of a byte each at least. */
const FILE_BYTES = 1 << 20;
const SCRIPT_PIECES = 64;
/** How long output is awaited after the command ended, when something it started still holds it open. */
const LINGER_MS = 1000;
const NEVER = new AbortController().signal;

export async function runInGuest(guest: GuestShell, command: GuestCommand, options: Waiting): Promise<GuestExit> {
  const { ports, scratch } = guest;
  const name = Array.from(ports.random.bytes(16), (b) => b.toString(16).padStart(2, "0")).join("");
  const prefix = `${scratch.folder}/${name}`;
  const env = command.env ?? [];
  const words = [prefix, command.stdin ? "in" : "none", String(env.length), ...env, command.program, ...command.args];
  const askedAt = ports.clock.monotonicMs();
  const { pid, leastBytes } = await begin(guest, words, options);
  const pace = Math.min(25, Math.max(2, ports.clock.monotonicMs() - askedAt));
  const inputOver = new AbortController();
  try {
    if (command.stdin)
      feed(guest, prefix, command.stdin, { signal: AbortSignal.any([options.signal, inputOver.signal]) }).catch((error: unknown) =>
        ports.log.debug("input to the guest ended", { error: messageOf(error) }),
      );
    const output = (letter: string, hear: Hear) => new Output(guest, { prefix: `${prefix}.${letter}`, leastBytes }, hear);
    const outputs: Outputs = [output("o", command.onStdout), output("e", command.onStderr)];
    const { exit, leavesFiles } = await follow(guest, { pid, prefix, outputs, pace }, options);
    for (const output of outputs) await output.close();
    // Waited for until it has begun: whoever stops the guest right after this leaves no question open.
    if (leavesFiles) await shell(guest, TIDY_SCRIPT, [prefix]);
    return exit;
  } catch (error) {
    // After a restart the number may be somebody else's.
    if (guest.isSameBoot()) await shell(guest, STOP_SCRIPT, [String(pid), prefix]);
    throw error;
  } finally {
    inputOver.abort(new Error("the command has ended"));
  }
}

interface Begun {
  readonly pid: number;
  /** No file of its output is followed by another before it is as long. */
  readonly leastBytes: number;
}

/** Without `setsid` in the guest an aborted command's children may outlive it; it runs all the same. */
async function begin({ channel, scratch }: GuestShell, words: readonly string[], options: Waiting): Promise<Begun> {
  const start = (path: string, arg: readonly string[]) =>
    channel.call("guest-exec", { path, arg, "capture-output": true }, options).then((said) => Started.safeParse(said));
  const script = ["-c", RUN_SCRIPT, "mimic", ...words];
  const orElse = (next: () => ReturnType<typeof start>) => (error: unknown) => {
    if (isRefused(error)) return next();
    throw error;
  };
  const byScript = () => {
    leastBytes = SCRIPT_PIECES;
    return start(GROUP_PROGRAM, ["/bin/sh", ...script]).catch(orElse(() => start("/bin/sh", script)));
  };
  let leastBytes = FILE_BYTES;
  const started = await (scratch.runner ? start(scratch.runner, words).catch(orElse(byScript)) : byScript());
  if (!started.success) throw agentMisbehaved("no process number");
  return { pid: started.data.pid, leastBytes };
}

type Outputs = readonly [stdout: Output, stderr: Output];

interface Running {
  readonly pid: number;
  readonly prefix: string;
  readonly outputs: Outputs;
  /** Milliseconds that the guest took to start it: how fast this guest is, and so how often it is worth asking. */
  readonly pace: number;
}

interface Ended {
  readonly exit: GuestExit;
  readonly leavesFiles: boolean;
}

/** Reads output until the command has ended and everything is read. */
async function follow(guest: GuestShell, { pid, prefix, outputs, pace }: Running, options: Waiting): Promise<Ended> {
  const { clock } = guest.ports;
  const beganAt = clock.monotonicMs();
  let wait = pace;
  await clock.sleep(wait, options);
  let codeDueAt = beganAt;
  let endedAt: number | undefined;
  let code: number | undefined;
  for (;;) {
    const askedAt = clock.monotonicMs();
    const status = Status.safeParse(await guest.channel.call("guest-exec-status", { pid }, options)).data;
    if (status === undefined) throw agentMisbehaved("a status that makes no sense");
    if (status.exited) return await atEnd(guest, status, outputs, options);
    if (askedAt - beganAt >= SHORT_MS) {
      const found = mostOf(await outputs[0].step(options), await outputs[1].step(options));
      if (found !== "nothing") endedAt &&= clock.monotonicMs();
      else if (code === undefined && isSeldom(wait) && askedAt >= codeDueAt) {
        code = await readCode(guest, prefix, options);
        codeDueAt = askedAt + LINGER_MS / 2;
      }
      if (code !== undefined) {
        endedAt ??= clock.monotonicMs();
        if (clock.monotonicMs() - endedAt > LINGER_MS) return { exit: { kind: "exited", code }, leavesFiles: true };
      }
      wait = nextWait({ wait, pace, took: clock.monotonicMs() - askedAt, found });
    }
    if (wait > 0) await clock.sleep(wait, options);
  }
}

/** The last words of the script or the runner: the command's status, which files there are still to read, and what was kept. */
async function atEnd(guest: GuestShell, status: z.infer<typeof Status>, outputs: Outputs, options: Waiting): Promise<Ended> {
  if (status.signal !== undefined) return { exit: { kind: "signalled", signal: status.signal }, leavesFiles: true };
  const said = lastWords(bytesOf(status["out-data"]));
  if (said === undefined) {
    if (status.exitcode === 125)
      throw agentRefused("guest-exec", `no file for a command's output could be made in ${guest.scratch.folder}`);
    throw agentMisbehaved("the command left no status");
  }
  for (const [index, output] of outputs.entries()) {
    const last = said.lastFiles[index];
    if (last !== undefined) await output.rest(last, options);
    const kept = said.kept[index];
    if (kept?.length) await output.hear(kept);
  }
  return { exit: { kind: "exited", code: said.code }, leavesFiles: said.leavesFiles };
}

async function readCode(guest: GuestShell, prefix: string, options: Waiting): Promise<number | undefined> {
  const handle = await guest.files.openIfThere(`${prefix}.code`, options);
  if (handle === undefined) return undefined;
  const text = new TextDecoder().decode(await guest.files.readSome(handle, options));
  await guest.files.close(handle, options);
  const match = /^(\d{1,3})\n/.exec(text);
  return match ? Number(match[1]) : undefined;
}

type Found = Round["found"];
const mostOf = (a: Found, b: Found): Found => (a === "nothing" || b === "a full piece" ? b : a);
type Hear = (bytes: Uint8Array) => Promise<void> | void;

/** One output stream: files P.o.0, P.o.1, … in order. */
class Output {
  readonly #guest: GuestShell;
  readonly #prefix: string;
  readonly #leastBytes: number;
  readonly hear: Hear;
  #index = 0;
  #handle: number | undefined;
  /** Read of the present file so far. */
  #bytes = 0;

  constructor(guest: GuestShell, { prefix, leastBytes }: { readonly prefix: string; readonly leastBytes: number }, hear: Hear) {
    this.#guest = guest;
    this.#prefix = prefix;
    this.#leastBytes = leastBytes;
    this.hear = hear;
  }

  /** Reads once, and turns to the next file where that has begun. */
  async step(options: Waiting): Promise<Found> {
    this.#handle ??= await this.#open(this.#index, options);
    if (this.#handle === undefined) return "nothing";
    const count = await this.#pass(options);
    if (count > 0) return count < CHUNK_BYTES && this.#bytes < FILE_BYTES ? "some" : "a full piece";
    const next = this.#bytes < this.#leastBytes ? undefined : await this.#open(this.#index + 1, options);
    if (next === undefined) return "nothing";
    // The last bytes may have come between the reading and the looking.
    while ((await this.#pass(options)) > 0);
    await this.#turnTo(next, options);
    return "a full piece";
  }

  /** The command has ended: everything up to the end of file `last`. */
  async rest(last: number, options: Waiting): Promise<void> {
    this.#handle ??= await this.#open(this.#index, options);
    while (this.#handle !== undefined) {
      while ((await this.#pass(options)) > 0);
      const next = this.#index < last ? await this.#open(this.#index + 1, options) : undefined;
      if (next === undefined) return;
      await this.#turnTo(next, options);
    }
  }

  async close(): Promise<void> {
    if (this.#handle !== undefined) await this.#guest.files.close(this.#handle, { signal: NEVER }).catch(() => {});
  }

  #open(index: number, options: Waiting, mode: "r" | "w" = "r"): Promise<number | undefined> {
    return this.#guest.files.openIfThere(`${this.#prefix}.${index}`, options, mode);
  }

  /** How many bytes there were. */
  async #pass(options: Waiting): Promise<number> {
    const bytes = await this.#guest.files.readSome(this.#handle as number, options);
    this.#bytes += bytes.length;
    if (bytes.length > 0) await this.hear(bytes);
    return bytes.length;
  }

  /** The file that was read is emptied, which lets the command write one more. */
  async #turnTo(next: number, options: Waiting): Promise<void> {
    const { files } = this.#guest;
    await files.close(this.#handle as number, options);
    this.#handle = next;
    this.#bytes = 0;
    const read = await this.#open(this.#index++, options, "w");
    if (read !== undefined) await files.close(read, options);
  }
}

/** Hands standard input over in pieces; at most four wait in the guest. */
async function feed(guest: GuestShell, prefix: string, stdin: AsyncIterable<Uint8Array>, options: Waiting): Promise<void> {
  const { files, ports } = guest;
  let bell: number | undefined;
  for (let wait = 2; bell === undefined; wait = Math.min(80, wait * 2)) {
    bell = await guest.files.openIfThere(`${prefix}.ci`, options, "r+");
    if (bell === undefined) await ports.clock.sleep(wait, options);
  }
  try {
    let index = 0;
    for await (const bytes of stdin) {
      if (bytes.length === 0) continue;
      for (
        let wait = 5;
        index >= INPUT_WINDOW && (await isThere(guest, `${prefix}.i.${index - INPUT_WINDOW}`, options));
        wait = Math.min(200, wait * 2)
      )
        await ports.clock.sleep(wait, options);
      const handle = await files.open(`${prefix}.i.${index++}`, "w", options);
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

async function isThere(guest: GuestShell, path: string, options: Waiting): Promise<boolean> {
  const handle = await guest.files.openIfThere(path, options);
  if (handle !== undefined) await guest.files.close(handle, options);
  return handle !== undefined;
}

/** For tidying up: does not wait for its end and never throws. */
async function shell(guest: GuestShell, script: string, args: readonly string[]): Promise<void> {
  await guest.channel.call("guest-exec", { path: "/bin/sh", arg: ["-c", script, "mimic", ...args] }, { signal: NEVER }).catch(() => {});
}
