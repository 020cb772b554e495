import { HardwareSpec } from "@mimic/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { HardwareWish } from "./hardware-wish.ts";

test("a wish says what was wished for and nothing else", () => {
  const all = HardwareWish.parse(
    HardwareSpec.omit({ disks: true, drives: true, nics: true, usb: true, directBoot: true, machineType: true }).parse({}),
  );
  const fields = Object.keys(all) as (keyof typeof all)[];
  expect(fields.length).toBeGreaterThan(12);
  fc.assert(
    fc.property(fc.subarray(fields), (some) => {
      const wish = Object.fromEntries(some.map((field) => [field, all[field]]));
      expect(HardwareWish.parse(wish)).toEqual(wish);
    }),
  );
  expect(HardwareWish.safeParse({ disks: [] }).success).toBe(false);
});
