// `mimic suspend NAME`.
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave, next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "suspend",
  group: "Machines",
  summary: "Put a machine to sleep: its memory goes to the disk, and its next start goes on from there",
  args: [MACHINE],
  options: [{ flags: "--no-wait", about: "do not wait until it sleeps" }],
  examples: [{ line: "mimic suspend web", does: "it takes no memory any more; mimic start web wakes it up" }],
  run: async (context, given) => {
    const { job } = await context.client.moments.suspend({ machine: given.arg("name") });
    return followOrLeave(context, given, job, (ended) => {
      next(context, `Wake it up: mimic start ${given.arg("name")}`);
      return ended.result?.["words"] ?? "It sleeps.";
    });
  },
};
