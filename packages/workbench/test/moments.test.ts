// Moments on a workbench in memory: by a routine with time in the test's hands, of several machines at once, with guests
// that hold still or do not, and after a daemon that was cut off.
import { isRefusal } from "@mimic/base";
import type { MemoryMachine } from "@mimic/memory";
import { MemoryHypervisor, MemoryMomentStore, memoryDiskTool } from "@mimic/memory";
import { describe, expect, test, vi } from "vitest";
import { type Bench, type BenchOptions, ended, granted, makeBench, withMachine } from "./bench.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const start = async (bench: Bench, machine: string): Promise<MemoryMachine> => {
  expect((await ended(bench, await bench.workbench.machines.start({ machine }))).state).toBe("done");
  const running = bench.workbench.running(machine);
  return granted(running) as unknown as MemoryMachine;
};
const list = async (bench: Bench, machine = "alpha") => granted(await bench.workbench.moments.list({ machine }));
const names = async (bench: Bench, machine = "alpha") => (await list(bench, machine)).moments.map(({ name }) => name);
async function hours(bench: Bench, count: number): Promise<void> {
  for (let i = 0; i < count * 60; i++) await bench.clock.pass(MINUTE);
}
const machines = async (bench: Bench, ...more: string[]) => {
  for (const name of more)
    expect((await ended(bench, await bench.workbench.machines.create({ name, system: "test-linux" }))).state).toBe("done");
};

