// How long moments stay that Mimic keeps before something, on a workbench in memory with time in the test's hands.
import { MemoryLayerStore } from "@mimic/memory";
import { describe, expect, test, vi } from "vitest";
import { type Bench, type BenchOptions, ended, granted, withMachine } from "./bench.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const start = async (bench: Bench, machine: string): Promise<void> => {
  expect((await ended(bench, await bench.workbench.machines.start({ machine }))).state).toBe("done");
};
const list = async (bench: Bench, machine = "alpha") => granted(await bench.workbench.moments.list({ machine }));

describe("what Mimic keeps before something", () => {
  const backTo = async (bench: Bench, times: number, machine = "alpha", moment = "start") => {
    for (let i = 0; i < times; i++) {
      await bench.clock.pass(MINUTE);
      expect((await ended(bench, await bench.workbench.moments.restore({ machine, moment }))).state).toBe("done");
    }
    await bench.clock.pass(1000);
  };
  const automatic = async (bench: Bench, machine = "alpha") =>
    (await list(bench, machine)).moments.filter(({ automatic: why }) => why?.startsWith("before")).length;
  const withStart = async (options: BenchOptions = {}) => {
    const bench = await withMachine(options);
    await start(bench, "alpha");
    await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name: "start" }));
    return bench;
  };
  const few = { machine: "alpha", retention: { keep: 3, days: 0 } };

  test("stays for a week, and a day later only the last ten do, without anybody doing anything", async () => {
    const bench = await withStart();
    await backTo(bench, 14);
    expect(await automatic(bench)).toBe(14);
    expect((await list(bench)).retention).toEqual({ keep: 10, days: 7 });
    for (let i = 0; i < 8 * 24 + 2; i++) await bench.clock.pass(HOUR);
    expect(await automatic(bench)).toBe(10);
    const story = granted(await bench.workbench.machines.story({ machine: "alpha" }));
    expect(JSON.stringify(story)).toContain("4 moments that were kept by Mimic before something are cleared away");
  });

  test("goes when there are newer ones, and never what a person protected, named or noted, or stands on", async () => {
    const bench = await withStart();
    granted(await bench.workbench.moments.routine(few));
    await backTo(bench, 1);
    const first = (await list(bench)).moments.find(({ automatic: why }) => why)?.id ?? "";
    // The present stands on it from here on.
    await backTo(bench, 1, "alpha", first);
    for (const change of [{ isProtected: true }, { name: "good" }, { note: "look at this" }]) {
      await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name: "kept" }));
      await backTo(bench, 1, "alpha", first);
      const newest = (await list(bench)).moments.findLast(({ automatic: why }) => why);
      granted(await bench.workbench.moments.change({ machine: "alpha", moment: newest?.id ?? "", ...change }));
    }
    await backTo(bench, 6, "alpha", first);
    const { moments } = await list(bench);
    expect(moments.some(({ id, isPresent }) => id === first && isPresent)).toBe(true);
    expect(moments.filter(({ automatic: why }) => why)).toHaveLength(4);
    expect(moments.filter(({ isProtected, note, name }) => isProtected || note || name === "good")).toHaveLength(3);
    expect(moments.filter(({ name }) => name === "kept")).toHaveLength(3);
  });

  test("is changed beside a routine without touching it, and never leaves half of several machines", async () => {
    const bench = await withStart();
    expect((await ended(bench, await bench.workbench.machines.create({ name: "beta", system: "test-linux" }))).state).toBe("done");
    granted(await bench.workbench.moments.routine({ machine: "alpha", rhythms: [{ everyMinutes: 60, keep: 3 }] }));
    const answer = granted(await bench.workbench.moments.routine(few));
    expect(answer).toMatchObject({ routine: { rhythms: [{ everyMinutes: 60, keep: 3 }] }, retention: { keep: 3, days: 0 } });
    granted(await bench.workbench.moments.routine({ machine: "alpha", rhythms: [] }));
    expect((await list(bench)).retention).toEqual({ keep: 3, days: 0 });
    await ended(bench, await bench.workbench.moments.takeTogether({ machines: ["alpha", "beta"], kind: "snapshot", name: "both" }));
    for (let i = 0; i < 6; i++) {
      await bench.clock.pass(MINUTE);
      await ended(bench, await bench.workbench.moments.restoreTogether({ machine: "alpha", moment: "both" }));
    }
    await bench.clock.pass(1000);
    // “beta” keeps them for a week, so “alpha” does too.
    const ofBoth = async () => [await automatic(bench), await automatic(bench, "beta")];
    expect(await ofBoth()).toEqual([6, 6]);
    granted(await bench.workbench.moments.routine({ ...few, machine: "beta" }));
    for (let i = 0; i < 2; i++) await bench.clock.pass(HOUR);
    expect(await ofBoth()).toEqual([3, 3]);
  });

  test("waits while much of its disk would have to be moved under the running guest, says so, and goes when it is off", async () => {
    const layers = new MemoryLayerStore();
    layers.usage = async () => 1024 ** 3;
    const bench = await withStart({ ports: { layers } });
    granted(await bench.workbench.moments.routine({ machine: "alpha", retention: { keep: 1, days: 0 } }));
    for (let i = 0; i < 3; i++) {
      granted(await bench.workbench.machines.change({ machine: "alpha", addDisk: { sizeBytes: 1024 ** 2 } }));
      const disk = granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks.at(-1)?.id ?? "";
      granted(await bench.workbench.machines.change({ machine: "alpha", removeDisk: disk }));
      await bench.clock.pass(MINUTE);
    }
    await vi.waitFor(async () => expect((await list(bench)).retention.waiting?.count).toBe(2));
    expect(await automatic(bench)).toBe(3);
    granted(await bench.workbench.machines.kill({ machine: "alpha" }));
    await bench.clock.pass(MINUTE);
    await vi.waitFor(async () => expect(await automatic(bench)).toBe(1));
    expect((await list(bench)).retention.waiting).toBeUndefined();
  });
});
