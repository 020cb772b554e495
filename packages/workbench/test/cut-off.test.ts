// A daemon that ends in the middle of freezing disks: what the next one makes of it.
import type { DiskSpec } from "@mimic/model";
import { expect, test } from "vitest";
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
