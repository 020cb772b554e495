// `mimic kill NAME…`.
import { quoted } from "@mimic/base";
import { MACHINES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { eachMachine, sayMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "kill",
  group: "Machines",
  summary: "End a machine at once, like pulling the plug",
  about: "What its system had not yet written is lost. Ask it nicely instead: mimic stop.",
  args: [MACHINES],
  examples: [{ line: "mimic kill hello", does: "“hello” is off, whatever it was doing" }],
  run: (context, given) =>
    eachMachine(given, async (name) => {
      const machine = await context.client.machines.kill({ machine: name });
      await sayMachine(context, given, machine, `${quoted(machine.name)} was ended.`);
    }),
};
