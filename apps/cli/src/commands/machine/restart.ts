// `mimic restart NAME…`: shut down, start again, wait until it is usable.
import { GRACE, MACHINES, readTime, THEN_KILL } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { eachMachine, followOrLeave, readyWords } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "restart",
  group: "Machines",
  summary: "Shut a machine down and start it again",
  about: "Changed hardware applies from then on.",
  args: [MACHINES],
  options: [GRACE, THEN_KILL, { flags: "--no-wait", about: "do not wait" }],
  examples: [{ line: "mimic restart hello", does: "shut “hello” down, start it, and wait until it is usable" }],
  run: (context, given) =>
    eachMachine(given, async (name) => {
      const grace = given.text("grace");
      const { job } = await context.client.machines.restart({
        machine: name,
        ...(grace !== undefined && { graceMs: readTime("--grace", grace) }),
        ...(given.flag("thenKill") && { thenKill: true }),
      });
      await followOrLeave(context, given, job, async () => readyWords(await context.client.machines.show({ machine: name })));
    }),
};
