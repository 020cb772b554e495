// `mimic restore NAME MOMENT [--as NEW]`.
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave, next } from "../../outcome.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "restore",
  group: "In a moment",
  summary: "Go back to a moment of a machine, or make a machine of it",
  about: "The present is always kept first, as a moment of its own: going back can be taken back.",
  args: [MACHINE, { name: "moment", about: "the moment's name or id (mimic moments NAME)", completes: "nothing" }],
  options: [
    { flags: "--as <new-name>", about: "make a machine of it, and leave this one as it is", completes: "nothing" },
    { flags: "--disks-only", about: "do not go on from its memory: switch it on" },
    { flags: "--together", about: "with all machines that were kept at the same moment" },
    { flags: "--no-wait", about: "do not wait until it is back" },
  ],
  examples: [
    { line: "mimic restore web before-upgrade", does: "the machine as it was" },
    { line: "mimic restore web before-upgrade --together", does: "and all machines that were kept with it" },
    { line: "mimic restore web before-upgrade --as web-old", does: "a second machine, from that moment on" },
  ],
  run: async (context, given) => {
    const as = given.text("as");
    const which = { machine: given.arg("name"), moment: given.arg("moment") };
    if (given.flag("together") && (as !== undefined || given.flag("disksOnly")))
      throw new UsageError("cli.usage", "--together goes back in place, with memory where it was kept.", {
        hint: "Leave out --as and --disks-only.",
      });
    const { moments } = context.client;
    const { job } = await (given.flag("together")
      ? moments.restoreTogether(which)
      : moments.restore({ ...which, ...(as !== undefined && { as }), ...(given.flag("disksOnly") && { disksOnly: true }) }));
    return followOrLeave(context, given, job, (ended) => {
      next(context, `What there is: mimic moments ${given.arg("name")}`);
      return ended.result?.["words"] ?? "It is back.";
    });
  },
};
