import { isRefusal } from "@mimic/base";
import { describe, expect, test } from "vitest";
import { type Bench, type BenchOptions, ended, granted, withMachine } from "./bench.ts";

const GIB = 1024 ** 3;

async function running(options: BenchOptions = {}) {
  const bench = await withMachine(options, { hardware: { memoryMiB: 1024, cpus: 1 } });
  await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  return bench;
}
type Wish = Omit<Parameters<Bench["workbench"]["machines"]["change"]>[0], "machine">;
const change = async (bench: Bench, wish: Wish) => granted(await bench.workbench.machines.change({ machine: "alpha", ...wish }));
const stored = (bench: Bench) => [...bench.store.machines.values()][0];

/** A disk that is taken out is in a moment first. */
const KEPT = { what: "kept as it was" };

describe("changing a machine that runs", () => {
  test("a disk is plugged in at once, stands in the record and in the note of what runs, and nothing is pending", async () => {
    const bench = await running();
    const changed = await change(bench, { addDisk: { sizeBytes: 2 * GIB } });
    expect(changed.changes).toEqual([{ what: "disk of 2 GiB", when: "live", why: expect.any(String) }]);
    expect(changed.pending).toEqual([]);
    expect(changed.hardware.disks).toMatchObject([{ place: 0 }, { place: 1, sizeBytes: 2 * GIB }]);
    // Where it sits now is a fact of this run, not of the machine.
    expect(changed.hardware.disks[1]?.at).toBeUndefined();
    expect(changed.runs?.hardware.disks[1]).toMatchObject({ at: "port0" });
    expect(stored(bench)?.run?.hardware.disks).toHaveLength(2);
    expect(stored(bench)?.run?.usableBy).toBe("the guest agent answered");
  });
  test("cores and memory come and go within what was prepared; beyond it they wait", async () => {
    const bench = await running();
    const more = await change(bench, { hardware: { cpus: 4, memoryMiB: 2048 } });
    expect(more.changes.map(({ when }) => when)).toEqual(["live", "live"]);
    expect(more).toMatchObject({ pending: [], runs: { hardware: { cpus: 4, memoryMiB: 2048 } } });
    const less = await change(bench, { hardware: { cpus: 1, memoryMiB: 512 } });
    expect(less.changes.map(({ when }) => when)).toEqual(["live", "live"]);
    const far = await change(bench, { hardware: { cpus: 8 } });
    expect(far.changes).toEqual([{ what: "8 cores", when: "later", why: "It was started with 4 places for processors." }]);
    expect(far).toMatchObject({ pending: ["number of cores"], runs: { hardware: { cpus: 1 } } });
  });
  test("what it is already changes nothing and waits for nothing; what waits goes on waiting", async () => {
    const bench = await running();
    const { cpuModel, board } = granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware;
    const rev = () => JSON.stringify(stored(bench));
    const before = rev();
    expect(await change(bench, { hardware: { cpuModel, board } })).toMatchObject({ changes: [], pending: [] });
    expect(rev()).toBe(before);
    const other = { hardware: { cpuModel: "Nehalem" } };
    expect((await change(bench, other)).changes).toMatchObject([{ what: "processor model", when: "later" }]);
    expect((await change(bench, other)).changes.at(-1)).toMatchObject({ what: "processor model", when: "later" });
    // Back again, before it was ever started with the other one.
    expect(await change(bench, { hardware: { cpuModel } })).toMatchObject({ pending: [] });
  });
  test("more memory than this computer has left is refused, and nothing is changed", async () => {
    const bench = await running({ room: { memoryFreeBytes: 3 * GIB } });
    const answer = await bench.workbench.machines.change({ machine: "alpha", hardware: { memoryMiB: 8192 } });
    expect(answer).toMatchObject({ code: "host.memory_short" });
    expect(stored(bench)?.record.hardware.memoryMiB).toBe(1024);
  });
  test("what a guest does not let go of is taken out at the next start, and the person is told why", async () => {
    const bench = await running({ letsGo: false });
    const added = await change(bench, { addDisk: { sizeBytes: GIB } });
    const id = added.hardware.disks[1]?.id ?? "";
    const removed = await change(bench, { removeDisk: id });
    expect(removed.changes).toMatchObject([KEPT, { when: "later", why: expect.stringContaining("does not let go") }]);
    expect(removed).toMatchObject({ pending: ["disks"] });
    expect(removed.runs?.hardware.disks.some((disk) => disk.id === id)).toBe(true);
    // Its place is not given to another while it is still there.
    expect((await change(bench, { addDisk: { sizeBytes: GIB } })).hardware.disks.map((disk) => disk.place)).toEqual([0, 2]);
  });
  test("a disk that was there at the start is built in and waits; one on SCSI comes out", async () => {
    const bench = await running();
    const first = stored(bench)?.record.hardware.disks[0]?.id ?? "";
    expect((await change(bench, { removeDisk: first })).changes).toMatchObject([
      KEPT,
      { when: "later", why: expect.stringContaining("built into the board") },
    ]);
    const scsi = await change(bench, { addDisk: { bus: "scsi", sizeBytes: GIB } });
    const id = scsi.hardware.disks.at(-1)?.id ?? "";
    expect((await change(bench, { removeDisk: id })).changes).toMatchObject([KEPT, { when: "live" }]);
  });
  test("a disk grows at once and its file system with it; a limit is set and lifted", async () => {
    const bench = await running();
    const id = stored(bench)?.record.hardware.disks[0]?.id ?? "";
    const grown = await change(bench, { growDisk: { id, sizeBytes: 8 * GIB } });
    expect(grown.changes).toEqual([
      { what: "disk grown to 8 GiB", when: "live", why: "The guest says: the file system at / has grown too." },
    ]);
    const limited = await change(bench, { limitDisk: { id, bytesPerSecond: 1024 ** 2 } });
    expect(limited.hardware.disks[0]?.limits).toEqual({ bytesPerSecond: 1024 ** 2, operationsPerSecond: 0 });
    expect((await change(bench, { limitDisk: { id } })).pending).toEqual([]);
  });
  test("what the hardware can never have is refused with the reason", async () => {
    const bench = await withMachine({}, { hardware: { input: "ps2" } });
    expect(await bench.workbench.machines.change({ machine: "alpha", addUsb: { kind: "tablet" } })).toMatchObject({
      code: "hardware.not_possible",
      why: expect.stringContaining("no USB controller"),
    });
    expect(isRefusal(await bench.workbench.machines.change({ machine: "alpha", hardware: { secureBoot: true } }))).toBe(true);
    expect(isRefusal(await bench.workbench.machines.change({ machine: "alpha", hardware: { secureBoot: true, firmware: "uefi" } }))).toBe(
      false,
    );
  });
  test("changes that come at once are done one after the other, each from what the one before has left", async () => {
    const bench = await running();
    await Promise.all([1, 2, 3].map((n) => change(bench, { addDisk: { sizeBytes: n * GIB } })));
    const disks = stored(bench)?.record.hardware.disks ?? [];
    expect(disks.map((disk) => disk.place)).toEqual([0, 1, 2, 3]);
    expect(stored(bench)?.run?.hardware.disks.map((disk) => disk.id)).toEqual(disks.map((disk) => disk.id));
  });
});
