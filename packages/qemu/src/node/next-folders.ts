// A QEMU that is made ready while the one before it is still there stands in folders of its own. They get the machine's
// names when that one is gone: what is open or listens in them does not notice.
import { rename, rm } from "node:fs/promises";
import type { MachineFiles } from "@mimic/workbench/ports";

/** One character: their sockets' paths are nearly as long as they may be. */
const NEXT = "+";

type Folders = Pick<MachineFiles, "runDirectory" | "netDirectory">;
const foldersOf = ({ runDirectory, netDirectory }: Folders): readonly string[] => [
  runDirectory,
  ...(netDirectory === undefined ? [] : [netDirectory]),
];

export const inNextFolders = (files: MachineFiles): MachineFiles => ({
  ...files,
  runDirectory: `${files.runDirectory}${NEXT}`,
  netDirectory: files.netDirectory && `${files.netDirectory}${NEXT}`,
});

/** Only when nothing of the machine runs any more but what stands in its next folders. */
export async function takePlace(files: Folders): Promise<void> {
  for (const folder of foldersOf(files)) {
    await rm(folder, { recursive: true, force: true });
    await rename(`${folder}${NEXT}`, folder);
  }
}

/** What was made ready and not taken, or was left by a daemon that ended meanwhile. */
export async function removeNext(files: Folders): Promise<void> {
  for (const folder of foldersOf(files)) await rm(`${folder}${NEXT}`, { recursive: true, force: true });
}
