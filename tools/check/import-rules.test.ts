// Proves the guard: each bad import is put into a small copy of the tree and must be found, and the same copy
// without it must pass (the positive control).
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
let copy = "";

/** A tree of the real folders with one line of code in each, and exports as in the real packages. */
const TREE: Readonly<Record<string, string>> = {
  "packages/base/src/index.ts": "export const base = 1;",
  "packages/base/src/hidden.ts": "export const hidden = 1;",
  "packages/model/src/index.ts": 'import { base } from "@mimic/base"; export const model = base;',
  "packages/qemu/src/index.ts": 'import { model } from "@mimic/model"; export const qemu = model;',
  "packages/qemu/src/node/index.ts":
    'import { readFileSync } from "node:fs"; import { qemu } from "../index.ts"; export const a = [readFileSync, qemu];',
  "packages/workbench/src/index.ts": 'export type { Port } from "./ports/index.ts"; export const workbench = 1;',
  "packages/workbench/src/ports/index.ts": "export interface Port { a: number }",
  "packages/store/src/index.ts": 'import type { Port } from "@mimic/workbench/ports"; export const port: Port = { a: 1 };',
  "packages/testkit/src/index.ts": "export const testkit = 1;",
  "packages/model/src/model.test.ts": 'import { testkit } from "@mimic/testkit"; import "node:fs"; export const a = testkit;',
  "apps/cli/src/main.ts": 'import "node:fs"; import { model } from "@mimic/model"; export const a = model;',
};

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), "mimic-rules-"));
  cpSync(join(root, ".dependency-cruiser.cjs"), join(copy, ".dependency-cruiser.cjs"));
  writeFileSync(join(copy, "package.json"), '{"name":"copy","type":"module"}');
  for (const [path, text] of Object.entries(TREE)) put(path, text);
  mkdirSync(join(copy, "node_modules/@mimic"), { recursive: true });
  for (const name of ["base", "model", "qemu", "workbench", "store", "testkit"]) {
    cpSync(join(root, "packages", name, "package.json"), join(copy, "packages", name, "package.json"));
    symlinkSync(join(copy, "packages", name), join(copy, "node_modules/@mimic", name));
  }
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), `${text}\n`);
}

function brokenRules(): string[] {
  const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const args = ["--config", ".dependency-cruiser.cjs", "--output-type", "json", "apps", "packages"];
  const { stdout, stderr } = spawnSync(process.execPath, [cruiser, ...args], { cwd: copy, encoding: "utf8", maxBuffer: 2 ** 25 });
  if (!stdout) throw new Error(stderr);
  const report = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[]; totalCruised: number } };
  // Without its own reading of TypeScript the tool would see nothing and find nothing.
  expect(report.summary.totalCruised).toBeGreaterThanOrEqual(Object.keys(TREE).length - 1);
  return [...new Set(report.summary.violations.map((violation) => violation.rule.name))].sort();
}

describe("the import rules", () => {
  test("let the tree pass as it should be", () => {
    expect(brokenRules()).toEqual([]);
  });

  test.each([
    [
      "base imports model",
      "packages/base/src/bad.ts",
      'import { model } from "@mimic/model"; export const a = model;',
      "packages-base-imports-only-what-the-table-allows",
    ],
    [
      "an adapter imports the workbench itself",
      "packages/qemu/src/bad.ts",
      'import { workbench } from "@mimic/workbench"; export const a = workbench;',
      "packages-qemu-imports-only-what-the-table-allows",
    ],
    [
      "an adapter imports another, even for a type",
      "packages/store/src/bad.ts",
      'import type { qemu } from "@mimic/qemu"; export type A = typeof qemu;',
      "packages-store-imports-only-what-the-table-allows",
    ],
    [
      "the command line imports the engine",
      "apps/cli/src/bad.ts",
      'export const a = import("@mimic/qemu");',
      "apps-cli-imports-only-what-the-table-allows",
    ],
    [
      "pure code touches the computer",
      "packages/model/src/bad.ts",
      'import { readFileSync } from "node:fs"; export const a = readFileSync;',
      "computer-only-under-src-node",
    ],
    ["the pure part calls its own adapter", "packages/qemu/src/bad.ts", 'export * from "./node/index.ts";', "thinking-does-not-call-doing"],
    [
      "a relative path goes round exports",
      "packages/model/src/bad.ts",
      'export * from "../../base/src/hidden.ts";',
      "no-way-round-exports",
    ],
    [
      "a deep import that exports do not have",
      "packages/model/src/bad.ts",
      'export * from "@mimic/base/src/hidden.ts";',
      "nothing-unresolvable",
    ],
    ["testkit in code that ships", "packages/model/src/bad.ts", 'export * from "@mimic/testkit";', "testkit-only-in-tests"],
  ])("find it when %s", (_what, path, text, rule) => {
    put(path, text);
    expect(brokenRules()).toContain(rule);
  });

  test("find a circle", () => {
    put("packages/base/src/one.ts", 'export * from "./two.ts";');
    put("packages/base/src/two.ts", 'export * from "./one.ts";');
    expect(brokenRules()).toEqual(["no-cycle"]);
  });
});
