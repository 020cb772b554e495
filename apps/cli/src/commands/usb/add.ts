// `mimic usb add NAME KIND`.
import { MACHINE, readChoice } from "../../arguments.ts";
import { sayChanges } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";

const KINDS = ["tablet", "keyboard", "mouse"] as const;

export const command: CommandSpec = {
  path: "usb add",
  group: "Machines",
  summary: "Plug a tablet, keyboard or mouse into a machine by USB",
  about: "A disk on USB is a disk: mimic disk add NAME SIZE --bus usb.",
  args: [MACHINE, { name: "kind", about: "tablet, keyboard or mouse", completes: KINDS }],
  examples: [{ line: "mimic usb add hello mouse", does: "a second mouse, at once when it runs" }],
  run: async (context, given) => {
    const kind = readChoice("KIND", given.arg("kind"), KINDS);
    return sayChanges(context, given, await context.client.machines.change({ machine: given.arg("name"), addUsb: { kind } }));
  },
};
