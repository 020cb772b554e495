// `mimic rename NAME NEW`.
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { sayMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "rename",
  group: "Machines",
  summary: "Give a machine another name",
  args: [MACHINE, { name: "new-name", about: "lower-case letters, digits and hyphens", completes: "nothing" }],
  examples: [{ line: "mimic rename hello web", does: "“hello” is called “web” from now on, running or not" }],
  run: async (context, given) => {
    const machine = await context.client.machines.change({ machine: given.arg("name"), name: given.arg("new-name") });
    await sayMachine(context, given, machine, `It is called ${quoted(machine.name)} now.`);
    return 0;
  },
};
