// Where the checkout keeps what it makes for itself. Nothing of a person's data is here: that is in their home.
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export const root = process.env.MIMIC_ROOT ? resolve(process.env.MIMIC_ROOT) : resolve(import.meta.dirname, "../..");
export const at = (...parts: string[]): string => join(root, ...parts);
export const state = (...parts: string[]): string => at(".mimic", ...parts);

/** A log file's path; its folder exists afterwards. */
export function logFile(name: string): string {
  const path = state("log", `${name}.log`);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