describe("a routine", () => {
  const hourly = { machine: "alpha", rhythms: [{ everyMinutes: 60, keep: 3 }] };

  test("keeps one at once and then one in each hour, and lets the old ones go", async () => {
    const bench = await withMachine();
    await start(bench, "alpha");
    granted(await bench.workbench.moments.routine(hourly));
    await vi.waitFor(async () => expect((await list(bench)).moments).toHaveLength(1));
    await hours(bench, 6);
    const { moments, routine } = await list(bench);
    expect(moments.map(({ automatic }) => automatic)).toEqual(["its routine", "its routine", "its routine"]);
    const apart = moments.slice(1).map(({ takenAt }, index) => Date.parse(takenAt) - Date.parse(moments[index]?.takenAt ?? ""));
    for (const ms of apart) expect(Math.abs(ms - HOUR)).toBeLessThanOrEqual(MINUTE);
    expect(Date.parse(routine?.nextAt ?? "")).toBeGreaterThan(bench.clock.nowMs());
  });

  test("never takes away what a person kept, protected, named or noted", async () => {
    const bench = await withMachine();
    await start(bench, "alpha");
    await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name: "mine" }));
    granted(await bench.workbench.moments.routine({ ...hourly, rhythms: [{ everyMinutes: 60, keep: 1 }] }));
    const cared: string[] = ["mine"];
    for (const change of [{ isProtected: true }, { name: "good" }, { note: "look at this" }]) {
      await hours(bench, 1);
      const newest = (await list(bench)).moments.findLast(({ automatic }) => automatic !== undefined);
      cared.push(granted(await bench.workbench.moments.change({ machine: "alpha", moment: newest?.id ?? "", ...change })).name);
    }
    await hours(bench, 4);
    const kept = await list(bench);
    expect(kept.moments.filter(({ automatic }) => automatic === undefined).map(({ name }) => name)).toEqual(cared);
    expect(kept.moments.filter(({ automatic }) => automatic !== undefined)).toHaveLength(1);
  });

  test("says why it skips a machine that cannot be saved, once, and goes on when it can", async () => {
    const bench = await withMachine();
    granted(await bench.workbench.moments.routine({ ...hourly, kind: "checkpoint" }));
    await hours(bench, 2);
    expect((await list(bench)).routine?.skipped?.why).toContain("no memory to keep");
    const told = granted(await bench.workbench.machines.story({ machine: "alpha" })).story.filter(({ words }) =>
      words.includes("routine could not"),
    );
    expect(told).toHaveLength(1);
    await start(bench, "alpha");
    await bench.clock.pass(2 * MINUTE);
    const { moments, routine } = await list(bench);
    expect(moments.map(({ kind }) => kind)).toEqual(["checkpoint"]);
    expect(routine?.skipped).toBeUndefined();
  });

  test("a machine that is off gets one moment, and no more while nothing changes on its disks", async () => {
    const bench = await withMachine();
    granted(await bench.workbench.moments.routine(hourly));
    await hours(bench, 5);
    const { moments, routine } = await list(bench);
    expect(moments).toHaveLength(1);
    expect(routine?.skipped?.why).toContain("nothing on its disks has changed");
  });

  test("one that a person deleted is not kept again in the same hour", async () => {
    const bench = await withMachine();
    await start(bench, "alpha");
    granted(await bench.workbench.moments.routine(hourly));
    await vi.waitFor(async () => expect((await list(bench)).moments).toHaveLength(1));
    granted(await bench.workbench.moments.remove({ machine: "alpha", moment: (await names(bench))[0] ?? "" }));
    for (let i = 0; i < 20; i++) await bench.clock.pass(MINUTE);
    expect(await names(bench)).toEqual([]);
  });

  test("is not doubled by a daemon that starts anew, and is made up for when one was away", async () => {
    const moments = new MemoryMomentStore();
    const first = await withMachine({ ports: { moments } });
    granted(await first.workbench.moments.routine(hourly));
    await vi.waitFor(async () => expect((await list(first)).moments).toHaveLength(1));
    await first.workbench.close({ machines: false, signal: new AbortController().signal });
    const again = await makeBench({ store: first.store, ports: { moments, clock: first.clock } });
    await first.clock.pass(1);
    expect((await list(again)).moments).toHaveLength(1);
    expect((await list(again)).routine?.rhythms).toEqual(hourly.rhythms);
    await again.workbench.close({ machines: false, signal: new AbortController().signal });
  });

  test("ends when it has no rhythms left, and is not handed on to a clone", async () => {
    const bench = await withMachine();
    granted(await bench.workbench.moments.routine(hourly));
    await vi.waitFor(async () => expect((await list(bench)).moments).toHaveLength(1));
    expect((await ended(bench, await bench.workbench.machines.clone({ machine: "alpha", name: "beta" }))).state).toBe("done");
    expect((await list(bench, "beta")).routine).toBeUndefined();
    granted(await bench.workbench.moments.routine({ machine: "alpha", rhythms: [] }));
    await hours(bench, 2);
    expect(await list(bench)).toMatchObject({ moments: [{}] });
    expect((await list(bench)).routine).toBeUndefined();
  });
});

describe("holding a guest's file systems still", () => {
  const snapshot = async (options: BenchOptions) => {
    const bench = await withMachine(options);
    const running = await start(bench, "alpha");
    const job = bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name: "one" });
    const view = granted(await job).job.id;
    for (let i = 0; i < 40; i++) await bench.clock.pass(1000);
    expect(granted(await bench.workbench.jobs.show({ job: view })).state).toBe("done");
    return { running, moment: (await list(bench)).moments[0] };
  };

  test("a guest that does so is said to be consistent, and is let go", async () => {
    const { running, moment } = await snapshot({});
    expect(moment?.consistency).toBe("frozen");
    expect([running.wasFrozen, running.frozen]).toEqual([true, false]);
    // Meanwhile it had a way out of its own, for later than anybody would have come; and no longer.
    expect([running.wasGuarded, running.guardedSeconds]).toEqual([true, undefined]);
  });

  test.each(["refuses", "never answers"] as const)(
    "one that %s is kept as after a power cut, which is said, and is let go",
    async (freezes) => {
      const { running, moment } = await snapshot({ freezes });
      expect(moment).toMatchObject({
        consistency: "cut",
        consistencyBecause: expect.stringContaining("could not hold its file systems still"),
      });
      expect([running.frozen, running.guardedSeconds]).toEqual([false, undefined]);
    },
  );

  test("one whose agent never came is not waited for", async () => {
    const bench = await withMachine({ answers: false });
    granted(await bench.workbench.machines.start({ machine: "alpha" }));
    await bench.clock.pass(1000);
    const { job } = granted(await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot" }));
    await bench.clock.pass(1000);
    expect(granted(await bench.workbench.jobs.show({ job: job.id })).state).toBe("done");
    expect((await list(bench)).moments[0]?.consistencyBecause).toContain("does not answer");
  });

  test("what a daemon that was cut off left standing still goes on with the next one", async () => {
    const store = await withMachine();
    const running = await start(store, "alpha");
    const { id } = granted(await store.workbench.machines.show({ machine: "alpha" }));
    running.frozen = true;
    running.happen({ kind: "paused", why: "asked" });
    await store.journal.begin({ op: "moment.take", machineId: id, ran: true });
    const again = await makeBench({ store: store.store, hypervisor: store.hypervisor, ports: { journal: store.journal } });
    await vi.waitFor(() => expect([running.frozen, running.paused]).toEqual([false, false]));
    expect(await again.journal.open()).toEqual([]);
  });
});

