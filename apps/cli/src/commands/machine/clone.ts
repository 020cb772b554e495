// `mimic clone NAME NEW [--full]`.
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave, next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "clone",
  group: "Machines",
  summary: "Make a copy of a machine",
  about: "Linked copies share what they have in common and are made in a moment; full copies stand alone.",
  args: [MACHINE, { name: "new-name", about: "what the copy shall be called", completes: "nothing" }],
  options: [
    { flags: "--full", about: "copy all of its bytes" },
    { flags: "--no-wait", about: "do not wait until it is made" },
  ],
  examples: [
    { line: "mimic clone hello hello-2", does: "a linked copy" },
    { line: "mimic clone hello safe --full", does: "a copy that shares nothing" },
  ],
  run: async (context, given) => {
    const name = given.arg("new-name");
    const { job } = await context.client.machines.clone({ machine: given.arg("name"), name, ...(given.flag("full") && { full: true }) });
    return followOrLeave(context, given, job, () => {
      next(context, `Start it: mimic start ${name}`);
      return `${quoted(name)} is made.`;
    });
  },
};
