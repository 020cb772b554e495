// `mimic moments rm NAME MOMENT`.
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "moments rm",
  group: "In a moment",
  summary: "Delete a moment, anywhere in the tree; the others stay whole",
  args: [MACHINE, { name: "moment", about: "the moment's name or id", completes: "nothing" }],
  examples: [{ line: "mimic moments rm web before-upgrade", does: "it can no longer be gone back to; its room is given back" }],
  run: async ({ io, client }, given) => {
    const answer = await client.moments.remove({ machine: given.arg("name"), moment: given.arg("moment") });
    if (given.json) printJson(io, answer);
    else line(io, `The moment ${quoted(given.arg("moment"))} is deleted.`);
    return 0;
  },
};
