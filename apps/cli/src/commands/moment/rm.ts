// `mimic moments rm NAME MOMENT`.
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "moments rm",
  group: "In a moment",
  summary: "Delete a moment, anywhere in the tree; the others stay whole",
  args: [MACHINE, { name: "moment", about: "the moment's name or id", completes: "nothing" }],
  examples: [{ line: "mimic moments rm web before-upgrade", does: "it can no longer be gone back to; its room is given back" }],
  run: async (context, given) => {
    const { io } = context;
    const answer = await context.client.moments.remove({ machine: given.arg("name"), moment: given.arg("moment") });
    if (given.json) printJson(io, answer);
    else {
      line(io, `The moment ${quoted(given.arg("moment"))} is deleted.`);
      if (answer.notYet) line(io, `What only it kept is given back later. ${answer.notYet}`);
      if (answer.job) next(context, `What only it kept is being given back: mimic jobs wait ${answer.job.id}`);
    }
    return 0;
  },
};
