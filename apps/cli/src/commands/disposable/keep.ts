// `mimic keep NAME`.
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { next, sayMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "keep",
  group: "In a moment",
  summary: "Keep a disposable machine: it stays when it stops",
  args: [MACHINE],
  options: [{ flags: "--name <name>", about: "what it shall be called", completes: "nothing" }],
  examples: [{ line: "mimic keep disp-k3f9xz --name notes", does: "an ordinary machine called “notes”, with what it wrote so far" }],
  run: async (context, given) => {
    const name = given.text("name");
    const machine = await context.client.disposables.keep({ machine: given.arg("name"), ...(name !== undefined && { name }) });
    await sayMachine(context, given, machine, `${quoted(machine.name)} stays.`);
    next(context, `See it: mimic show ${machine.name}`);
    return 0;
  },
};
