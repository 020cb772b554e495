// Merging in the background: it gives way to whatever a person wants, and is taken up again.

import { memoryDiskTool } from "@mimic/memory";
import type { JobView } from "@mimic/model";
import { expect, test, vi } from "vitest";
import { LayerWork } from "../src/moments/layer-work.ts";
import { type Bench, type BenchOptions, ended, granted, withMachine } from "./bench.ts";

/** A disk tool whose merges last until they are cut off, or until `finish`. */
function slowTool() {
  const begun: { signal: AbortSignal; finish: () => void }[] = [];
  const absorb: typeof memoryDiskTool.absorb = (_chain, _through, { signal }) =>
    new Promise((resolve, reject) => {
      begun.push({ signal, finish: resolve });
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  return { begun, tool: { ...memoryDiskTool, absorb, usage: async () => 1024 ** 2 } };
}

/** Each layer holds something. */
const written = { ...memoryDiskTool, usage: async () => 1024 ** 2 };

async function withTwoMoments(options: BenchOptions): Promise<Bench> {
  const bench = await withMachine(options);
  for (const name of ["one", "two"]) {
    const job = await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name }));
    expect(job.state, job.problem?.message).toBe("done");
  }
  return bench;
}
const layersOf = async (bench: Bench) =>
  granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks[0]?.layers?.length ?? 0;
const job = async (bench: Bench, id: string) => granted(await bench.workbench.jobs.show({ job: id })) as JobView;

test("deleting a moment answers at once; what only it kept is made one in a job that a start cuts off and that goes on later", async () => {
  const { begun, tool } = slowTool();
  const bench = await withTwoMoments({ ports: { diskTool: tool } });
  const removed = granted(await bench.workbench.moments.remove({ machine: "alpha", moment: "one" }));
  expect((await bench.workbench.moments.list({ machine: "alpha" })) as object).toMatchObject({ moments: [{ name: "two" }] });
  expect(removed.job?.kind).toBe("layers.merge");
  await vi.waitFor(() => expect(begun).toHaveLength(1));
  const started = await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  expect(started.state).toBe("done");
  expect(begun[0]?.signal.aborted).toBe(true);
  expect((await job(bench, removed.job?.id ?? "")).state).toBe("done");
  // Now it runs, and its own QEMU does it.
  await vi.waitFor(async () => expect(await layersOf(bench)).toBe(1));
  expect(begun).toHaveLength(1);
});

test("a merge that was cancelled has changed nothing, and one that ends is told", async () => {
  const { begun, tool } = slowTool();
  const bench = await withTwoMoments({ ports: { diskTool: tool } });
  const { job: first } = granted(await bench.workbench.moments.remove({ machine: "alpha", moment: "one" }));
  await vi.waitFor(() => expect(begun).toHaveLength(1));
  await bench.workbench.jobs.cancel({ job: first?.id ?? "" });
  expect((await job(bench, first?.id ?? "")).state).toBe("cancelled");
  expect(await layersOf(bench)).toBe(2);
  const { job: second } = granted(await bench.workbench.moments.remove({ machine: "alpha", moment: "two" }));
  // The upper one first, into the machine's own file; then the next.
  await vi.waitFor(() => expect(begun).toHaveLength(2));
  begun[1]?.finish();
  await vi.waitFor(() => expect(begun).toHaveLength(3));
  begun[2]?.finish();
  await vi.waitFor(async () => expect((await job(bench, second?.id ?? "")).state).toBe("done"));
  expect(await layersOf(bench)).toBe(0);
});

test("a running machine's chain gets shorter in its own QEMU, and not while something works on its disks", async () => {
  const bench = await withTwoMoments({ ports: { diskTool: written } });
  await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  const machine = bench.workbench.running("alpha");
  if (!("live" in machine)) throw new Error("it does not run");
  const wishes = vi.spyOn(machine.live, "absorb");
  granted(await bench.workbench.moments.remove({ machine: "alpha", moment: "two" }));
  await vi.waitFor(async () => expect(await layersOf(bench)).toBe(1));
  expect(wishes.mock.calls[0]?.[0]).toMatchObject({ length: 4, into: 0, through: 1 });
});

test("who holds layers keeps merges away until it lets go", async () => {
  const work = new LayerWork();
  const cut: unknown[] = [];
  const merge = work.during(
    new Set(["one"]),
    new AbortController().signal,
    (signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
  );
  merge.catch((error: unknown) => cut.push(error));
  await work.makeWay("another");
  expect(cut).toEqual([]);
  const held = await work.hold();
  expect(work.isHeld).toBe(true);
  expect(cut).toHaveLength(1);
  held[Symbol.dispose]();
  expect(work.isHeld).toBe(false);
});

test("flattening is refused where there is nothing to take in, and where there is too little room", async () => {
  const bench = await withTwoMoments({ ports: { diskTool: written } });
  const [disk] = granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks;
  const wish = { machine: "alpha", disk: disk?.id ?? "" };
  const unknown = await bench.workbench.machines.flattenDisk({ machine: "alpha", disk: "none" });
  expect(unknown).toMatchObject({ code: "disk.unknown" });
  Object.assign(bench.room, { diskFreeBytes: 1024 });
  expect(await bench.workbench.machines.flattenDisk(wish)).toMatchObject({ code: "host.disk_short" });
  Object.assign(bench.room, { diskFreeBytes: 50 * 1024 ** 3 });
  const done = await ended(bench, await bench.workbench.machines.flattenDisk(wish));
  expect(done.state, done.problem?.detail).toBe("done");
  expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks[0]).not.toHaveProperty("layers.0");
  expect(await bench.workbench.machines.flattenDisk(wish)).toMatchObject({ code: "disk.stands_alone" });
  // The moments are what they were.
  expect(granted(await bench.workbench.moments.list({ machine: "alpha" })).moments).toHaveLength(2);
});
