// `mimic storage ls`.
import { formatSize, plain } from "@mimic/base";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";

export const command: CommandSpec = {
  path: "storage ls",
  group: "Machines",
  summary: "List the folders that disks can lie in",
  examples: [{ line: "mimic storage ls", does: "where they are, what is free there, and whose disks they hold" }],
  run: async ({ io, client }, given) => {
    const listed = await client.storages.list({});
    if (given.json) printJson(io, listed);
    else {
      printTable(
        io,
        ["NAME", "FREE", "MACHINES", "FOLDER"],
        listed.storages.map((storage) => [
          { text: storage.name, tone: "strong" },
          { text: storage.isThere ? (storage.freeBytes === undefined ? "" : formatSize(storage.freeBytes)) : "not there" },
          { text: storage.machines.map((name) => plain(name, 63)).join(", ") || "—" },
          { text: plain(storage.folder, 300), tone: "faint" },
        ]),
      );
      for (const storage of listed.storages)
        if (storage.because) line(io, `“${storage.name}” is not there: ${plain(storage.because, 300)}. Plug its drive in or mount it.`);
    }
    return 0;
  },
};
