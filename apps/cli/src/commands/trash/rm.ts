// `mimic trash rm NAME`: one machine, for ever.
import { quoted } from "@mimic/base";
import { TRASHED, YES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "trash rm",
  group: "Machines",
  summary: "Forget one machine of the trash for ever",
  args: [TRASHED],
  options: [YES],
  examples: [{ line: "mimic trash rm hello --yes", does: "its disks are deleted; nothing brings them back" }],
  run: async (context, given) => {
    const entry = given.arg("entry");
    await confirm(context, given, `${quoted(entry)} and all on its disks will be gone for ever.`);
    const answer = await context.client.trash.remove({ entry });
    if (given.json) printJson(context.io, answer);
    else line(context.io, `${quoted(entry)} is gone for ever.`);
    return 0;
  },
};
