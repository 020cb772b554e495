// This computer's disk gets full, to the last block, in the middle of what Mimic does with a running machine: each time it
// says so, nothing is lost or half-made, the guest goes on, and it works once there is room again.
import { readdir, stat } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";
import { BLOCK, SmallDisk, whyNoSmallDisk } from "./kit/small-disk.ts";

const MIB = 1024 ** 2;
/** What long work leaves to others, and what has to be free besides what it may take. */
const LAST = 32 * MIB;
const RESERVE = 64 * MIB;

let disk: SmallDisk;
let mimic: Installation;
let boot: string;
beforeEach(({ skip }) => skip(whyNoSmallDisk !== undefined, whyNoSmallDisk));
beforeAll(async () => {
  if (whyNoSmallDisk !== undefined) return;
  disk = await SmallDisk.mount(400);
  mimic = await install({ tinyLinux: true, within: disk.folder });
  const hardware = { memoryMiB: 128 };
  await mimic.done(
    mimic.client.machines.create({ name: "box", system: "tiny-linux", hardware, network: null, diskBytes: 24 * MIB, start: true }),
  );
  boot = await bootId();
  await writeNoise(8, 0);
}, 300_000);
afterAll(async () => {
  await disk?.makeRoom();
  await mimic?.[Symbol.asyncDispose]();
  await disk?.[Symbol.asyncDispose]();
});

const inside = async (script: string, machine = "box"): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
const bootId = () => inside("cat /proc/sys/kernel/random/boot_id");
const writeNoise = (mib: number, at: number) =>
  inside(`head -c ${mib * MIB} /dev/urandom | dd of=/dev/vda bs=1M seek=${at} conv=fsync,notrunc 2>/dev/null`);
/** Past the guest's own cache. */
const digest = () => inside("echo 3 > /proc/sys/vm/drop_caches; md5sum /dev/vda | cut -c1-32");
const show = (machine = "box") => mimic.client.machines.show({ machine });
const ownDisk = async () => {
  const [own] = (await show()).hardware.disks;
  if (own === undefined) throw new Error("it has no disk");
  return own;
};
const layerCount = async () => (await ownDisk()).layers?.length ?? 0;
const momentNames = async () => (await mimic.client.moments.list({ machine: "box" })).moments.map(({ name }) => name);
/** With what it gives back. */
async function remove(moment: string): Promise<void> {
  const { job } = await mimic.client.moments.remove({ machine: "box", moment });
  if (job) await mimic.done({ job });
}
const take = (kind: "snapshot" | "checkpoint", name: string) => mimic.client.moments.take({ machine: "box", kind, name });
/** Disks, layers, moments, templates, drafts and journals: whatever could be left over. */
const things = async (): Promise<readonly string[]> =>
  (await readdir(`${mimic.home}/data`, { recursive: true }))
    .filter((path) => /\.qcow2$|moments\/|templates\/|\.draft-|\.new$|journal\//.test(path))
    .sort();

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}
/** A job's problem, or what refused to begin one; undefined = it was done. */
async function problemOf(started: Promise<{ job: { id: string } }>): Promise<Problem | undefined> {
  try {
    return (await mimic.ended((await started) as Parameters<Installation["ended"]>[0])).problem;
  } catch (error) {
    return error as Problem;
  }
}
const expectFull = (problem: Problem | undefined): void => {
  expect(problem?.code, problem?.message).toMatch(/^(disk\.full|store\.no_space|host\.disk_short)$/);
  expect(problem?.message).toMatch(/full|no room|is left/);
  expect(problem?.hint).toMatch(/[Mm]ake room/);
};

