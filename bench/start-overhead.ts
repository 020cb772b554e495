// What Mimic adds to a start: cage, records, handshakes, watching for the sign. Beside it the same QEMU with the same
// arguments, started with nothing around it, and its guest agent asked directly.
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@mimic/api/client";
import { openApi, TINY, untilDone } from "./framework/api.ts";
import { interleave } from "./framework/measure.ts";
import { startDaemon } from "./framework/mimic.ts";
import { type Bench, CannotMeasure, type Row } from "./framework/row.ts";

const MOST_TIMES = 1.05;
const MOST_MORE_MS = 50;

export const startOverhead: Row = {
  name: "start-overhead",
  what: "Start until usable (the guest agent answers) of the tiny Linux, asked through the API; beside it the bare QEMU with the same arguments.",
  unit: "ms",
  bound: `at most ${MOST_TIMES} times, and at most ${MOST_MORE_MS} ms more`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    await untilDone(api.client, (await api.client.machines.create({ name: "box", system: TINY })).job);
    const { parts } = await api.client.machines.explain({ machine: "box" });
    const bare = bareArguments(parts.flatMap(({ args }) => args));
    const images = join(bench.home, "data/images");
    const boot = readdirSync(images).map((digest) => join(images, digest, "parts"))[0];
    if (!boot || !existsSync(join(boot, "kernel"))) throw new Error("the tiny Linux's kernel was not found");
    const [ours, peer] = await interleave([() => startOurs(api.client), () => startBare(bench, bare, boot)], { warmUp: 1, rounds: 9 });
    if (!ours || !peer) throw new Error("nothing was measured");
    const holds = ours.median <= MOST_TIMES * peer.median && ours.median - peer.median <= MOST_MORE_MS;
    return { ours, peer, holds, besides: `${Math.round(ours.median - peer.median)} ms more` };
  },
};

async function startOurs(client: Client): Promise<number> {
  const began = performance.now();
  const { job } = await client.machines.start({ machine: "box", wait: "usable" });
  await untilDone(client, job);
  const took = performance.now() - began;
  await client.machines.kill({ machine: "box" });
  while ((await client.machines.show({ machine: "box" })).power !== "stopped") await sleep(20);
  return took;
}

interface Bare {
  readonly binary: string;
  readonly args: readonly string[];
}

/** QEMU's own words out of the whole command line, without the cage before them, and without the order to wait (-S). */
function bareArguments(words: readonly string[]): Bare {
  const at = words.findLastIndex((word) => /\/qemu-system-\w+$/.test(word));
  const binary = words[at];
  if (!binary) throw new Error("the explanation names no QEMU");
  return { binary, args: words.slice(at + 1).filter((word) => word !== "-S") };
}

/** QEMU sees its sockets in /m and its kernel as descriptors: here they are files in a folder of its own. */
async function startBare(bench: Bench, bare: Bare, boot: string): Promise<number> {
  const folder = mkdtempSync(join(bench.home, "q"));
  mkdirSync(folder, { recursive: true });
  chmodSync(bench.home, 0o755);
  chmodSync(folder, 0o777);
  for (const part of ["kernel", "initrd"]) {
    copyFileSync(join(boot, part), join(folder, part));
    chmodSync(join(folder, part), 0o644);
  }
  const args = bare.args.map((word, index) => {
    const option = bare.args[index - 1];
    if (option === "-kernel") return join(folder, "kernel");
    if (option === "-initrd") return join(folder, "initrd");
    return word.replaceAll("/m/", `${folder}/`).replaceAll("/n/", `${folder}/`);
  });
  // Never as root, like ours.
  const isRoot = process.getuid?.() === 0;
  const wrapper = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : [];
  const [program = "", ...rest] = [...wrapper, bare.binary, ...args];
  const began = performance.now();
  const qemu = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe"], cwd: "/" });
  let words = "";
  qemu.stderr.setEncoding("utf8").on("data", (text: string) => (words += text));
  const ended = new Promise<number>((resolve) => qemu.on("close", () => resolve(-1)));
  try {
    const took = await Promise.race([agentAnswers(join(folder, "agent.sock")).then(() => performance.now() - began), ended]);
    if (took < 0) throw new CannotMeasure(`The bare QEMU did not run: ${words.trim().slice(0, 300)}`);
    return took;
  } finally {
    qemu.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One ping, sent as soon as the socket listens: it waits in the channel until the agent opens it. */
async function agentAnswers(path: string): Promise<void> {
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