test("a saving that fails after QEMU has switched the disks leaves the record naming what QEMU writes to", async () => {
  const bench = await withMachine({ saves: false });
  const running = await start(bench, "alpha");
  const job = await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "checkpoint" }));
  expect(job.problem?.code).toBe("moment.not_saved");
  const disk = granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks[0];
  expect(disk?.head).toBe(running.tops.get(disk?.id ?? ""));
  expect(await names(bench)).toEqual([]);
});

describe("the process that stands ready while the present is kept", () => {
  async function atCheckpoint(): Promise<{ bench: Bench; hypervisor: MemoryHypervisor; machine: MemoryMachine }> {
    const bench = await withMachine();
    const hypervisor = bench.hypervisor as MemoryHypervisor;
    const machine = await start(bench, "alpha");
    expect((await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "checkpoint", name: "one" }))).state).toBe(
      "done",
    );
    return { bench, hypervisor, machine };
  }
  const goBack = async (bench: Bench) => await ended(bench, await bench.workbench.moments.restore({ machine: "alpha", moment: "one" }));

  test("is the machine's once the one before it has ended, and nobody else's", async () => {
    const { bench, hypervisor, machine } = await atCheckpoint();
    const prepare = vi.spyOn(hypervisor, "prepare");
    const boot = vi.spyOn(hypervisor, "boot");
    expect((await goBack(bench)).result?.words).toContain("went on from there");
    expect([prepare.mock.calls.length, boot.mock.calls.length]).toEqual([1, 0]);
    const now = granted(bench.workbench.running("alpha"));
    expect(now.run.cookie).not.toBe(machine.run.cookie);
    expect([...hypervisor.alive.keys()]).toEqual([now.run.cookie]);
  });

  test("is ended again when the present cannot be kept; the machine goes on, on the files that it had", async () => {
    const { bench, hypervisor, machine } = await atCheckpoint();
    const { hardware } = granted(await bench.workbench.machines.show({ machine: "alpha" }));
    machine.save = async () => {
      throw new Error("no memory was written");
    };
    expect((await goBack(bench)).state).toBe("failed");
    expect([...hypervisor.alive.keys()]).toEqual([machine.run.cookie]);
    expect(machine.paused).toBe(false);
    expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks).toEqual(hardware.disks);
  });

  test("is not waited for where it cannot stand: the machine is started when its turn has come", async () => {
    const { bench, hypervisor } = await atCheckpoint();
    vi.spyOn(hypervisor, "prepare").mockRejectedValueOnce(new Error("it ended at once"));
    expect((await goBack(bench)).result?.words).toContain("went on from there");
    vi.spyOn(hypervisor, "prepare").mockResolvedValueOnce(undefined as never);
    expect((await goBack(bench)).result?.words).toContain("went on from there");
    expect(hypervisor.alive.size).toBe(1);
  });
});