test("a snapshot, at whichever of its steps the last block is gone: as if it had not been asked for", async () => {
  const before = await digest();
  const kept = await things();
  const codes: string[] = [];
  for (let blocks = 0; blocks < 60; blocks++) {
    await disk.leave(blocks * BLOCK);
    const problem = await problemOf(take("snapshot", "whole"));
    await disk.makeRoom();
    if (problem === undefined) break;
    expectFull(problem);
    codes.push(problem.code);
    expect(await things(), `with ${blocks} blocks left`).toEqual(kept);
    const { head, id } = await ownDisk();
    const [machine] = await readdir(`${mimic.home}/data/machines`);
    const { mode } = await stat(`${mimic.home}/data/machines/${machine}/disks/${head ?? id}.qcow2`);
    // Frozen files are only read; this one is written to again, also by the next start.
    expect((mode & 0o777).toString(8)).toBe("600");
  }
  expect(new Set(codes)).toEqual(new Set(["store.no_space", "disk.full"]));
  expect(codes.length).toBeGreaterThan(5);
  expect(await momentNames()).toEqual(["whole"]);
  expect([await digest(), await bootId(), (await show()).power]).toEqual([before, boot, "running"]);
}, 180_000);

test("a picture of the screen: said to be impossible, the guest goes on, and nothing of it stays", async () => {
  for (const blocks of [0, 1, 100]) {
    await disk.leave(blocks * BLOCK);
    const shot = await mimic.mimic(["screenshot", "box", "-"]);
    expect([shot.code, shot.out]).toEqual([1, ""]);
    expect(shot.err).toMatch(/room|full/);
    const left = (await readdir(`${mimic.home}/run/m`, { recursive: true })).filter((path) => !path.endsWith(".sock"));
    expect(left).toEqual([(await show()).id]);
  }
  await disk.makeRoom();
  expect([await bootId(), (await show()).power]).toEqual([boot, "running"]);
  expect((await mimic.mimic(["screenshot", "box", "-"])).code).toBe(0);
}, 60_000);

test("a checkpoint: given up while memory is written, before the last room is gone or at it", async () => {
  const before = await digest();
  const kept = await things();
  for (const fill of [false, true]) {
    await disk.leave(LAST + 4 * MIB);
    const started = take("checkpoint", "half");
    await started;
    if (fill) await disk.leave(0);
    expectFull(await problemOf(started));
    await disk.makeRoom();
    expect(await things()).toEqual(kept);
  }
  // With less there is no use in beginning.
  await disk.leave(8 * MIB);
  expect(await problemOf(take("checkpoint", "none"))).toMatchObject({ code: "host.disk_short" });
  await disk.makeRoom();
  expect([await digest(), await bootId(), (await show()).power]).toEqual([before, boot, "running"]);
  expect(await problemOf(take("checkpoint", "memory"))).toBeUndefined();
}, 120_000);

test("a template: given up while memory is saved, and while it is poured; only the machine's own disk knows", async () => {
  const before = await digest();
  const memory = (await mimic.client.moments.list({ machine: "box" })).moments.find(({ name }) => name === "memory")?.sizeBytes ?? 0;
  await remove("memory");
  const layers = await layerCount();
  for (const left of [LAST + 8 * MIB, LAST + memory * 1.5]) {
    await disk.leave(left);
    expectFull(await problemOf(mimic.client.templates.make({ machine: "box", name: "base" })));
    await disk.makeRoom();
    expect((await mimic.client.templates.list({})).templates).toEqual([]);
    expect((await things()).filter((path) => /templates\/|draft|journal/.test(path))).toEqual([]);
    // Its disks were frozen for it; what that left is taken in again.
    await expect.poll(layerCount, { timeout: 30_000 }).toBe(layers);
  }
  expect([await digest(), await bootId(), (await show()).power]).toEqual([before, boot, "running"]);
  expect(await problemOf(mimic.client.templates.make({ machine: "box", name: "base" }))).toBeUndefined();
  expect((await mimic.client.templates.show({ template: "base" })).isInstant).toBe(true);
}, 120_000);

