// `mimic rm NAME…`: into the trash, so it asks nothing.
import { quoted } from "@mimic/base";
import { MACHINES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { eachMachine, next } from "../../outcome.ts";
import { relative } from "../../table.ts";

export const command: CommandSpec = {
  path: "rm",
  group: "Machines",
  summary: "Move a machine to the trash",
  about: "Nothing is lost yet: “mimic trash restore NAME” brings it back until the trash is emptied or its time is over.",
  args: [MACHINES],
  examples: [
    { line: "mimic rm hello", does: "“hello” goes to the trash" },
    { line: "mimic trash restore hello", does: "and comes back" },
  ],
  run: (context, given) =>
    eachMachine(given, async (machine) => {
      const entry = await context.client.machines.remove({ machine });
      if (given.json) return printJson(context.io, entry);
      line(context.io, `${quoted(entry.name)} is in the trash. Mimic may forget it ${relative(entry.expiresAt, context.io.nowMs())}.`);
      next(context, `Bring it back: mimic trash restore ${entry.name}`);
    }),
};
