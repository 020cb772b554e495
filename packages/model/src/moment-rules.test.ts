// What people are told about a moment's memory.
import { expect, test } from "vitest";
import { ERAS } from "./eras.ts";
import { emptyHardware } from "./hardware.ts";
import { memoryLacks, whyNotSave } from "./moment-rules.ts";

test("a machine with an AdLib can be saved, and it is said that its music may not come back; another machine lacks nothing", () => {
  const old = { ...emptyHardware(), ...ERAS["1991"].hardware };
  expect(whyNotSave(old)).toBeUndefined();
  expect(memoryLacks(old)).toContain("AdLib");
  expect(memoryLacks(emptyHardware())).toBeUndefined();
  expect(memoryLacks({ sound: "ac97" })).toBeUndefined();
});
