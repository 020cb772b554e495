// `mimic usb ls NAME`.
import { MACHINE } from "../../arguments.ts";
import { whereNow } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";

export const command: CommandSpec = {
  path: "usb ls",
  group: "Machines",
  summary: "List what is plugged into a machine by USB",
  args: [MACHINE],
  examples: [{ line: "mimic usb ls hello", does: "its USB devices; USB disks too" }],
  run: async ({ io, client }, given) => {
    const view = await client.machines.show({ machine: given.arg("name") });
    const { usb, disks } = view.hardware;
    const sticks = disks.filter(({ bus }) => bus === "usb");
    if (given.json) printJson(io, { usb, disks: sticks });
    else if (usb.length + sticks.length === 0)
      line(io, `Nothing beside its own keyboard and pointer. Plug something in: mimic usb add ${view.name} mouse`);
    else
      printTable(
        io,
        ["DEVICE", "STATE", "ID"],
        [
          ...usb.map((device) => [{ text: device.kind }, { text: whereNow(view, device.id, "usb") }, { text: device.id }]),
          ...sticks.map((disk) => [{ text: "disk" }, { text: whereNow(view, disk.id, "disks") }, { text: disk.id }]),
        ],
      );
    return 0;
  },
};
