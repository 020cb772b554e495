// A program of Mimic's own that outlives the daemon (the switch): in the same kind of cage as QEMU, and as the same user, so
// that it can reach the sockets which QEMU made and nothing else.
import { closeSync, fstatSync, mkdirSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { handOver } from "./cage.ts";
import type { Cage } from "./spawn.ts";
import { seenFolder, spawnCaged } from "./spawn.ts";

export interface Helper {
  /** `seen`: each folder's place inside the cage, or its own path without one. */
  readonly argv: (seen: { readonly folder: string; readonly state: string }) => readonly string[];
  /** Its own, writable; it stands in it. */
  readonly folder: string;
  /** Writable too, and kept when this computer is restarted. */
  readonly state: string;
  /** Files and folders that it may read, at their own places. What is not there is left out. */
  readonly reads: readonly string[];
  /** What it says goes here; turned over at 1 MiB. */
  readonly logPath: string;
}

const IN_JAIL_STATE = "/s";
const LOG_BYTES = 1024 ** 2;

export async function launchHelper(cage: Cage, { argv, folder, state, reads, logPath }: Helper): Promise<number> {
  for (const own of [folder, state]) {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    await handOver(own, cage);
  }
  const log = openLog(logPath);
  try {
    const seen = { folder: seenFolder(cage), state: cage.confines ? IN_JAIL_STATE : state };
    const { child, pid } = spawnCaged(cage, {
      argv: argv(seen),
      folder,
      folders: [{ path: state, at: IN_JAIL_STATE, writable: true }, ...reads.map((path) => ({ path, at: path, writable: false }))],
      stderr: log,
      outlives: true,
      sharesNetwork: true,
    });
    child.unref();
    return await pid;
  } finally {
    closeSync(log);
  }
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const log = openSync(path, "a", 0o600);
  if (fstatSync(log).size < LOG_BYTES) return log;
  closeSync(log);
  renameSync(path, `${path}.1`);
  return openSync(path, "a", 0o600);
}