describe("several machines at one moment", () => {
  const three = async (options: BenchOptions = {}) => {
    const bench = await withMachine(options);
    await machines(bench, "beta", "gamma");
    return bench;
  };
  const all = { machines: ["alpha", "beta", "gamma"], kind: "snapshot" as const, name: "all" };

  test("each gets one that names the others, and a machine that is off is among them", async () => {
    const bench = await three();
    for (const name of ["alpha", "beta"]) await start(bench, name);
    const job = await ended(bench, await bench.workbench.moments.takeTogether(all));
    expect(job.state, job.problem?.message).toBe("done");
    for (const machine of all.machines) {
      const [moment] = (await list(bench, machine)).moments;
      expect(moment).toMatchObject({ name: "all", kind: "snapshot", isPresent: true });
      expect(moment?.siblings?.map(({ name }) => name)).toEqual(all.machines.filter((name) => name !== machine));
      expect(moment?.consistency).toBe(machine === "gamma" ? "off" : "frozen");
    }
    for (const name of ["alpha", "beta"]) expect(granted(await bench.workbench.machines.show({ machine: name })).power).toBe("running");
  });

  test.each(["snapshot", "checkpoint"] as const)(
    "when one fails a %s, none is kept, all go on, and records name what QEMU writes to",
    async (kind) => {
      let failing = "";
      const bench = await three({ lays: (run) => run.cookie !== failing });
      const running: MemoryMachine[] = [];
      for (const name of all.machines) running.push(await start(bench, name));
      failing = running[1]?.run.cookie ?? "";
      if (kind === "checkpoint") Object.assign(bench.hypervisor.options, { saves: false });
      const job = await ended(bench, await bench.workbench.moments.takeTogether({ ...all, kind }));
      expect(job.problem?.code).toBe("moment.not_saved");
      for (const [index, machine] of all.machines.entries()) {
        expect(await names(bench, machine)).toEqual([]);
        const view = granted(await bench.workbench.machines.show({ machine }));
        expect(view.power).toBe("running");
        const disk = view.hardware.disks[0];
        expect(disk?.head).toBe(running[index]?.tops.get(disk?.id ?? ""));
        expect(running[index]?.frozen).toBe(false);
      }
    },
  );

  test("one that cannot be saved refuses for all, before anything is done; one machine is not several", async () => {
    const bench = await three();
    await start(bench, "alpha");
    const refused = await bench.workbench.moments.takeTogether({ ...all, kind: "checkpoint" });
    expect(isRefusal(refused) && refused.code).toBe("moment.not_running");
    const alone = await bench.workbench.moments.takeTogether({ ...all, machines: ["alpha", "alpha"] });
    expect(isRefusal(alone) && alone.code).toBe("moment.needs_several");
    expect(await names(bench)).toEqual([]);
  });

  test("all go back together, the present of all kept first; a moment of one machine alone has nobody to go with", async () => {
    const bench = await three();
    for (const name of ["alpha", "beta"]) await start(bench, name);
    await ended(bench, await bench.workbench.moments.takeTogether(all));
    const back = await ended(bench, await bench.workbench.moments.restoreTogether({ machine: "beta", moment: "all" }));
    expect(back.state, back.problem?.message).toBe("done");
    for (const machine of all.machines) {
      const { moments } = await list(bench, machine);
      expect(moments.map(({ name }) => name)).toEqual(["all", "before “all”"]);
      expect(moments.find(({ isPresent }) => isPresent)?.name).toBe("all");
      expect(granted(await bench.workbench.machines.show({ machine })).power).toBe(machine === "gamma" ? "stopped" : "running");
    }
    await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name: "alone" }));
    const alone = await bench.workbench.moments.restoreTogether({ machine: "alpha", moment: "alone" });
    expect(isRefusal(alone) && alone.code).toBe("moment.alone");
    granted(await bench.workbench.moments.remove({ machine: "gamma", moment: "all" }));
    const gone = await bench.workbench.moments.restoreTogether({ machine: "alpha", moment: "all" });
    expect(isRefusal(gone) && gone.code).toBe("moment.sibling_gone");
  });

  test("a daemon that was cut off half-way leaves none of them", async () => {
    const moments = new MemoryMomentStore();
    const bench = await three({ ports: { moments } });
    await ended(bench, await bench.workbench.moments.takeTogether(all));
    const ids = await Promise.all(all.machines.map(async (machine) => granted(await bench.workbench.machines.show({ machine })).id));
    const kept = await Promise.all(ids.map(async (id) => (await moments.load(id))[0]?.id ?? ""));
    await moments.remove(ids[2] ?? "", kept[2] ?? "");
    await bench.journal.begin({
      op: "moment.together",
      moments: ids.map((machineId, i) => ({ machineId, momentId: kept[i] ?? "", ran: false })),
    });
    const again = await makeBench({
      store: bench.store,
      hypervisor: new MemoryHypervisor({ ...bench.hypervisor.options }),
      ports: { moments, journal: bench.journal },
    });
    for (const machine of all.machines) expect(await names(again, machine)).toEqual([]);
  });
});

