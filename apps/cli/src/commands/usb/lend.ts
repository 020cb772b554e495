// `mimic usb lend NAME SOCKET`: the real thing goes to the guest, so a person is asked.
import { plain, quoted } from "@mimic/base";
import { lendingWords } from "@mimic/model";
import { MACHINE, YES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { next, sayMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "usb lend",
  group: "Machines",
  summary: "Lend a USB device of this computer to a running machine",
  about: "The guest has it until it is taken back (mimic usb return) or the machine stops; this computer cannot use it meanwhile.",
  args: [MACHINE, { name: "socket", about: "where it is plugged in (mimic usb host)", completes: "nothing" }],
  options: [YES],
  examples: [{ line: "mimic usb lend hello 1-2", does: "what is plugged in at 1-2 goes to “hello”, after a question" }],
  run: async (context, given) => {
    const machine = given.arg("name");
    const socket = given.arg("socket");
    const { devices } = await context.client.host.usb({});
    const device = devices.find((one) => one.socket === socket);
    // What is not there, or cannot be lent, is refused by the daemon with the reason: nobody is asked for it.
    if (device && device.whyNot === undefined && device.machine === undefined)
      await confirm(context, given, plain(lendingWords(device, machine), 400));
    const view = await context.client.machines.lendUsb({ machine, socket, agreed: device !== undefined });
    await sayMachine(context, given, view, `${quoted(view.name)} has ${device ? plain(device.words, 80) : "it"} now.`);
    next(context, `Take it back: mimic usb return ${view.name} ${socket}`);
    return 0;
  },
};
