// `mimic image rm IMAGE`: refused by the daemon while a machine uses it.
import { quoted } from "@mimic/base";
import { IMAGE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "image rm",
  group: "Images and systems",
  summary: "Delete an image that no machine uses",
  args: [IMAGE],
  examples: [{ line: "mimic image rm debian-12", does: "makes room; refused, with the list, while machines use it" }],
  run: async ({ io, client }, given) => {
    const answer = await client.images.remove({ image: given.arg("image") });
    if (given.json) printJson(io, answer);
    else line(io, `${quoted(given.arg("image"))} is deleted.`);
    return 0;
  },
};
