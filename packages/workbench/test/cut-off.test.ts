// A daemon that ends in the middle of freezing disks: what the next one makes of it.
import { MemoryHypervisor, MemoryMomentStore } from "@mimic/memory";
import type { DiskSpec } from "@mimic/model";
import { describe, expect, test } from "vitest";
import { trueDisk } from "../src/moments/after-absence.ts";
import { type Bench, ended, granted, makeBench, withMachine } from "./bench.ts";

const id = (n: number): string => `lay_${String(n).padStart(26, "0")}`;

test("a freeze that is cut off on a disk laid live leaves the disk as QEMU has it, and no empty layer above", async () => {
  const bench = await withMachine();
  const running =
    (await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }))) && granted(bench.workbench.running("alpha"));
  const take = (name: string) => bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name });
  expect((await ended(bench, await take("first"))).state).toBe("done");
  const disk = async (of: Pick<Bench, "workbench"> = bench): Promise<DiskSpec> =>
    granted(await of.workbench.machines.show({ machine: "alpha" })).hardware.disks[0] as DiskSpec;
  const before = await disk();
  const tops = await running.topLayers({ signal: new AbortController().signal });
  expect(before.head).toBe(tops[before.id]);
  // The daemon ends before QEMU is told.
  Object.assign(running, { layDisks: () => new Promise(() => {}) });
  granted(await take("second"));
  await bench.clock.pass(1000);
  expect((await disk()).layers).toHaveLength(2);
  const again = await makeBench({ store: bench.store, hypervisor: bench.hypervisor, ports: { journal: bench.journal } });
  expect(await disk(again)).toEqual(before);
});

test("what QEMU writes to is found among the layers by the name that it has it by", () => {
  const fresh: DiskSpec = {
    id: "dsk_0",
    sizeBytes: 1,
    format: "qcow2",
    head: id(3),
    layers: [
      { id: id(2), format: "qcow2" },
      { id: id(1), format: "raw" },
    ],
  } as unknown as DiskSpec;
  expect(trueDisk(fresh, [], id(3))).toBe(fresh);
  expect(trueDisk(fresh, [], id(2))).toMatchObject({ head: id(2), format: "qcow2", layers: [{ id: id(1) }] });
});

describe("a daemon that ends while a machine that went back to a checkpoint is being woken up", () => {
  const cutOff = async () => {
    const moments = new MemoryMomentStore();
    const bench = await withMachine({ ports: { moments } });
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "checkpoint", name: "whole" }));
    bench.hypervisor.options.behaviour = "hang";
    granted(await bench.workbench.moments.restore({ machine: "alpha", moment: "whole" }));
    await bench.clock.pass(1000);
    const hypervisor = new MemoryHypervisor({ ...bench.hypervisor.options, behaviour: "run" });
    const resumed: (string | undefined)[] = [];
    const boot = hypervisor.boot.bind(hypervisor);
    hypervisor.boot = (plan, options) => {
      resumed.push(plan.resume?.statePath);
      return boot(plan, options);
    };
    const again = await makeBench({ store: bench.store, hypervisor, ports: { moments, journal: bench.journal } });
    const { id } = granted(await again.workbench.machines.show({ machine: "alpha" }));
    const whole = (await moments.load(id)).find(({ name }) => name === "whole")?.id;
    const story = async () => JSON.stringify(granted(await again.workbench.machines.story({ machine: "alpha" })));
    return { again, resumed, whole, story, journal: bench.journal };
  };

  test("is followed by one that says so, and starts it from that memory, once", async () => {
    const { again, resumed, whole, story, journal } = await cutOff();
    const { jobs } = granted(await again.workbench.jobs.list({}));
    expect(jobs[0]?.problem).toMatchObject({
      code: "moment.cut_off",
      message: expect.stringContaining("goes on from there when it is started"),
    });
    expect(await story()).toContain("was cut off, because Mimic ended");
    expect(await journal.open()).toEqual([]);
    for (let times = 0; times < 2; times++) {
      expect((await ended(again, await again.workbench.machines.start({ machine: "alpha" }))).state).toBe("done");
      granted(await again.workbench.machines.kill({ machine: "alpha" }));
      await again.clock.pass(1000);
    }
    expect(resumed).toEqual([whole, undefined]);
  });

  test("is switched on from its disks, and says why, when its hardware was changed meanwhile", async () => {
    const { again, resumed, story } = await cutOff();
    granted(await again.workbench.machines.change({ machine: "alpha", hardware: { memoryMiB: 512 } }));
    expect((await ended(again, await again.workbench.machines.start({ machine: "alpha" }))).state).toBe("done");
    expect(resumed).toEqual([undefined]);
    expect(await story()).toContain("does not go on from the memory of “whole”: its hardware was changed since");
  });
});
