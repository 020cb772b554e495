// The locked npm packages. Whether they are there is read from what npm itself wrote into node_modules, so a
// person who runs npm by hand is not made to wait twice.
import { readFileSync } from "node:fs";
import { SetupFailure } from "./failure.ts";
import { at, root } from "./places.ts";
import { findProgram, mustRun, step } from "./run.ts";

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
}
export interface Lock {
  readonly packages?: Readonly<Record<string, LockEntry>>;
}

/** Packages that the lock names and the installation lacks or has otherwise. Optional ones of other systems may be absent. */
export function packagesOutOfStep(lock: Lock, installed: Lock): string[] {
  const there = installed.packages ?? {};
  return Object.entries(lock.packages ?? {})
    .filter(([path]) => path.startsWith("node_modules/"))
    .filter(([path, wanted]) => {
      const found = there[path];
      if (!found) return !(wanted.optional || wanted.devOptional);
      return found.link !== wanted.link || found.version !== wanted.version || found.integrity !== wanted.integrity;
    })
    .map(([path]) => path);
}

function readLock(path: string): Lock | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Lock;
  } catch {
    return undefined;
  }
}

export async function installNpmPackages(): Promise<void> {
  const lock = readLock(at("package-lock.json"));
  if (!lock) throw new SetupFailure("package-lock.json cannot be read.", ["Get it back with: git checkout package-lock.json"]);
  const installed = readLock(at("node_modules/.package-lock.json"));
  if (installed && packagesOutOfStep(lock, installed).length === 0) return;
  if (!findProgram("npm")) {
    throw new SetupFailure("npm is needed to install Mimic's packages, and this computer has none.", [
      "Install it with your package manager (Debian, Ubuntu: apt-get install npm), then run the same command again.",
    ]);
  }
  await step("Installing the npm packages", () =>
    mustRun(
      // No package of ours needs an install script, so none gets to run one.
      { program: "npm", args: ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd: root, log: "npm" },
      "The npm packages could not be installed.",
      "Check the network and the free space on the disk, then run the same command again.",
    ),
  );
}
