// A Vitest reporter that writes the Tally of a run into the file named by MIMIC_TALLY.
import { writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { Skip, Tally } from "./tally.ts";

// A default export because Vitest loads reporters by path and asks for one.
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { message: string }[]): void {
    const path = process.env.MIMIC_TALLY;
    if (path) writeFileSync(path, JSON.stringify(tallyOf(modules, unhandled)));
  }
}

function tallyOf(modules: readonly TestModule[], unhandled: readonly { message: string }[]): Tally {
  let passed = 0;
  const failures: string[] = [];
  const skips: Skip[] = [];
  for (const module of modules) {
    // A file that could not even be loaded has no tests to fail.
    for (const error of module.errors()) failures.push(`${module.relativeModuleId}: ${error.message}`);
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") passed++;
      else if (result.state === "failed") failures.push(nameOf(test));
      else if (result.state === "skipped") skips.push({ name: nameOf(test), reason: reasonOf(test, result.note) });
      else failures.push(`${nameOf(test)} (did not end)`);
    }
  }
  for (const error of unhandled) failures.push(`an error outside every test: ${error.message}`);
  return { passed, failures, skips };
}

const nameOf = (test: TestCase): string => `${test.module.relativeModuleId} › ${test.fullName}`;

const reasonOf = (test: TestCase, note: string | undefined): string =>
  note ?? (test.options.mode === "todo" ? "not written yet" : "no reason given");
