import { HardwareSpec } from "@mimic/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { movedHardware } from "./plan-move.ts";

const disk = (n: number, more: object = {}) => ({ id: `dsk_${String(n).padStart(26, "0")}`, bus: "virtio", sizeBytes: 1024 * n, ...more });
const spec = (given: object) => HardwareSpec.parse(given);

const hardware = fc
  .record({
    cpus: fc.integer({ min: 1, max: 4 }),
    memoryMiB: fc.integer({ min: 64, max: 80 }),
    sound: fc.constantFrom("none", "hda"),
    disks: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
  })
  .map(({ disks, ...rest }) => spec({ ...rest, disks: disks.map((n) => disk(n)) }));

test("no disk of the machine's own is ever left out, and every disk of the generation is there", () => {
  fc.assert(
    fc.property(hardware, fc.option(hardware), hardware, fc.uniqueArray(fc.integer({ min: 1, max: 6 })), (mine, from, to, theirs) => {
      const ofTemplate = new Set([...theirs.map((n) => disk(n).id), ...to.disks.map(({ id }) => id)]);
      const moved = movedHardware({ mine, from: from ?? undefined, to, ofTemplate });
      const ids = moved.disks.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      // Each in a place of its own, the system's where they were.
      expect(new Set(moved.disks.map(({ place }) => place)).size).toBe(ids.length);
      for (const [at, { id }] of to.disks.entries()) expect(moved.disks.find((one) => one.id === id)?.place).toBe(at);
      for (const { id } of to.disks) expect(ids).toContain(id);
      for (const { id } of mine.disks) if (!ofTemplate.has(id)) expect(ids).toContain(id);
      for (const own of mine.disks)
        expect(moved.disks.find(({ id }) => id === own.id)?.sizeBytes ?? own.sizeBytes).toBeGreaterThanOrEqual(own.sizeBytes);
    }),
  );
});

test("what a person changed stays, what the template changed comes", () => {
  const from = spec({ cpus: 1, memoryMiB: 128, sound: "none" });
  const mine = spec({ ...from, memoryMiB: 512 });
  const to = spec({ ...from, cpus: 2, sound: "hda", memoryMiB: 256 });
  expect(movedHardware({ mine, from, to, ofTemplate: new Set() })).toMatchObject({ cpus: 2, memoryMiB: 512, sound: "hda" });
});

test("a machine type that was pinned at the first start is no choice of a person's", () => {
  const from = spec({ machineType: "pc-q35-7.2" });
  const to = spec({ machineType: "pc-q35-9.0" });
  expect(movedHardware({ mine: from, from, to, ofTemplate: new Set() }).machineType).toBe("pc-q35-9.0");
  expect(movedHardware({ mine: spec({ machineType: "pc-q35-7.2" }), from: spec({}), to, ofTemplate: new Set() }).machineType).toBe(
    "pc-q35-9.0",
  );
});
