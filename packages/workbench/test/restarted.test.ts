// This computer was restarted while machines ran: nothing of their runs is left, and people are told why they are off.
import { expect, test } from "vitest";
import { type Bench, ended, granted, makeBench, withMachine } from "./bench.ts";

/** Another daemon over the same data. Processes of before are there no more, whatever has their number now. */
const afterRestart = ({ store, clock }: Bench): Promise<Bench> => makeBench({ store, clock, bootId: "another boot" });
const running = async (): Promise<Bench> => {
  const bench = await withMachine();
  expect((await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }))).state).toBe("done");
  return bench;
};

test("a machine that ran before this computer was restarted is off, says so, and starts again", async () => {
  const before = await running();
  const { id } = granted(await before.workbench.machines.show({ machine: "alpha" }));
  expect(before.store.machines.get(id)?.run?.bootId).toBe("memory");
  const bench = await afterRestart(before);
  expect(granted(await bench.workbench.machines.show({ machine: "alpha" }))).toMatchObject({
    power: "stopped",
    because: "this computer was restarted",
  });
  const { story } = granted(await bench.workbench.machines.story({ machine: "alpha" }));
  expect(story.at(-1)?.words).toBe("Found off: this computer was restarted.");
  expect(bench.store.machines.get(id)).toMatchObject({ run: undefined, lastPower: { power: "stopped" } });
  // Nothing of it is plugged in either.
  expect([...bench.fabric.plans.values()].flatMap(({ ports }) => ports)).toEqual([]);
  expect((await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }))).state).toBe("done");
});

test("a process that looks just like it, but of another boot, is never taken for the machine", async () => {
  const before = await running();
  const { store, clock, hypervisor } = before;
  // The same number, the same start, the same cookie: only the boot tells that it cannot be it.
  expect(hypervisor.alive.size).toBe(1);
  const bench = await makeBench({ store, clock, hypervisor, bootId: "another boot" });
  expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).power).toBe("stopped");
});

test("a daemon that starts anew on the same boot finds the machine running, and its story tells of no end", async () => {
  const { store, clock, hypervisor } = await running();
  const bench = await makeBench({ store, clock, hypervisor });
  expect(granted(await bench.workbench.machines.show({ machine: "alpha" })).power).toBe("running");
  expect(JSON.stringify(granted(await bench.workbench.machines.story({ machine: "alpha" })))).not.toContain("Found off");
});

test("of a disposable nothing is left after this computer was restarted", async () => {
  const before = await running();
  await ended(before, await before.workbench.templates.make({ machine: "alpha", name: "base" }));
  expect((await ended(before, await before.workbench.disposables.run({ of: "base" }))).state).toBe("done");
  expect(before.store.machines.size).toBe(2);
  const bench = await afterRestart(before);
  expect(granted(await bench.workbench.machines.list({})).machines.map(({ name }) => name)).toEqual(["alpha"]);
  expect([...bench.store.machines.values()].map(({ record }) => record.name)).toEqual(["alpha"]);
  expect(granted(await bench.workbench.trash.list({})).trash).toEqual([]);
});
