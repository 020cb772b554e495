// `mimic storage rm STORAGE`.
import { quoted } from "@mimic/base";
import { STORAGE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "storage rm",
  group: "Machines",
  summary: "Take a folder off the list, when no disk lies in it",
  args: [STORAGE],
  examples: [{ line: "mimic storage rm big", does: "refused, with what to do, while disks or moments lie there" }],
  run: async ({ io, client }, given) => {
    const answer = await client.storages.remove({ storage: given.arg("storage") });
    if (given.json) printJson(io, answer);
    else line(io, `${quoted(given.arg("storage"))} is no storage any more.`);
    return 0;
  },
};
