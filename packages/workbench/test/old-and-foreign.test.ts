import { readFileSync } from "node:fs";
import { Architecture, Era, HardwareSpec, misfit, System, usualHardware } from "@mimic/model";
import { describe, expect, test } from "vitest";
import { compose } from "../src/machines/compose.ts";
import { ended, granted, makeBench, withMachine } from "./bench.ts";

describe("computers of their time", () => {
  test.each(Era.options)("a PC of %s has what programs of that year expect", async (era) => {
    const bench = await makeBench();
    const job = await ended(bench, await bench.workbench.machines.create({ name: "old", era }));
    expect(job.state).toBe("done");
    const { hardware } = granted(await bench.workbench.machines.show({ machine: "old" }));
    expect(hardware).toMatchObject({ board: "i440fx", architecture: "i386", disks: [{ bus: "ide" }], clock: { base: "local" } });
    expect(hardware.clock.startAt?.slice(0, 4)).toBe(era);
    expect(hardware.drives[0]).toMatchObject({ slot: "floppy0", kind: "floppy" });
    expect(hardware.drives.filter(({ kind }) => kind === "cd")).toHaveLength(Number(era) < 1995 ? 0 : 1);
  });
  test("a computer of its time has as much memory as its system needs", () => {
    const recipe = JSON.parse(readFileSync(new URL("../../../content/systems/freedos.json", import.meta.url), "utf8"));
    const composed = (memoryMiB?: number) =>
      compose({
        wish: { name: "old", era: "1991", hardware: { memoryMiB } },
        system: System.parse(recipe),
        image: undefined,
        newDiskId: () => `dsk_${"0".repeat(26)}`,
      });
    expect(composed()).toMatchObject({ hardware: { memoryMiB: 16, cpuModel: "486" } });
    expect(composed(8)).toMatchObject({ code: "machine.too_little_memory" });
  });
  test("what else is wished for counts more, and a floppy image goes into the drive that is there", async () => {
    const bench = await makeBench();
    await ended(
      bench,
      await bench.workbench.machines.create({ name: "old", era: "1991", hardware: { memoryMiB: 16 }, diskBytes: 20 * 1024 ** 2 }),
    );
    expect(granted(await bench.workbench.machines.show({ machine: "old" })).hardware).toMatchObject({
      memoryMiB: 16,
      cpuModel: "486",
      disks: [{ sizeBytes: 20 * 1024 ** 2 }],
    });
  });
});

describe("computers with other processors", () => {
  test.each(Architecture.options)("%s: what a machine gets when nothing else is wished for fits together", async (architecture) => {
    expect(misfit(HardwareSpec.parse(usualHardware(architecture)))).toBeUndefined();
    const bench = await makeBench();
    const job = await ended(bench, await bench.workbench.machines.create({ name: "other", hardware: { architecture } }));
    expect(job.state).toBe("done");
  });
  test("parts that never sat on such a board are refused with the reason", async () => {
    const bench = await makeBench();
    const wish = (hardware: object) => bench.workbench.machines.create({ name: "odd", hardware });
    expect(await wish({ architecture: "riscv64", sound: "sb16" })).toMatchObject({
      code: "hardware.misfit",
      why: expect.stringContaining("Sound"),
    });
    const sound = (card: "hda" | "none", name = "quiet") => bench.workbench.machines.change({ machine: name, hardware: { sound: card } });
    await ended(bench, await bench.workbench.machines.create({ name: "quiet", hardware: { architecture: "riscv64" } }));
    expect(await sound("hda")).toMatchObject({ code: "hardware.not_possible", why: expect.stringContaining("Sound is not offered") });
    expect(granted(await sound("none")).changes).toEqual([]);
    const { rows } = granted(await bench.workbench.machines.hardware({ machine: "quiet" }));
    expect(rows.find(({ part }) => part === "sound")).toMatchObject({ change: "never", why: expect.stringContaining("Sound") });
    // What had a sound card may become such a computer, without it.
    await ended(bench, await bench.workbench.machines.create({ name: "loud", hardware: { sound: "hda" } }));
    const becomes = { ...usualHardware("riscv64"), disks: undefined, sound: "none" as const };
    const became = await bench.workbench.machines.change({ machine: "loud", hardware: becomes, bus: "virtio" });
    expect(granted(became).hardware).toMatchObject({ architecture: "riscv64", sound: "none" });
    expect(await wish({ architecture: "sparc", memoryMiB: 4096 })).toMatchObject({ why: expect.stringContaining("32 to 256 MiB") });
    expect(await wish({ architecture: "aarch64", board: "q35" })).toMatchObject({ why: expect.stringContaining("no “q35” board") });
  });
});

test("words for a kernel go with a kernel, and nowhere else", async () => {
  const bench = await makeBench();
  expect(await bench.workbench.machines.create({ name: "told", kernelWords: "console=ttyS0" })).toMatchObject({
    code: "machine.no_kernel",
  });
});

test("a board whose one network card is soldered to it takes no second one", async () => {
  const bench = await makeBench();
  await ended(bench, await bench.workbench.machines.create({ name: "sun", hardware: { architecture: "sparc" } }));
  expect(await bench.workbench.machines.addNic({ machine: "sun" })).toMatchObject({
    code: "nic.too_many",
    why: expect.stringContaining("has a network card, and its board has no place for more"),
  });
});

test("a disk can be laid over an image while the machine is off", async () => {
  const bench = await withMachine();
  const image = bench.images.list()[0];
  const changed = granted(await bench.workbench.machines.change({ machine: "alpha", addDisk: { image: image?.name ?? "" } }));
  expect(changed.hardware.disks[1]).toMatchObject({ base: image?.digest, sizeBytes: image?.virtualBytes });
  expect(await bench.workbench.machines.change({ machine: "alpha", addDisk: {} })).toMatchObject({ code: "disk.needs_size" });
});
