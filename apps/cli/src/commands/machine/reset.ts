// `mimic reset NAME…`.
import { quoted } from "@mimic/base";
import { MACHINES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { eachMachine, sayMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "reset",
  group: "Machines",
  summary: "Press a machine's reset button",
  about: "Its system gets no chance to save anything. Ask it nicely instead: mimic restart.",
  args: [MACHINES],
  examples: [{ line: "mimic reset hello", does: "as the button on a real computer" }],
  run: (context, given) =>
    eachMachine(given, async (name) => {
      const machine = await context.client.machines.reset({ machine: name });
      await sayMachine(context, given, machine, `${quoted(machine.name)} was reset and boots again.`);
    }),
};
