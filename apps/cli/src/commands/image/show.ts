// `mimic image show IMAGE`.
import { formatSize } from "@mimic/base";
import { IMAGE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { printFacts } from "../../facts.ts";
import { printJson } from "../../io.ts";
import { relative } from "../../table.ts";

export const command: CommandSpec = {
  path: "image show",
  group: "Images and systems",
  summary: "Show all about one image",
  args: [IMAGE],
  examples: [{ line: "mimic image show tiny-linux", does: "where it came from, how it was checked, and who uses it" }],
  run: async ({ io, client }, given) => {
    const image = await client.images.show({ image: given.arg("image") });
    if (given.json) printJson(io, image);
    else
      printFacts(io, [
        ["name", { text: image.name, tone: "strong" }],
        ["kind", `${image.kind}, ${image.format}${image.architecture ? `, ${image.architecture}` : ""}`],
        ["size", `${formatSize(image.sizeBytes)} here, ${formatSize(image.virtualBytes)} for a guest`],
        ["from", image.source],
        ["checked by", image.verifiedBy],
        ["used by", image.usedBy.length > 0 ? image.usedBy.join(", ") : "no machine"],
        ["here since", relative(image.addedAt, io.nowMs())],
        ...image.parts.map((part) => ["part", `${part.name}, ${formatSize(part.sizeBytes)}`] as const),
        ["sha256", image.digest],
      ]);
    return 0;
  },
};
