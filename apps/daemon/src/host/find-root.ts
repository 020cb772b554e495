// Where Mimic's own files are: the daemon runs as a bundle, in a checkout, or from its sources.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { MimicError } from "@mimic/base";

/** The folder with the catalogue and the built browser interface: MIMIC_ROOT, or upwards from here. Throws `daemon.incomplete`. */
export function findRoot(env: Readonly<Record<string, string | undefined>>, from: string): string {
  if (env.MIMIC_ROOT) return env.MIMIC_ROOT;
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) if (existsSync(`${folder}/content/systems`)) return folder;
  throw new MimicError("daemon.incomplete", "The daemon cannot find Mimic’s own files (the catalogue).", {
    hint: "Start it through the program ./mimic of a whole checkout.",
  });
}
