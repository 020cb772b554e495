// `mimic usb rm NAME DEVICE`.
import { plain, quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import { sayChanges } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "usb rm",
  group: "Machines",
  summary: "Pull a USB device out of a machine",
  args: [MACHINE, { name: "device", about: "tablet, keyboard, mouse, or a part of its id (mimic usb ls)", completes: "nothing" }],
  examples: [{ line: "mimic usb rm hello mouse", does: "pull the mouse out" }],
  run: async (context, given) => {
    const machine = given.arg("name");
    const wanted = given.arg("device");
    const view = await context.client.machines.show({ machine });
    const fitting = view.hardware.usb.filter((device) => device.kind === wanted || device.id.includes(wanted));
    const [device] = fitting;
    if (!device || fitting.length > 1)
      throw new UsageError(
        "cli.usage",
        `${device ? "More than one" : "No"} USB device of ${quoted(view.name)} is meant by “${plain(wanted, 40)}”.`,
        {
          hint: `See them: mimic usb ls ${view.name}`,
        },
      );
    return sayChanges(context, given, await context.client.machines.change({ machine, removeUsb: device.id }));
  },
};
