// What a full disk must not break, where the real one (e2e/disk-full) cannot be aimed at a single step.
import { MimicError } from "@mimic/base";
import { MemoryLayerStore, memoryDiskTool } from "@mimic/memory";
import type { DiskSpec } from "@mimic/model";
import { expect, test, vi } from "vitest";
import { standsAlone } from "../src/disks/flatten-disk.ts";
import { type Bench, type BenchOptions, ended, granted, withMachine } from "./bench.ts";

const MIB = 1024 ** 2;
const full = () => new MimicError("store.no_space", "There is no room left on the disk.", { hint: "Make room." });
const take = async (bench: Bench, name: string) =>
  (await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name }))).state;
const layersOf = async (bench: Bench) =>
  granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks[0]?.layers?.length ?? 0;
const remove = async (bench: Bench, moment: string) => granted(await bench.workbench.moments.remove({ machine: "alpha", moment }));

/** Every file holds something. */
async function withTwoMoments(options: BenchOptions = {}): Promise<Bench> {
  const layers = new MemoryLayerStore();
  layers.usage = async () => 10 * MIB;
  const diskTool = { ...memoryDiskTool, usage: async () => 10 * MIB };
  const bench = await withMachine({ ...options, ports: { layers, diskTool, ...options.ports } });
  for (const name of ["one", "two"]) expect(await take(bench, name)).toBe("done");
  return bench;
}

test("room is given back later where that itself needs room, without anybody asking again", async () => {
  const bench = await withTwoMoments();
  Object.assign(bench.room, { diskFreeBytes: 70 * MIB });
  const { job, notYet } = await remove(bench, "one");
  expect(job).toBeUndefined();
  expect(notYet).toMatch(/up to 10 MiB more .* only 70 MiB is free/);
  await bench.clock.pass(61_000);
  expect(await layersOf(bench)).toBe(2);
  Object.assign(bench.room, { diskFreeBytes: 100 * MIB });
  await bench.clock.pass(61_000);
  await vi.waitFor(async () => expect(await layersOf(bench)).toBe(1));
});

test("what was merged and could not be written down is written before anything else happens to the disks", async () => {
  const bench = await withTwoMoments();
  await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  const machine = bench.workbench.running("alpha");
  if (!("live" in machine)) throw new Error("it does not run");
  const absorb = vi.spyOn(machine.live, "absorb").mockImplementation(async () => {
    vi.spyOn(bench.store, "save").mockRejectedValueOnce(full());
  });
  const { job } = await remove(bench, "two");
  expect(job && (await ended(bench, { job })).problem?.code).toBe("store.no_space");
  expect(await layersOf(bench)).toBe(2);
  // QEMU has one layer less already: the next moment's comes above that one, not above what the record said.
  expect(await take(bench, "three")).toBe("done");
  expect(await layersOf(bench)).toBe(2);
  expect(absorb).toHaveBeenCalledTimes(1);
});

test("a template that could not even be begun keeps nobody from tidying up", async () => {
  const bench = await withTwoMoments();
  vi.spyOn(bench.journal, "begin").mockRejectedValueOnce(full());
  const made = await ended(bench, await bench.workbench.templates.make({ machine: "alpha", name: "base" }));
  expect(made.problem?.code).toBe("store.no_space");
  const { job } = await remove(bench, "one");
  expect(job && (await ended(bench, { job })).state).toBe("done");
  expect(await layersOf(bench)).toBe(1);
});

test("a freezing that can neither go on nor be undone on the disk leaves records that are whole, and says the first reason", async () => {
  const bench = await withTwoMoments();
  await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  const machine = bench.workbench.running("alpha");
  if (!("layDisks" in machine)) throw new Error("it does not run");
  const layers = await layersOf(bench);
  vi.spyOn(machine, "layDisks").mockImplementationOnce(async () => {
    vi.spyOn(bench.store, "save").mockRejectedValueOnce(full());
    throw new MimicError("disk.full", "This computer's disk is full.", { hint: "Make room." });
  });
  const job = await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name: "three" }));
  expect(job.problem?.code).toBe("disk.full");
  expect(await layersOf(bench)).toBe(layers);
  expect(await take(bench, "four")).toBe("done");
});

test("what a disk has taken in is forgotten below it, wherever it went meanwhile, and nowhere else", () => {
  const layer = (id: string) => ({ id, format: "qcow2" as const });
  const disk = { id: "dsk", format: "qcow2", head: "own", base: "image", layers: [layer("b"), layer("a")] } as unknown as DiskSpec;
  expect(standsAlone(disk, "own")).toMatchObject({ head: "own", base: undefined, layers: undefined });
  const frozen = { ...disk, head: "new", layers: [layer("own"), layer("b"), layer("a")] };
  expect(standsAlone(frozen, "own")).toMatchObject({ head: "new", base: undefined, layers: [layer("own")] });
  const elsewhere = { ...disk, head: "other" };
  expect(standsAlone(elsewhere, "own")).toBe(elsewhere);
});
