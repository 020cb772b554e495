// `mimic trash restore NAME`.
import { quoted } from "@mimic/base";
import { TRASHED } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { next, sayMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "trash restore",
  group: "Machines",
  summary: "Bring a machine back from the trash",
  args: [TRASHED],
  examples: [{ line: "mimic trash restore hello", does: "“hello” is back, as it was" }],
  run: async (context, given) => {
    const machine = await context.client.trash.restore({ entry: given.arg("entry") });
    await sayMachine(context, given, machine, `${quoted(machine.name)} is back.`);
    if (!given.json) next(context, `Start it: mimic start ${machine.name}`);
    return 0;
  },
};
