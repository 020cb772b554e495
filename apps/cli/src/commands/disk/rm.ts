// `mimic disk rm NAME DISK`.
import { MACHINE } from "../../arguments.ts";
import { DISK, findDisk, sayChanges } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";

export const command: CommandSpec = {
  path: "disk rm",
  group: "Machines",
  summary: "Take a disk out of a machine",
  about: "Unmount it in the guest first. Its file is kept in the machine's folder.",
  args: [MACHINE, DISK],
  examples: [{ line: "mimic disk rm hello 2", does: "take its second disk out" }],
  run: async (context, given) => {
    const machine = given.arg("name");
    const { id } = await findDisk(context.client, machine, given.arg("disk"));
    return sayChanges(context, given, await context.client.machines.change({ machine, removeDisk: id }));
  },
};
