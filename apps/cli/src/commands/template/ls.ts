// `mimic template ls`.
import { formatSize } from "@mimic/base";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { relative } from "../../table.ts";

export const command: CommandSpec = {
  path: "template ls",
  group: "In a moment",
  summary: "List the templates",
  examples: [{ line: "mimic template ls", does: "their hardware, whether machines go on from memory, and how many wait ready" }],
  run: async ({ io, client }, given) => {
    const listed = await client.templates.list({});
    if (given.json) printJson(io, listed);
    else if (listed.templates.length === 0)
      line(io, "No templates yet.\nMake one of a machine: mimic template NAME   Or try: mimic run tiny-linux");
    else
      printTable(
        io,
        ["NAME", "BEGINS", "HARDWARE", "READY", "SIZE", "MADE"],
        listed.templates.map((template) => [
          { text: template.name, tone: "strong" },
          { text: template.isInstant ? "at once" : "switched on" },
          { text: template.hardwareInWords },
          { text: String(template.warm) },
          { text: formatSize(template.sizeBytes) },
          { text: relative(template.madeAt, io.nowMs()) },
        ]),
      );
    return 0;
  },
};
