// Two projects. quick: everything without guests and browser, in parallel. real: real QEMU, real Chromium, real
// downloads; few at a time, since guests without KVM need whole cores, and patient.
import { defineConfig } from "vitest/config";
import { LongFirst } from "./tools/test/long-first.ts";

const NOT_OURS = ["**/node_modules/**", "**/dist/**", ".mimic/**"];

export default defineConfig({
  test: {
    teardownTimeout: 60_000,
    sequence: { sequencer: LongFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "quick",
          include: ["{apps,packages,tools,bench}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.real.test.ts", ...NOT_OURS],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // One more than Vitest takes by itself on two cores: it leaves one of them idle.
          maxWorkers: "100%",
        },
      },
      {
        extends: true,
        test: {
          name: "real",
          include: ["{apps,packages,tools,bench}/**/*.real.test.ts", "e2e/**/*.e2e.ts"],
          exclude: NOT_OURS,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 3,
          // What is waited for comes when it comes: a busy computer is no failure.
          expect: { poll: { timeout: 20_000 } },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
