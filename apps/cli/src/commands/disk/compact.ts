// `mimic disk compact NAME DISK`.
import { MACHINE } from "../../arguments.ts";
import { DISK, findDisk } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "disk compact",
  group: "Machines",
  summary: "Give back room that a disk's file takes for nothing",
  about:
    "Of a machine that is off, the file is written anew without what is only zeros. Of one that runs, the guest is asked through its agent to say what it does not use.",
  args: [MACHINE, DISK],
  options: [{ flags: "--no-wait", about: "do not wait until it is done" }],
  examples: [{ line: "mimic disk compact web 1", does: "what was deleted in the guest is free on this computer again" }],
  run: async (context, given) => {
    const machine = given.arg("name");
    const { id } = await findDisk(context.client, machine, given.arg("disk"));
    const { job } = await context.client.machines.compactDisk({ machine, disk: id });
    return followOrLeave(context, given, job, (ended) => ended.result?.["words"] ?? "It is compacted.");
  },
};
