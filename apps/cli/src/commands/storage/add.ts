// `mimic storage add NAME FOLDER`.
import { resolve } from "node:path";
import { quoted } from "@mimic/base";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "storage add",
  group: "Machines",
  summary: "Name a folder on another drive that disks may lie in",
  about: "Mimic keeps to a folder of its own in it. The folder must be yours, and its file system one that can give a file two names.",
  args: [
    { name: "name", about: "what to call it: big", completes: "nothing" },
    { name: "folder", about: "a folder of yours on this computer", completes: "file" },
  ],
  examples: [{ line: "mimic storage add big /mnt/big", does: "disks can be moved there: mimic disk move NAME DISK big" }],
  run: async (context, given) => {
    const storage = await context.client.storages.add({ name: given.arg("name"), folder: resolve(given.arg("folder")) });
    if (given.json) printJson(context.io, storage);
    else {
      line(context.io, `${quoted(storage.name)} is a storage now.`);
      next(context, `Move a disk there: mimic disk move NAME 1 ${storage.name}`);
    }
    return 0;
  },
};
