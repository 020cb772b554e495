// `mimic usb return NAME SOCKET`.
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { sayMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "usb return",
  group: "Machines",
  summary: "Take a lent USB device back to this computer",
  about: "The guest should have let go of it: unmounted, if it is storage.",
  args: [MACHINE, { name: "socket", about: "where it is plugged into this computer (mimic usb host)", completes: "nothing" }],
  examples: [{ line: "mimic usb return hello 1-2", does: "this computer has it again" }],
  run: async (context, given) => {
    const socket = given.arg("socket");
    const view = await context.client.machines.takeBackUsb({ machine: given.arg("name"), socket });
    await sayMachine(context, given, view, `The device at ${socket} is back; ${quoted(view.name)} goes on without it.`);
    return 0;
  },
};
