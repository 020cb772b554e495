// `mimic disk move NAME DISK STORAGE`.
import { MACHINE, readSize, STORAGE } from "../../arguments.ts";
import { DISK, findDisk } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "disk move",
  group: "Machines",
  summary: "Move a disk to a folder on another drive",
  about:
    "Also while the machine runs, which goes on meanwhile. What it wrote moves; images and moments under it stay where they are, unless --flatten takes them in. It can be cancelled until the end.",
  args: [MACHINE, DISK, STORAGE],
  options: [
    { flags: "--flatten", about: "take in all that it stands on, so that it depends on nothing here" },
    { flags: "--rate <size>", about: "at most this much a second, so that the guest does not feel it: 50M", completes: "nothing" },
    { flags: "--no-wait", about: "do not wait until it is done" },
  ],
  examples: [
    { line: "mimic disk move web 1 big", does: "to the storage “big” (see: mimic storage add)" },
    { line: "mimic disk move web 1 main", does: "back into the data directory" },
  ],
  run: async (context, given) => {
    const machine = given.arg("name");
    const rate = given.text("rate");
    const { id } = await findDisk(context.client, machine, given.arg("disk"));
    const { job } = await context.client.machines.moveDisk({
      machine,
      disk: id,
      to: given.arg("storage"),
      ...(given.flag("flatten") && { flatten: true }),
      ...(rate !== undefined && { bytesPerSecond: readSize("--rate", rate) }),
    });
    return followOrLeave(context, given, job, (ended) => ended.result?.["words"] ?? "It is moved.");
  },
};
