// `mimic shell NAME`.
import { liveRoutes } from "@mimic/api/routes";
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { aside } from "../../io.ts";
import { sshInto } from "../../ssh.ts";
import { joinTerminals } from "../../terminal-session.ts";

const END_OF_INPUT = Uint8Array.of(4); // Ctrl-D

export const command: CommandSpec = {
  path: "shell",
  group: "Inside a machine",
  summary: "Go into a machine: a shell in your terminal",
  about:
    "“exit” or Ctrl-] comes back. Where a system has no shell of this kind it is SSH, through Mimic's gateway; where it has\nneither: mimic console.",
  args: [MACHINE],
  isConversation: true,
  examples: [{ line: "mimic shell hello", does: "a prompt in “hello”, as large as your terminal" }],
  run: async (context, given) => {
    const machine = given.arg("name");
    const view = await context.client.machines.show({ machine });
    // Its system puts no prompt on the channel, but lets the key in that Mimic gave it.
    if (view.login !== undefined && view.login.shell !== "hvc" && view.links.some(({ addresses }) => addresses.length > 0))
      return await sshInto(context, { machine: view, login: undefined, port: 22, words: [] });
    const how = await joinTerminals(context, {
      route: liveRoutes.shell,
      machine,
      greeting: `In ${quoted(machine)}. Leave with “exit” or Ctrl-].`,
      sendsSize: true,
      atEndOfInput: END_OF_INPUT,
    });
    if (context.io.err.isTerminal) aside(context.io, how === "left" ? `Left ${quoted(machine)}. It goes on.` : "The shell ended.", "faint");
    return 0;
  },
};
