import type { TimetableStep } from "@mimic/model";
import { Timetable } from "@mimic/model";
import { settle } from "@mimic/testkit";
import { describe, expect, test } from "vitest";
import { type BenchOptions, ended, granted, withMachine } from "./bench.ts";

async function running(options: BenchOptions = {}) {
  const bench = await withMachine(options, { hardware: { memoryMiB: 1024 } });
  await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  return bench;
}
const steps = (list: object[]): TimetableStep[] => Timetable.parse(list);

describe("a timetable", () => {
  test("changes the machine at its times and says of each step what became of it", async () => {
    const bench = await running();
    const started = granted(
      await bench.workbench.machines.timetable({
        machine: "alpha",
        steps: steps([
          { at: 30, do: "slow disk", disk: 1, speed: "1M" },
          { at: 10, do: "memory", to: "half" },
          { at: 20, do: "cores", to: 8 },
          { at: 20, do: "pull cable", card: 3 },
        ]),
      }),
    );
    const memory = async () => granted(await bench.workbench.machines.show({ machine: "alpha" })).runs?.hardware.memoryMiB;
    await settle();
    expect(await memory()).toBe(1024);
    await bench.clock.pass(10_000);
    await settle();
    expect(await memory()).toBe(512);
    await bench.clock.pass(20_000);
    const job = await ended(bench, started);
    expect(job.result).toMatchObject({
      words: "2 done, 1 at the next start, 1 not possible.",
      step1: "live – at 10 s: memory half: The guest has 512 MiB now.",
      step2: expect.stringMatching(/^later – at 20 s: cores 8: It was started with 4 places/),
      step3: expect.stringMatching(/^impossible – at 20 s: pull cable 3: .*no network card “3”/),
      step4: expect.stringMatching(/^live – at 30 s: slow disk/),
    });
    expect(granted(await bench.workbench.machines.story({ machine: "alpha" })).story.map(({ words }) => words)).toContainEqual(
      expect.stringContaining("Timetable, at 10 s: memory half: live."),
    );
  });
  test("goes on after a step that failed, and stops when it is cancelled", async () => {
    const bench = await running();
    const started = granted(
      await bench.workbench.machines.timetable({
        machine: "alpha",
        steps: steps([
          { at: 1, do: "remove disk", disk: 9 },
          { at: 2, do: "cores", to: 2 },
          { at: 600, do: "cores", to: 4 },
        ]),
      }),
    );
    await settle();
    await bench.clock.pass(2000);
    await settle();
    expect(granted(await bench.workbench.jobs.cancel({ job: started.job.id })).state).toBe("cancelled");
    expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).runs?.hardware.cpus).toBe(2);
  });
  test("a machine that is off has no time to keep", async () => {
    const bench = await withMachine();
    expect(await bench.workbench.machines.timetable({ machine: "alpha", steps: steps([{ at: 1, do: "reset" }]) })).toMatchObject({
      code: "machine.not_running",
    });
  });
});

describe("the same disk in another computer", () => {
  test("is a change with a warning of what the guest may notice; the disk stays", async () => {
    const bench = await withMachine();
    const before = granted(await bench.workbench.machines.show({ machine: "alpha" }));
    const changed = granted(await bench.workbench.machines.change({ machine: "alpha", hardware: { board: "i440fx" }, bus: "ide" }));
    expect(changed.hardware).toMatchObject({ board: "i440fx", disks: [{ id: before.hardware.disks[0]?.id, bus: "ide" }] });
    expect(changed.hardware.machineType).toBeUndefined();
    expect(changed.changes).toMatchObject([
      { what: "board", when: "live", why: expect.stringContaining("may notice") },
      { what: "disks plugged in by ide", why: expect.stringContaining("driver for IDE") },
    ]);
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).runs?.hardware.board).toBe("i440fx");
  });
  test("is tried on a copy first, and the machine itself stays as it is", async () => {
    const bench = await withMachine();
    const job = await ended(bench, await bench.workbench.machines.tryOut({ machine: "alpha", hardware: { board: "i440fx" }, bus: "ide" }));
    expect(job).toMatchObject({
      state: "done",
      result: { words: expect.stringContaining("“alpha-try” is usable"), notices: expect.stringContaining("IDE") },
    });
    expect(granted(await bench.workbench.machines.show({ machine: "alpha-try" }))).toMatchObject({
      power: "running",
      hardware: { board: "i440fx" },
    });
    expect(granted(await bench.workbench.machines.show({ machine: "alpha" }))).toMatchObject({
      power: "stopped",
      hardware: { board: "q35" },
    });
  });
  test("holds the machine's disks as they are until it stops; then it vanishes by itself, with all that it wrote", async () => {
    const bench = await withMachine();
    const before = granted(await bench.workbench.machines.show({ machine: "alpha" }));
    await ended(bench, await bench.workbench.machines.tryOut({ machine: "alpha", bus: "scsi" }));
    const trial = granted(await bench.workbench.machines.show({ machine: "alpha-try" }));
    expect(trial).toMatchObject({ forgets: "machine", tries: before.id });
    expect(trial.hardware.disks[0]?.id).toBe(before.hardware.disks[0]?.id);
    for (const refused of [
      await ended(bench, await bench.workbench.machines.start({ machine: "alpha" })),
      await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot" })),
    ])
      expect(refused).toMatchObject({ state: "failed", problem: { code: "machine.busy", message: expect.stringContaining("alpha-try") } });
    const disk = before.hardware.disks[0]?.id ?? "";
    expect(await bench.workbench.machines.change({ machine: "alpha", growDisk: { id: disk, sizeBytes: 2 ** 40 } })).toMatchObject({
      code: "machine.busy",
    });
    expect(await bench.workbench.machines.tryOut({ machine: "alpha", bus: "ide" })).toMatchObject({ code: "machine.busy" });
    granted(await bench.workbench.machines.kill({ machine: "alpha-try" }));
    await settle();
    expect(await bench.workbench.machines.show({ machine: "alpha-try" })).toMatchObject({ code: "machine.unknown" });
    expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware).toEqual(before.hardware);
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  });
  test("is kept when it works: both machines then stand on what they share, and nobody writes to that", async () => {
    const bench = await withMachine();
    await ended(bench, await bench.workbench.machines.tryOut({ machine: "alpha", bus: "scsi" }));
    const kept = granted(await bench.workbench.disposables.keep({ machine: "alpha-try", name: "beta" }));
    expect([kept.forgets, kept.tries]).toEqual([undefined, undefined]);
    const alpha = granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks[0];
    expect(alpha?.layers?.[0]?.id).toBe(kept.hardware.disks[0]?.layers?.[0]?.id);
    expect(alpha?.head).toMatch(/^lay_/);
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  });
  test("a trial that does not work says so and leaves the machine alone", async () => {
    const bench = await withMachine({ behaviour: "fail" });
    const job = await ended(bench, await bench.workbench.machines.tryOut({ machine: "alpha", hardware: { board: "i440fx" } }));
    expect(job).toMatchObject({ state: "failed", problem: { code: "machine.trial_failed" } });
    expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.board).toBe("q35");
  });
});
