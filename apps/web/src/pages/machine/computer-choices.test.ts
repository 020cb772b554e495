import { ARCHITECTURES, type Architecture, emptyHardware, isPc, misfit, SoundCard, usualHardware } from "@mimic/model";
import { expect, test } from "vitest";
import { boardsFor, busesFor, cpuModelsFor, displaysFor, firmwaresFor, soundsFor } from "./computer-choices.ts";

const values = (choices: readonly { value: string }[]) => choices.map(({ value }) => value);
const computer = (architecture: Architecture) => ({ ...emptyHardware(), ...usualHardware(architecture) });

test("a PC is offered the boards, graphics, buses and processors of PCs", () => {
  const pc = computer("x86_64");
  expect(values(boardsFor(pc))).toEqual(["q35", "i440fx"]);
  expect(values(displaysFor(pc))).toEqual(["vga", "virtio", "cirrus", "none"]);
  expect(values(soundsFor(pc))).toEqual(SoundCard.options);
  expect(values(cpuModelsFor(pc))).toContain("pentium3");
});

test("a machine with another processor is offered its own boards and models, and none of a PC's", () => {
  const mac = computer("ppc");
  expect(boardsFor(mac)).toEqual([
    { value: "mac99", label: "A Power Mac G4 of 1999 (mac99)" },
    { value: "g3beige", label: "A Power Mac G3 of 1997 (g3beige)" },
  ]);
  expect(values(busesFor(mac))).toEqual(["ide"]);
  expect(values(firmwaresFor(computer("aarch64")))).toEqual(["bios", "uefi"]);
  expect(values(cpuModelsFor(computer("aarch64")))).toContain("cortex-a53");
  expect(values(cpuModelsFor(computer("aarch64")))).not.toContain("qemu64");
  expect(values(cpuModelsFor({ ...computer("aarch64"), cpuModel: "cortex-a35" }))[0]).toBe("cortex-a35");
});

test("whatever board, firmware and graphics are offered for a processor fit together", () => {
  for (const architecture of Object.keys(ARCHITECTURES) as Architecture[]) {
    if (isPc({ architecture })) continue;
    for (const { value: board } of boardsFor({ architecture })) {
      const on = { ...computer(architecture), board };
      const display = displaysFor(on);
      expect(display.length).toBeGreaterThan(0);
      expect(values(soundsFor(on))).toEqual(["none"]);
      for (const choice of [
        ...display.map(({ value }) => ({ display: value })),
        ...firmwaresFor(on).map(({ value }) => ({ firmware: value, display: display[0]?.value ?? "none" })),
      ])
        expect(misfit({ ...on, ...choice }), `${architecture} ${board}`).toBeUndefined();
    }
  }
});
