// `mimic usb host`.
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";

export const command: CommandSpec = {
  path: "usb host",
  group: "Machines",
  summary: "List this computer's own USB devices, and which can be lent to a machine",
  examples: [{ line: "mimic usb host", does: "what is plugged in here, and why something cannot be lent" }],
  run: async ({ io, client }, given) => {
    const view = await client.host.usb({});
    if (given.json) printJson(io, view);
    else if (view.devices.length === 0) line(io, view.because ?? "Nothing is plugged in.");
    else
      printTable(
        io,
        ["SOCKET", "DEVICE", "KIND", "CAN BE LENT"],
        view.devices.map((device) => [
          { text: device.socket, tone: "strong" },
          { text: device.words },
          { text: device.kinds.join(", ") },
          device.machine !== undefined
            ? { text: `is at “${device.machine}”`, tone: "busy" }
            : device.whyNot === undefined
              ? { text: "yes", tone: "good" }
              : { text: `no: ${device.whyNot}`, tone: "faint" },
        ]),
      );
    return 0;
  },
};
