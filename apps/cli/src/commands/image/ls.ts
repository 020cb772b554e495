// `mimic image ls`.
import { formatSize } from "@mimic/base";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { relative } from "../../table.ts";

export const command: CommandSpec = {
  path: "image ls",
  group: "Images and systems",
  summary: "List the images that are here",
  examples: [{ line: "mimic image ls", does: "their names, kinds and sizes, and how many machines use each" }],
  run: async ({ io, client }, given) => {
    const listed = await client.images.list({});
    if (given.json) printJson(io, listed);
    else if (listed.images.length === 0)
      line(io, "No images yet.\nGet one: mimic image pull tiny-linux   Bring your own: mimic image import FILE");
    else
      printTable(
        io,
        ["NAME", "KIND", "SIZE", "USED BY", "HERE SINCE", "DIGEST"],
        listed.images.map((image) => [
          { text: image.name, tone: "strong" },
          { text: image.kind },
          { text: formatSize(image.sizeBytes) },
          {
            text: image.usedBy.length === 0 ? "—" : image.usedBy.length <= 2 ? image.usedBy.join(", ") : `${image.usedBy.length} machines`,
          },
          { text: relative(image.addedAt, io.nowMs()) },
          { text: image.digest.slice(0, 12), tone: "faint" },
        ]),
      );
    return 0;
  },
};
