// `mimic disk grow NAME DISK SIZE`.
import { MACHINE, readSize } from "../../arguments.ts";
import { DISK, findDisk, sayChanges } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";

export const command: CommandSpec = {
  path: "disk grow",
  group: "Machines",
  summary: "Make a disk larger",
  about: "While it runs the guest sees it at once (virtio, scsi), and with its agent the file system grows too.",
  args: [MACHINE, DISK, { name: "size", about: "the new size: 40G", completes: "nothing" }],
  examples: [{ line: "mimic disk grow hello 1 40G", does: "its first disk has 40 GiB then" }],
  run: async (context, given) => {
    const machine = given.arg("name");
    const sizeBytes = readSize("SIZE", given.arg("size"));
    const { id } = await findDisk(context.client, machine, given.arg("disk"));
    return sayChanges(context, given, await context.client.machines.change({ machine, growDisk: { id, sizeBytes } }));
  },
};
