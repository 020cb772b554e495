import { describe, expect, test } from "vitest";
import { gradeIsolation, type IsolationFacts } from "./isolation.ts";

const best: IsolationFacts = { accelerator: "kvm", supportedBoard: true, confined: true, filtered: true, runsAsRoot: false };

describe("the isolation grade", () => {
  test.each<[string, Partial<IsolationFacts>, string]>([
    ["hardware, caged", {}, "A"],
    ["hardware, not caged", { confined: false }, "B"],
    ["hardware without the system-call filter", { filtered: false }, "B"],
    ["a board that QEMU's policy does not cover", { supportedBoard: false }, "C"],
    ["emulation, caged", { accelerator: "tcg" }, "C"],
    ["emulation, not caged", { accelerator: "tcg", confined: false }, "D"],
    ["QEMU as root", { runsAsRoot: true }, "D"],
    ["WHPX, which QEMU's policy does not name", { accelerator: "whpx" }, "B"],
  ])("%s", (_, facts, grade) => {
    const found = gradeIsolation({ ...best, ...facts });
    expect(found.grade).toBe(grade);
    expect(found.because.length).toBeGreaterThan(1);
  });
});