describe("before a risky change", () => {
  const change = async (bench: Bench, wish: object) =>
    granted(await bench.workbench.machines.change({ machine: "alpha", ...wish })).changes.map(({ what }) => what);

  test("a machine that has run is kept as it was, and can go back to the computer that it was", async () => {
    const bench = await withMachine();
    await start(bench, "alpha");
    granted(await bench.workbench.machines.kill({ machine: "alpha" }));
    const board = granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.board;
    expect(await change(bench, { hardware: { board: "i440fx" } })).toContain("kept as it was");
    expect(await change(bench, { hardware: { memoryMiB: 512 } })).not.toContain("kept as it was");
    const [moment] = (await list(bench)).moments;
    expect(moment).toMatchObject({ kind: "snapshot", automatic: "before its hardware became another computer’s" });
    await ended(bench, await bench.workbench.moments.restore({ machine: "alpha", moment: moment?.id ?? "" }));
    expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.board).toBe(board);
  });

  test("a disk that is taken out is in a moment first; a machine that never ran has nothing to lose", async () => {
    const bench = await withMachine();
    expect(await change(bench, { hardware: { board: "i440fx" } })).not.toContain("kept as it was");
    await change(bench, { addDisk: { sizeBytes: 1024 ** 3 } });
    await start(bench, "alpha");
    granted(await bench.workbench.machines.kill({ machine: "alpha" }));
    const disk = granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks.at(-1)?.id ?? "";
    expect(await change(bench, { removeDisk: disk })).toContain("kept as it was");
    const [moment] = (await list(bench)).moments;
    await ended(bench, await bench.workbench.moments.restore({ machine: "alpha", moment: moment?.id ?? "" }));
    expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.disks.map(({ id }) => id)).toContain(disk);
  });
});

test("two moments are compared by what their disks stand on; the present of one that runs is not", async () => {
  const asked: number[][] = [];

  const compare: typeof memoryDiskTool.compare = async (from, to) => {
    asked.push([from.own, to.own]);
    return { writtenBytes: 7, volumes: [] };
  };
  const bench = await withMachine({ ports: { diskTool: { ...memoryDiskTool, compare } } });
  await start(bench, "alpha");
  for (const name of ["one", "two"]) await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name }));
  const found = granted(await bench.workbench.moments.compare({ machine: "alpha", moment: "one", with: "two" }));
  expect(found.disks.map(({ change }) => change)).toEqual(["changed"]);
  const same = granted(await bench.workbench.moments.compare({ machine: "alpha", moment: "two", with: "two" }));
  expect(same.disks.map(({ change }) => change)).toEqual(["same"]);
  expect(asked).toEqual([[0, 1]]);
  const refused = await bench.workbench.moments.compare({ machine: "alpha", moment: "one" });
  expect(isRefusal(refused) && refused.code).toBe("moment.present_runs");
});
