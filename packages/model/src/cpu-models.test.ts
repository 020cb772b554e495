import { expect, test } from "vitest";
import { cpuModelWords, HardwareSpec, isAutomaticCpuModel } from "./index.ts";

test("a machine of which no processor was said gets the quickest; one that was recorded with another keeps it", () => {
  expect(HardwareSpec.parse({}).cpuModel).toBe("quick");
  expect(HardwareSpec.parse({ cpuModel: "best" }).cpuModel).toBe("best");
});

test("chosen processors have words, all others QEMU's name", () => {
  expect(["quick", "best", "EPYC"].map(cpuModelWords)).toEqual(["the quickest here", "everything that can be had", "EPYC"]);
  expect(["quick", "best", "EPYC"].map(isAutomaticCpuModel)).toEqual([true, true, false]);
});
