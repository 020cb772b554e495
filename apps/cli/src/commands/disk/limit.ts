// `mimic disk limit NAME DISK`.
import { MACHINE, readCount, readSize } from "../../arguments.ts";
import { DISK, findDisk, sayChanges } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "disk limit",
  group: "Machines",
  summary: "Make a disk slow, or let it go free again",
  args: [MACHINE, DISK],
  options: [
    { flags: "--speed <size>", about: "at most this much a second, reading and writing together: 2M", completes: "nothing" },
    { flags: "--ops <count>", about: "at most so many operations a second", completes: "nothing" },
    { flags: "--off", about: "no limit any more" },
  ],
  examples: [
    { line: "mimic disk limit hello 1 --speed 2M --ops 50", does: "as slow as an old hard disk" },
    { line: "mimic disk limit hello 1 --off", does: "as fast as it goes" },
  ],
  run: async (context, given) => {
    const machine = given.arg("name");
    const speed = given.text("speed");
    const ops = given.text("ops");
    if ((speed === undefined && ops === undefined) === !given.flag("off"))
      throw new UsageError("cli.usage", "Say --speed or --ops, or --off.", {
        hint: `For example: mimic disk limit ${machine} 1 --speed 2M`,
      });
    const { id } = await findDisk(context.client, machine, given.arg("disk"));
    const limitDisk = {
      id,
      bytesPerSecond: speed === undefined ? 0 : readSize("--speed", speed),
      operationsPerSecond: ops === undefined ? 0 : readCount("--ops", ops),
    };
    return sayChanges(context, given, await context.client.machines.change({ machine, limitDisk }));
  },
};
