import { expect, test } from "vitest";
import { ownMemoryIn, ownMemoryOf } from "./process.ts";

const ROLLUP = `55d0c0000000-7ffd0c000000 ---p 00000000 00:00 0                          [rollup]
Rss:              120000 kB
Pss:               90000 kB
Private_Dirty:     80000 kB
Anonymous:         20480 kB
Swap:               4096 kB
SwapPss:            1024 kB
`;

test("a process's own memory is what it wrote itself, what of that was swapped out, and its page tables", () => {
  expect(ownMemoryIn(ROLLUP, "VmPTE:\t     512 kB\n")).toBe((20_480 + 1024 + 512) * 1024);
  // A mapped file counts as private while nobody else maps it, and would not be free again.
  expect(ownMemoryIn(ROLLUP.replace("Private_Dirty:     80000", "Private_Dirty:    110000"), "")).toBe((20_480 + 1024) * 1024);
});

test("where the kernel does not say, nothing is claimed", async () => {
  expect(ownMemoryIn("", "VmPTE: 5 kB")).toBeUndefined();
  expect(await ownMemoryOf(2 ** 22 + 1)).toBeUndefined();
  expect(await ownMemoryOf(process.pid)).toBeGreaterThan(2 ** 20);
});
