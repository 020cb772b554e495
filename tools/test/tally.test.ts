import { describe, expect, test } from "vitest";
import { addTallies, emptyTally, exitCodeOf, lastLine } from "./tally.ts";

describe("the sum of a test run", () => {
  const good = { passed: 2, failures: [], skips: [{ name: "a", reason: "no KVM" }] };
  const bad = { passed: 1, failures: ["b"], skips: [] };

  test("adds every runner and says so in one plain line", () => {
    expect(lastLine(addTallies([good, bad, good]))).toBe("5 passed, 1 failed, 2 skipped");
  });

  test("is a success when something passed and nothing failed", () => {
    expect(exitCodeOf(good)).toBe(0);
  });

  test("is no success when one failed", () => {
    expect(exitCodeOf(addTallies([good, bad]))).toBe(1);
  });

  test("is no success when nothing was tested at all", () => {
    expect(exitCodeOf(emptyTally)).toBe(1);
    expect(exitCodeOf({ passed: 0, failures: [], skips: [{ name: "a", reason: "no QEMU" }] })).toBe(1);
  });
});