test("a deleted moment whose room cannot be given back yet says so, takes nothing, and is done later", async () => {
  await mimic.done(take("snapshot", "under"));
  await writeNoise(12, 4);
  await mimic.done(take("snapshot", "gone"));
  await writeNoise(1, 20);
  const before = await digest();
  const layers = await layerCount();
  await disk.leave(RESERVE + 4 * MIB);
  const free = await disk.freeBytes();
  const removed = await mimic.mimic(["moments", "rm", "box", "gone"]);
  expect(removed.out).toMatch(/is deleted[\s\S]*given back later[\s\S]*up to 1\d(\.\d+)? MiB more[\s\S]*68 MiB is free/);
  expect(Math.abs((await disk.freeBytes()) - free)).toBeLessThan(MIB);
  expect(await layerCount()).toBe(layers);
  await disk.makeRoom();
  // The next one begins both; now the disk fills up while it is at it.
  await mimic.done(take("snapshot", "gone too"));
  await expect.poll(layerCount, { timeout: 30_000 }).toBe(layers);
  await writeNoise(12, 6);
  const written = await digest();
  await mimic.done(take("snapshot", "last"));
  const { job } = await mimic.client.moments.remove({ machine: "box", moment: "gone too" });
  await disk.leave(0);
  const problem = job && (await mimic.ended({ job })).problem;
  if (problem) expectFull(problem);
  await disk.makeRoom();
  expect(written).not.toBe(before);
  expect([await digest(), await bootId()]).toEqual([written, boot]);
  await remove("last");
  await expect.poll(layerCount, { timeout: 30_000 }).toBe(layers - 1);
  expect([await digest(), (await show()).power]).toEqual([written, "running"]);
}, 120_000);

test("flattening: cut off in time, the guest goes on writing, and the next try ends well", async () => {
  const { id } = await ownDisk();
  const before = await digest();
  const { job } = await mimic.client.machines.flattenDisk({ machine: "box", disk: id, bytesPerSecond: 2 * MIB });
  await disk.leave(LAST - MIB);
  expectFull((await mimic.ended({ job })).problem);
  expect(await digest()).toBe(before);
  // What was left is left to the guest.
  await writeNoise(2, 22);
  const written = await digest();
  expect((await show()).power).toBe("running");
  await disk.makeRoom();
  expect(await problemOf(mimic.client.machines.flattenDisk({ machine: "box", disk: id }))).toBeUndefined();
  expect([await digest(), await layerCount(), await bootId()]).toEqual([written, 0, boot]);
}, 120_000);

test("a disposable: refused, or gone again where it could not be made; one that writes stands still until there is room", async () => {
  await mimic.client.templates.change({ template: "base", warm: 0 });
  await disk.leave(8 * MIB);
  expect(await problemOf(mimic.client.disposables.run({ of: "base" }))).toMatchObject({ code: "host.disk_short" });
  await disk.makeRoom();
  const kept = await things();
  for (const blocks of [0, 1, 3, 8, 20, 60]) {
    await disk.leave(RESERVE + 2 * MIB);
    const { job } = await mimic.client.disposables.run({ of: "base" });
    await disk.leave(blocks * BLOCK);
    const ended = await mimic.ended({ job });
    if (ended.problem) expectFull(ended.problem);
    await disk.makeRoom();
    if (ended.result?.machine) await mimic.client.disposables.discard({ machine: ended.result.machine });
    await expect.poll(things, { timeout: 30_000 }).toEqual(kept);
  }
  const machine = (await mimic.done(mimic.client.disposables.run({ of: "base" }))).result?.machine ?? "";
  await disk.leave(2 * MIB);
  const copies = "head -c 8388608 /dev/urandom > /run/x; dd if=/run/x of=/dev/vda bs=1M conv=fsync,notrunc 2>/dev/null";
  const sums = "md5sum < /run/x; echo 3 > /proc/sys/vm/drop_caches; head -c 8388608 /dev/vda | md5sum";
  const writing = inside(`${copies}; ${sums}`, machine);
  await expect.poll(async () => (await show(machine)).trouble, { timeout: 60_000, interval: 200 }).toBe("diskFull");
  expect((await mimic.mimic(["ls"])).out).toMatch(/disp-\S+ +paused \(disk full\)/);
  await disk.makeRoom();
  const [written, read] = (await writing).split("\n");
  expect(read).toBe(written);
  await mimic.client.disposables.discard({ machine });
  await expect.poll(things, { timeout: 30_000 }).toEqual(kept);
  expect((await show()).power).toBe("running");
}, 180_000);
