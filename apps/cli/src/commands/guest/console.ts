// `mimic console NAME`: the serial line.
import { liveRoutes } from "@mimic/api/routes";
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { aside } from "../../io.ts";
import { joinTerminals } from "../../terminal-session.ts";

export const command: CommandSpec = {
  path: "console",
  group: "Inside a machine",
  summary: "Connect your terminal to a machine's serial console",
  about: "What was said there before comes first. Ctrl-] leaves; the machine goes on.",
  args: [MACHINE],
  isConversation: true,
  options: [
    { flags: "--port <number>", about: "which serial port: 0 or 1", completes: ["0", "1"] },
    { flags: "--view-only", about: "watch without typing" },
  ],
  examples: [
    { line: "mimic console hello", does: "boot messages and a login prompt; Ctrl-] leaves" },
    { line: "mimic console hello --view-only", does: "only watch" },
  ],
  run: async (context, given) => {
    const machine = given.arg("name");
    const port = given.text("port");
    const how = await joinTerminals(context, {
      route: liveRoutes.serial,
      machine,
      query: { ...(port !== undefined && { port }), ...(given.flag("viewOnly") && { viewOnly: "1" }) },
      greeting: `On the serial console of ${quoted(machine)}. Leave with Ctrl-].`,
      sendsSize: false,
    });
    if (context.io.err.isTerminal)
      aside(context.io, how === "left" ? `Left ${quoted(machine)}. It goes on.` : "The console ended: the machine is off.", "faint");
    return 0;
  },
};
