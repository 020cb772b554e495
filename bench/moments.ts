// Moments: how long a guest stands still for one, and how long going back takes.
import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { openApi, TINY, untilDone } from "./framework/api.ts";
import { startBareQemu } from "./framework/bare-qemu.ts";
import { interleave, timed } from "./framework/measure.ts";
import { startDaemon } from "./framework/mimic.ts";
import type { Row } from "./framework/row.ts";
import { sampleOf } from "./framework/statistics.ts";

const MEMORY_MIB = 512;
const PAUSE_MS = 60;
const PAUSE_SHARE = 0.1;
const RESTORE_MS = 500;
/** What two starts of the same machine differ by here. */
const START_TIMES = 1.1;
const CLONE_MS = 50;
const SNAPSHOT_MS = 30;
const ROUNDS = 7;
const DISK_BYTES = 64 << 20;

export const checkpointPause: Row = {
  name: "checkpoint-pause",
  what: `A checkpoint of a running guest with ${MEMORY_MIB} MiB: how long it stands still; beside it QEMU's own snapshot-save of the same guest.`,
  unit: "ms",
  bound: `at most ${PAUSE_MS} ms, and at most a tenth of snapshot-save`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    const { client } = api;
    const hardware = { memoryMiB: MEMORY_MIB };
    await untilDone(
      client,
      (await client.machines.create({ name: "box", system: TINY, hardware, diskBytes: DISK_BYTES, start: true })).job,
    );
    await untilDone(client, (await client.machines.create({ name: "twin", system: TINY, hardware })).job);
    const store = join(bench.home, "store.qcow2");
    execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", store, "4G"]);
    chmodSync(store, 0o666);
    const blockdev = JSON.stringify({ driver: "qcow2", "node-name": "store", file: { driver: "file", filename: store } });
    await using peer = await startBareQemu(bench, client, { machine: "twin", more: ["-blockdev", blockdev] });
    await peer.qmp("cont");
    await peer.agentAnswers();
    const ours = async (): Promise<number> => {
      const { job } = await client.moments.take({ machine: "box", kind: "checkpoint" });
      await untilDone(client, job);
      const { moments } = await client.moments.list({ machine: "box" });
      const moment = moments.at(-1);
      const removed = await client.moments.remove({ machine: "box", moment: moment?.id ?? "" });
      // Not beside the next round.
      if (removed.job) await untilDone(client, removed.job);
      return moment?.pausedMs ?? Number.NaN;
    };
    let count = 0;
    const theirs = async (): Promise<number> => {
      const [stopped, resumed] = [peer.event("STOP"), peer.event("RESUME")];
      const id = `save${count++}`;
      const over = peer.event("JOB_STATUS_CHANGE", (data) => data["id"] === id && data["status"] === "concluded");
      await peer.qmp("snapshot-save", { "job-id": id, tag: id, vmstate: "store", devices: ["store"] });
      await over;
      const jobs = (await peer.qmp("query-jobs")) as { id: string; error?: string }[];
      const why = jobs.find((job) => job.id === id)?.error;
      if (why !== undefined) throw new Error(`snapshot-save: ${why}`);
      const [from, to] = await Promise.all([stopped, resumed]);
      await peer.qmp("job-dismiss", { id });
      return to - from;
    };
    const [mine, other] = await interleave([ours, theirs], { warmUp: 1, rounds: ROUNDS });
    if (!mine || !other) throw new Error("nothing was measured");
    return { ours: mine, peer: other, holds: mine.median <= PAUSE_MS && mine.median <= PAUSE_SHARE * other.median };
  },
};

export const checkpointRestore: Row = {
  name: "checkpoint-restore",
  what: `Going back to a checkpoint of a guest with ${MEMORY_MIB} MiB, in place, until its agent answers; the present is kept as a checkpoint meanwhile.`,
  unit: "ms",
  bound: `under ${RESTORE_MS} ms`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    const { client } = api;
    const hardware = { memoryMiB: MEMORY_MIB };
    await untilDone(
      client,
      (await client.machines.create({ name: "box", system: TINY, hardware, diskBytes: DISK_BYTES, start: true })).job,
    );
    await untilDone(client, (await client.moments.take({ machine: "box", kind: "checkpoint", name: "there" })).job);
    const back = timed(async () => untilDone(client, (await client.moments.restore({ machine: "box", moment: "there" })).job));
    const [ours] = await interleave([back], { warmUp: 1, rounds: ROUNDS });
    if (!ours) throw new Error("nothing was measured");
    return { ours, holds: ours.median < RESTORE_MS };
  },
};

export const linkedClone: Row = {
  name: "linked-clone",
  what: "A linked clone of a stopped machine, asked through the API until it is there; and its start until usable beside the original's.",
  unit: "ms",
  bound: `under ${CLONE_MS} ms; it starts as any other does (at most ${START_TIMES} times)`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    const { client } = api;
    await untilDone(client, (await client.machines.create({ name: "box", system: TINY, diskBytes: DISK_BYTES })).job);
    let count = 0;
    const clone = timed(async () => untilDone(client, (await client.machines.clone({ machine: "box", name: `c-${count++}` })).job));
    const start = (machine: string) => async (): Promise<number> => {
      const took = await timed(async () => untilDone(client, (await client.machines.start({ machine, wait: "usable" })).job))();
      await client.machines.kill({ machine });
      return took;
    };
    const [ours] = await interleave([clone], { warmUp: 2, rounds: 21 });
    const [cloned, original] = await interleave([start("c-0"), start("box")], { warmUp: 1, rounds: 5 });
    if (!ours || !cloned || !original) throw new Error("nothing was measured");
    const times = cloned.median / original.median;
    return {
      ours,
      holds: ours.median < CLONE_MS && times <= START_TIMES,
      besides: `its start takes ${times.toFixed(2)} times the original's`,
    };
  },
};

export const diskSnapshot: Row = {
  name: "disk-snapshot",
  what: "A snapshot of the disks of a running machine: how long QEMU takes to switch them.",
  unit: "ms",
  bound: `under ${SNAPSHOT_MS} ms`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    const { client } = api;
    await untilDone(client, (await client.machines.create({ name: "box", system: TINY, diskBytes: DISK_BYTES, start: true })).job);
    const whole: number[] = [];
    const pauses: number[] = [];
    for (let round = 0; round < 21; round++) {
      whole.push(await timed(async () => untilDone(client, (await client.moments.take({ machine: "box", kind: "snapshot" })).job))());
      pauses.push((await client.moments.list({ machine: "box" })).moments.at(-1)?.pausedMs ?? Number.NaN);
    }
    const ours = sampleOf(pauses);
    return {
      ours,
      holds: ours.median < SNAPSHOT_MS,
      besides: `${Math.round(sampleOf(whole).median)} ms until it is kept, picture and records included`,
    };
  },
};
