// `mimic resume NAME…`.
import { quoted } from "@mimic/base";
import { MACHINES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { eachMachine, sayMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "resume",
  group: "Machines",
  summary: "Let a paused machine go on",
  about: "Also for a machine that paused by itself because the disk of this computer was full.",
  args: [MACHINES],
  examples: [{ line: "mimic resume hello", does: "“hello” goes on where it stood" }],
  run: (context, given) =>
    eachMachine(given, async (name) => {
      const machine = await context.client.machines.resume({ machine: name });
      await sayMachine(context, given, machine, `${quoted(machine.name)} goes on.`);
    }),
};
