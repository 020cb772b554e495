// `mimic renew NAME`.
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave, next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "renew",
  group: "In a moment",
  summary: "Move a machine to the newest generation of its template",
  about:
    "Its system's disk begins anew with the template's; disks of its own stay. What it was is kept as a snapshot, and mimic restore goes back to it.\nA machine that follows its template (mimic new --follow, --home) is moved at each start by itself.",
  args: [MACHINE],
  options: [{ flags: "--no-wait", about: "do not wait until it is done" }],
  examples: [{ line: "mimic renew web-2", does: "the newest “web” below it, at its next start" }],
  run: async (context, given) => {
    const { job } = await context.client.machines.renew({ machine: given.arg("name") });
    return followOrLeave(context, given, job, (ended) => {
      next(context, `Start it: mimic start ${given.arg("name")}   Back: mimic moments ${given.arg("name")}`);
      return ended.result?.["words"] ?? "It is moved.";
    });
  },
};
