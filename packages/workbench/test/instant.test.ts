// Templates, the pool and moments on a workbench in memory, with time and this computer's memory in the test's hands.
import { isRefusal } from "@mimic/base";
import { expect, test, vi } from "vitest";
import { type Bench, ended, granted, withMachine } from "./bench.ts";

const GIB = 1024 ** 3;

async function running(bench: Bench): Promise<void> {
  const job = await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  expect(job.state, job.problem?.message).toBe("done");
}

/** One use of a template, then as many ready as are wanted. */
async function usedOnce(bench: Bench): Promise<void> {
  await running(bench);
  await ended(bench, await bench.workbench.templates.make({ machine: "alpha", name: "base" }));
  const job = await ended(bench, await bench.workbench.disposables.run({ of: "base" }));
  expect(job.state, job.problem?.message).toBe("done");
}
const warm = async (bench: Bench) => granted(await bench.workbench.templates.show({ template: "base" })).warm;

test("a template that was used keeps machines ready, and gives them back when memory is short", async () => {
  const bench = await withMachine();
  await usedOnce(bench);
  // Whoever took the last one has the processor first.
  expect(await warm(bench)).toBe(0);
  await bench.clock.pass(400);
  await vi.waitFor(async () => expect(await warm(bench)).toBe(2));
  Object.assign(bench.room, { memoryFreeBytes: 0.1 * bench.room.memoryBytes });
  await bench.clock.pass(6000);
  await vi.waitFor(async () => expect(await warm(bench)).toBe(0));
  // And makes none while it is.
  await ended(bench, await bench.workbench.disposables.run({ of: "base" }));
  expect(await warm(bench)).toBe(0);
});

test("as many wait as fit into an eighth of the memory by what they cost, not by a guess for all", async () => {
  const willWait = async (ownBytes: number, count: number): Promise<void> => {
    const bench = await withMachine({ ownBytes });
    await usedOnce(bench);
    granted(await bench.workbench.templates.change({ template: "base", warm: 30 }));
    const shown = async () => {
      const { warm: waiting, isMemberMeasured, memberBytes } = granted(await bench.workbench.templates.show({ template: "base" }));
      return [waiting, isMemberMeasured, memberBytes];
    };
    await vi.waitFor(async () => expect(await shown()).toEqual([Math.max(count, 1), true, ownBytes]), { timeout: 20_000 });
    // And so it stays.
    for (let turn = 0; turn < 4; turn++) await bench.clock.pass(6000);
    await vi.waitFor(async () => expect((await shown())[0]).toBe(count));
  };
  // 8 GiB: the pool's share is 1 GiB.
  await willWait(10 * 1024 ** 2, 30);
  await willWait(300 * 1024 ** 2, 3);
  // The first one turns out dearer than was estimated, and goes again.
  await willWait(2 * 1024 ** 3, 0);
});

test("before a machine of a template was ever ready its cost is an estimate, and says so", async () => {
  const bench = await withMachine();
  await running(bench);
  await ended(bench, await bench.workbench.templates.make({ machine: "alpha", name: "base" }));
  const { isMemberMeasured, memberBytes } = granted(await bench.workbench.templates.show({ template: "base" }));
  expect([isMemberMeasured, memberBytes > 0]).toEqual([false, true]);
});

test("what waits is nobody's machine, and is handed out once", async () => {
  const bench = await withMachine();
  await usedOnce(bench);
  await bench.clock.pass(400);
  await vi.waitFor(async () => expect(await warm(bench)).toBe(2));
  const names = async () => granted(await bench.workbench.machines.list({})).machines.map(({ name }) => name as string);
  const before = await names();
  expect(before).toHaveLength(2);
  await ended(bench, await bench.workbench.disposables.run({ of: "base" }));
  await ended(bench, await bench.workbench.disposables.run({ of: "base" }));
  const after = await names();
  expect(new Set(after).size).toBe(4);
});

test("nobody else gets the name of one that waits", async () => {
  const bench = await withMachine();
  const booted: string[] = [];
  const boot = bench.hypervisor.boot.bind(bench.hypervisor);
  bench.hypervisor.boot = (plan, options) => {
    booted.push(plan.record.name);
    return boot(plan, options);
  };
  await usedOnce(bench);
  await bench.clock.pass(400);
  await vi.waitFor(async () => expect(await warm(bench)).toBe(2));
  const waiting = booted.slice(-2);
  expect(new Set(waiting).size).toBe(2);
  for (const name of waiting) {
    const refused = await bench.workbench.machines.create({ name, system: "tiny-linux" });
    expect(isRefusal(refused) && refused.code).toBe("machine.name_taken");
  }
});

test("a disposable vanishes when it ends, without the trash", async () => {
  const bench = await withMachine();
  await usedOnce(bench);
  const [machine] = granted(await bench.workbench.machines.list({})).machines.filter(({ forgets }) => forgets);
  granted(await bench.workbench.disposables.discard({ machine: machine?.id ?? "" }));
  await vi.waitFor(async () =>
    expect(granted(await bench.workbench.machines.list({})).machines.map(({ name }) => name)).toEqual(["alpha"]),
  );
  expect(granted(await bench.workbench.trash.list({})).trash).toEqual([]);
  const refused = await bench.workbench.disposables.discard({ machine: "alpha" });
  expect(isRefusal(refused) && refused.code).toBe("disposable.not_one");
});

test("moments make a tree: each knows the one before, and deleting one joins its neighbours", async () => {
  const bench = await withMachine();
  await running(bench);
  for (const name of ["one", "two", "three"]) {
    const job = await ended(
      bench,
      await bench.workbench.moments.take({ machine: "alpha", kind: name === "two" ? "checkpoint" : "snapshot", name }),
    );
    expect(job.state, job.problem?.message).toBe("done");
  }
  granted(await bench.workbench.moments.remove({ machine: "alpha", moment: "two" }));
  const { moments } = granted(await bench.workbench.moments.list({ machine: "alpha" }));
  expect(moments.map(({ name, parent, isPresent }) => [name, moments.find(({ id }) => id === parent)?.name, isPresent])).toEqual([
    ["one", undefined, false],
    ["three", "one", true],
  ]);
});

test("what cannot be kept is refused before anything is done", async () => {
  const bench = await withMachine({}, { hardware: { tpm: true } });
  const off = await bench.workbench.moments.take({ machine: "alpha", kind: "checkpoint" });
  expect(isRefusal(off) && off.code).toBe("moment.not_running");
  await running(bench);
  const tpm = await bench.workbench.moments.take({ machine: "alpha", kind: "checkpoint" });
  expect(isRefusal(tpm) && tpm.code).toBe("moment.not_savable");
  const template = await bench.workbench.templates.make({ machine: "alpha" });
  expect(isRefusal(template) && template.code).toBe("template.not_savable");
  expect(granted(await bench.workbench.moments.list({ machine: "alpha" })).moments).toEqual([]);
  expect(bench.room.memoryBytes).toBe(8 * GIB);
});
