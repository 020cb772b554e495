// For the crash tests: ends the daemon at one of the steps that change the disk, as if the power had gone.
// Armed by a file that holds how many steps are still allowed. Without MIMIC_CRASH_FILE a step costs one call.
import { readFileSync, writeFileSync } from "node:fs";
import type { Step } from "@mimic/store/node";

export function crashPoints(env: Readonly<Record<string, string | undefined>>): Step {
  const file = env.MIMIC_CRASH_FILE;
  if (!file) return () => {};
  return () => {
    const left = readLeft(file);
    if (left === undefined) return;
    writeFileSync(file, String(left - 1));
    if (left <= 1) process.kill(process.pid, "SIGKILL");
  };
}

function readLeft(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
