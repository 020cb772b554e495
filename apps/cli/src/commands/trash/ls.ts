// `mimic trash`: what was removed and can come back.
import { formatSize } from "@mimic/base";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { relative } from "../../table.ts";

export const command: CommandSpec = {
  path: "trash ls",
  group: "Machines",
  summary: "List what was removed and can come back",
  examples: [{ line: "mimic trash", does: "the machines in the trash, and until when they are kept" }],
  run: async ({ io, client }, given) => {
    const listed = await client.trash.list({});
    if (given.json) printJson(io, listed);
    else if (listed.trash.length === 0) line(io, "The trash is empty.");
    else
      printTable(
        io,
        ["NAME", "REMOVED", "KEPT UNTIL", "SIZE", "ID"],
        listed.trash.map((entry) => [
          { text: entry.name, tone: "strong" },
          { text: relative(entry.trashedAt, io.nowMs()) },
          { text: relative(entry.expiresAt, io.nowMs()) },
          { text: formatSize(entry.diskBytes) },
          { text: entry.id, tone: "faint" },
        ]),
      );
    return 0;
  },
};
