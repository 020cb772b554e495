// Mimic as a person runs it: through the launcher, in the row's own home.
import { join } from "node:path";
import { at } from "../../tools/setup/places.ts";
import { mustRun } from "./measure.ts";
import type { Bench } from "./row.ts";

export const launcher = at("mimic");

export const mimic = (bench: Bench, ...args: string[]): Promise<string> => mustRun(launcher, args, bench.env);

/** A daemon that runs in the row's home, and ends with the row, machines and all. */
export async function startDaemon(bench: Bench): Promise<void> {
  bench.cleanUp(() => mimic(bench, "down", "--all"));
  await mimic(bench, "ls");
}

/** A second home inside the row's, for rows that compare two installations. */
export const homeWithin = (bench: Bench, name: string): Bench => {
  const home = join(bench.home, name);
  return { ...bench, home, env: { ...bench.env, MIMIC_HOME: home } };
};
