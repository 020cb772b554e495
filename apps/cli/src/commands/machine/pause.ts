// `mimic pause NAME…`.
import { quoted } from "@mimic/base";
import { MACHINES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { eachMachine, sayMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "pause",
  group: "Machines",
  summary: "Let a machine stand still",
  about: "Its memory stays; it uses no processor time until it is resumed.",
  args: [MACHINES],
  examples: [{ line: "mimic pause hello", does: "“hello” stands still until “mimic resume hello”" }],
  run: (context, given) =>
    eachMachine(given, async (name) => {
      const machine = await context.client.machines.pause({ machine: name });
      await sayMachine(context, given, machine, `${quoted(machine.name)} stands still. Let it go on: mimic resume ${machine.name}`);
    }),
};
