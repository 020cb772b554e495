// Disposable machines: from the pool, from the template's memory, and many alive at once.
import { chmodSync, copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@mimic/api/client";
import { openApi, TINY, untilDone } from "./framework/api.ts";
import { startBareQemu } from "./framework/bare-qemu.ts";
import { interleave, timed } from "./framework/measure.ts";
import { mimic, startDaemon } from "./framework/mimic.ts";
import type { Bench, Row } from "./framework/row.ts";
import { sampleOf } from "./framework/statistics.ts";

const API_MS = 40;
const COMMAND_MS = 150;
const COLD_SHARE = 0.1;
const BARE_TIMES = 1.5;
const ALIVE = 100;
const MOST_MIB = 30;
const MOST_CPU = 0.5;
const ANSWER_MS = 1000;

/** The template that `mimic run tiny-linux` makes, with so many machines waiting. */
async function prepare(bench: Bench, client: Client, warm: number): Promise<void> {
  await discard(client, await take(client));
  await client.templates.change({ template: TINY, warm });
  bench.say(`a template of the tiny Linux, ${warm} waiting`);
}

async function take(client: Client): Promise<string> {
  const { job } = await client.disposables.run({ of: TINY, withinMs: 60_000 });
  await untilDone(client, job);
  const { result } = await client.jobs.show({ job: job.id });
  return result?.["machine"] ?? "";
}

async function discard(client: Client, machine: string): Promise<void> {
  await client.disposables.discard({ machine });
  while ((await client.machines.list({})).machines.some(({ id }) => id === machine)) await sleep(20);
}

async function untilWarm(client: Client, count: number): Promise<void> {
  while ((await client.templates.show({ template: TINY })).warm < count) await sleep(20);
  await sleep(50);
}

export const disposableWarm: Row = {
  name: "disposable-warm",
  what: "A disposable machine out of the pool: from the request through the API to the guest agent's answer, median of 50; and `mimic run … -- true` as a whole command.",
  unit: "ms",
  bound: `under ${API_MS} ms through the API, under ${COMMAND_MS} ms as a whole command`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    await prepare(bench, api.client, 1);
    const ours: number[] = [];
    const commands: number[] = [];
    for (let round = 0; round < 50; round++) {
      await untilWarm(api.client, 1);
      const began = performance.now();
      const { job } = await api.client.disposables.run({ of: TINY, withinMs: 60_000 });
      ours.push(performance.now() - began);
      await discard(api.client, job.result?.["machine"] ?? "");
      if (round % 5 !== 0) continue;
      await untilWarm(api.client, 1);
      commands.push(await timed(() => mimic(bench, "run", TINY, "-n", "--", "true"))());
    }
    const [through, whole] = [sampleOf(ours), sampleOf(commands)];
    const holds = through.median < API_MS && whole.median < COMMAND_MS;
    return { ours: through, holds, besides: `${Math.round(whole.median)} ms as a whole command` };
  },
};

export const disposableCold: Row = {
  name: "disposable-cold",
  what: "A disposable machine with an empty pool until its agent answers and it is somebody of its own; beside it a cold start of the same system until usable.",
  unit: "ms",
  bound: `at most a tenth of the cold start; under ${BARE_TIMES} times bare QEMU restoring the same state`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    const { client } = api;
    await prepare(bench, client, 0);
    await untilDone(client, (await client.machines.create({ name: "box", system: TINY })).job);
    const ours = async (): Promise<number> => {
      const began = performance.now();
      const machine = await take(client);
      const took = performance.now() - began;
      await discard(client, machine);
      return took;
    };
    const cold = async (): Promise<number> => {
      const began = performance.now();
      await untilDone(client, (await client.machines.start({ machine: "box", wait: "usable" })).job);
      const took = performance.now() - began;
      await client.machines.kill({ machine: "box" });
      return took;
    };
    const [mine, peer, bare] = await interleave([ours, cold, () => restoreBare(bench, client)], { warmUp: 2, rounds: 9 });
    if (!mine || !peer || !bare) throw new Error("nothing was measured");
    const holds = mine.median <= COLD_SHARE * peer.median && mine.median < BARE_TIMES * bare.median;
    return {
      ours: mine,
      peer,
      holds,
      besides: `${(mine.median / bare.median).toFixed(2)} times bare QEMU restoring (${Math.round(bare.median)} ms)`,
    };
  },
};

/** The same state and memory, restored by QEMU alone, until the agent answers. */
async function restoreBare(bench: Bench, client: Client): Promise<number> {
  const templates = join(bench.home, "data/templates");
  const at = join(templates, readdirSync(templates)[0] ?? "", "g1");
  const memory = join(bench.home, "bare-memory");
  copyFileSync(join(at, "memory"), memory);
  chmodSync(memory, 0o666);
  const began = performance.now();
  await using qemu = await startBareQemu(bench, client, {
    machine: "box",
    more: ["-incoming", "defer"],
    memory,
    files: [join(at, "state")],
  });
  await qemu.qmp("migrate-set-capabilities", {
    capabilities: ["events", "x-ignore-shared"].map((capability) => ({ capability, state: true })),
  });
  const completed = qemu.event("MIGRATION", ({ status }) => status === "completed");
  await qemu.qmp("migrate-incoming", { uri: "fd:3" });
  await completed;
  await qemu.qmp("cont");
  await qemu.agentAnswers();
  return performance.now() - began;
}

export const clonesAlive: Row = {
  name: "clones-alive",
  what: `${ALIVE} disposable machines of the tiny Linux alive at once: memory of each beside the template's, shared pages by their share.`,
  unit: "MiB",
  bound: `at most ${MOST_MIB} MiB each; under ${MOST_CPU} % of a core each when idle; all agents answer within 1 s`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    const { client } = api;
    await prepare(bench, client, 0);
    const machines: string[] = [];
    for (let count = 0; count < ALIVE; count++) machines.push(await take(client));
    const pids = machines.map((id) => pidOf(bench, id));
    const ours = sampleOf(pids.map(ownMiB));
    const before = pids.map(cpuMs);
    await sleep(6000);
    const cpu = sampleOf(pids.map((pid, index) => ((cpuMs(pid) - (before[index] ?? 0)) / 6000) * 100));
    const slowest = Math.max(
      ...(await Promise.all(
        machines.map(async (machine) => {
          const began = performance.now();
          await client.machines.ping({ machine });
          return performance.now() - began;
        }),
      )),
    );
    for (const machine of machines) await client.disposables.discard({ machine });
    const holds = ours.median <= MOST_MIB && cpu.median < MOST_CPU && slowest <= ANSWER_MS;
    return { ours, holds, besides: `${cpu.median.toFixed(2)} % of a core each; all answered within ${Math.round(slowest)} ms` };
  },
};

const pidOf = (bench: Bench, id: string): number =>
  (JSON.parse(readFileSync(join(bench.home, "data/machines", id, "run.json"), "utf8")) as { body: { pid: number } }).body.pid;

/** What would be free again if it ended: pages of its own, and its share of those that several map. (proc(5), smaps_rollup) */
function ownMiB(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}

/** Of all its threads, from the scheduler: finer than ticks. */
const cpuMs = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1e6,
    0,
  );
