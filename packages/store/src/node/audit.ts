// At every start: the folders are ours alone, or Mimic does not start. Others' write access to any
// folder above the machines would be access to all of them.
import { lstat, mkdir } from "node:fs/promises";
import { MimicError } from "@mimic/base";
import type { Layout } from "../layout.ts";
import { isMissing, storeError } from "./files.ts";

/** Makes what is missing (0700) and checks what is there. Throws `store.unsafe_folder`, which names the path. */
export async function prepareFolders(layout: Layout, uid: number): Promise<void> {
  for (const path of [layout.data, layout.run, layout.cache]) await makeOwn(path, uid);
  const inner = [
    layout.machines,
    layout.images,
    layout.trash,
    layout.layers,
    layout.templates,
    layout.quarantine,
    layout.journal,
    layout.log,
    layout.engineState,
    `${layout.run}/m`,
    layout.networks,
    `${layout.run}/l`,
  ];
  for (const path of inner) await makeOwn(path, uid);
}

async function makeOwn(path: string, uid: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const found = await lstat(path);
    const problem = !found.isDirectory()
      ? "is not a folder"
      : found.uid !== uid
        ? "belongs to somebody else"
        : (found.mode & 0o022) !== 0
          ? "can be written by other people on this computer"
          : undefined;
    if (problem) {
      throw new MimicError("store.unsafe_folder", `${path} ${problem}, so Mimic does not trust what is in it.`, {
        hint: problem.startsWith("can be")
          ? `Take their access away: chmod go-rwx ${path}`
          : "Move it away, or choose another place with MIMIC_HOME.",
      });
    }
  } catch (error) {
    if (error instanceof MimicError) throw error;
    if (isMissing(error)) throw storeError(path, error);
    throw storeError(path, error);
  }
}
