// `mimic stop NAME…`: asks the guest, and falls back on the plug only when told to.
import { quoted } from "@mimic/base";
import { GRACE, MACHINES, readTime, THEN_KILL } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { eachMachine, followOrLeave } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "stop",
  group: "Machines",
  summary: "Ask a machine's system to shut down, and wait until it is off",
  args: [MACHINES],
  options: [GRACE, THEN_KILL, { flags: "--no-wait", about: "do not wait" }],
  examples: [
    { line: "mimic stop hello", does: "shut “hello” down" },
    { line: "mimic stop hello --grace 30s --then-kill", does: "give it half a minute, then pull the plug" },
  ],
  run: (context, given) =>
    eachMachine(given, async (name) => {
      const grace = given.text("grace");
      const { job } = await context.client.machines.stop({
        machine: name,
        ...(grace !== undefined && { graceMs: readTime("--grace", grace) }),
        ...(given.flag("thenKill") && { thenKill: true }),
      });
      await followOrLeave(context, given, job, () => `${quoted(name)} is off.`);
    }),
};
