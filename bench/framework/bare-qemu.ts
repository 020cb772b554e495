// A QEMU as Mimic would start it, with nothing around it: the peer of rows about starting, saving and restoring.
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@mimic/api/client";
import { type Bench, CannotMeasure } from "./row.ts";

export interface BareQemu extends AsyncDisposable {
  readonly folder: string;
  qmp(execute: string, args?: object): Promise<unknown>;
  /** Resolves with the time (performance.now) at which that event came; from now on. */
  event(name: string, fits?: (data: Record<string, unknown>) => boolean): Promise<number>;
  agentAnswers(): Promise<void>;
}

export interface BareWish {
  /** The machine whose arguments are taken. */
  readonly machine: string;
  readonly more?: readonly string[];
  /** Instead of memory of its own: this file, privately. */
  readonly memory?: string;
  /** Open files, from descriptor 3 on. */
  readonly files?: readonly string[];
}

/** QEMU's own words out of the whole command line, without the cage before them. */
export async function bareWords(client: Client, machine: string): Promise<{ binary: string; args: string[] }> {
  const { parts } = await client.machines.explain({ machine });
  const words = parts.flatMap(({ args }) => args);
  const at = words.findLastIndex((word) => /\/qemu-system-\w+$/.test(word));
  const binary = words[at];
  if (!binary) throw new Error("the explanation names no QEMU");
  return { binary, args: words.slice(at + 1) };
}

export async function startBareQemu(bench: Bench, client: Client, wish: BareWish): Promise<BareQemu> {
  const { binary, args } = await bareWords(client, wish.machine);
  const folder = mkdtempSync(join(bench.home, "q"));
  for (const path of [bench.home, folder]) chmodSync(path, path === folder ? 0o777 : 0o755);
  const images = join(bench.home, "data/images");
  const boot = readdirSync(images)
    .map((digest) => join(images, digest, "parts"))
    .find((parts) => existsSync(join(parts, "kernel")));
  const words = args.map((word, index) => {
    const option = args[index - 1];
    if (boot && (option === "-kernel" || option === "-initrd")) {
      const file = join(folder, option.slice(1));
      copyFileSync(join(boot, option.slice(1)), file);
      chmodSync(file, 0o644);
      return file;
    }
    if (wish.memory !== undefined && word.includes('"memory-backend-ram"'))
      return JSON.stringify({ ...JSON.parse(word), "qom-type": "memory-backend-file", "mem-path": wish.memory, share: false });
    return word.replaceAll("/m/", `${folder}/`).replaceAll("/n/", `${folder}/`);
  });
  const fds = (wish.files ?? []).map((path) => openSync(path, "r"));
  const isRoot = process.getuid?.() === 0;
  const wrapper = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : [];
  const [program = "", ...rest] = [...wrapper, binary, ...words, ...(wish.more ?? [])];
  const child = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe", ...fds], cwd: "/" });
  for (const fd of fds) closeSync(fd);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const monitor = new Monitor();
  try {
    await monitor.open(join(folder, "qmp.sock"), child);
  } catch {
    await end(child, ended, folder);
    throw new CannotMeasure(`The bare QEMU did not run: ${said.trim().slice(0, 300)}`);
  }
  return {
    folder,
    qmp: (execute, more) => monitor.ask(execute, more),
    event: (name, fits) => monitor.event(name, fits),
    agentAnswers: () => agentAnswers(join(folder, "agent.sock")),
    [Symbol.asyncDispose]: () => end(child, ended, folder),
  };
}

async function end(child: ChildProcess, ended: Promise<void>, folder: string): Promise<void> {
  child.kill("SIGKILL");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}

type Message = { event?: string; data?: Record<string, unknown>; return?: unknown; error?: { desc: string } };

/** One order at a time; enough for a bench. */
class Monitor {
  #socket: Socket | undefined;
  #text = "";
  #waiting: ((message: Message) => void) | undefined;
  readonly #ears = new Set<(message: Message) => void>();

  async open(path: string, child: ChildProcess): Promise<void> {
    while (!existsSync(path)) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error("QEMU ended");
      await sleep(2);
    }
    this.#socket = connect(path);
    this.#socket.on("error", () => {});
    this.#socket.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#text + text).split("\n");
      this.#text = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") this.#take(JSON.parse(line) as Message);
    });
    await this.ask("qmp_capabilities");
  }

  async ask(execute: string, args: object = {}): Promise<unknown> {
    const answer = new Promise<Message>((resolve) => {
      this.#waiting = resolve;
    });
    this.#socket?.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    const message = await answer;
    if (message.error) throw new Error(`${execute}: ${message.error.desc}`);
    return message.return;
  }

  event(name: string, fits: (data: Record<string, unknown>) => boolean = () => true): Promise<number> {
    return new Promise((resolve) => {
      const ear = (message: Message): void => {
        if (message.event !== name || !fits(message.data ?? {})) return;
        this.#ears.delete(ear);
        resolve(performance.now());
      };
      this.#ears.add(ear);
    });
  }

  #take(message: Message): void {
    if (message.event !== undefined) for (const ear of [...this.#ears]) ear(message);
    if ("return" in message || message.error) this.#waiting?.(message);
  }
}

/** One ping, sent as soon as the socket listens: it waits in the channel until the agent opens it. */
export async function agentAnswers(path: string): Promise<void> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect(path, () => socket.write('{"execute":"guest-ping"}\n'));
    socket.once("data", () => resolve(true));
    socket.once("error", () => resolve(false));
    const isThere = await promise.finally(() => socket.destroy());
    if (isThere) return;
    await sleep(5);
  }
}
