// `mimic disk flatten NAME DISK`.
import { MACHINE, readSize } from "../../arguments.ts";
import { DISK, findDisk } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "disk flatten",
  group: "Machines",
  summary: "Let a disk take in all that it stands on, so that it depends on nothing",
  about: "Also while the machine runs, which goes on meanwhile. Its moments stay as they are. It can be cancelled at any time.",
  args: [MACHINE, DISK],
  options: [
    { flags: "--rate <size>", about: "at most this much a second, so that the guest does not feel it: 50M", completes: "nothing" },
    { flags: "--no-wait", about: "do not wait until it is done" },
  ],
  examples: [
    { line: "mimic disk flatten web 1", does: "its first disk in one file of its own" },
    { line: "mimic disk flatten web 1 --rate 20M", does: "slowly, beside the work of a busy machine" },
  ],
  run: async (context, given) => {
    const machine = given.arg("name");
    const rate = given.text("rate");
    const { id } = await findDisk(context.client, machine, given.arg("disk"));
    const { job } = await context.client.machines.flattenDisk({
      machine,
      disk: id,
      ...(rate !== undefined && { bytesPerSecond: readSize("--rate", rate) }),
    });
    return followOrLeave(context, given, job, (ended) => ended.result?.["words"] ?? "It depends on nothing now.");
  },
};
