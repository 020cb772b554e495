// `mimic key NAME CHORD…`.
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

const COMMON = [
  "enter",
  "esc",
  "tab",
  "space",
  "backspace",
  "up",
  "down",
  "left",
  "right",
  "f2",
  "f10",
  "f12",
  "ctrl-alt-delete",
  "ctrl-c",
  "ctrl-d",
  "alt-f1",
  "alt-f2",
];

export const command: CommandSpec = {
  path: "key",
  group: "Inside a machine",
  summary: "Press keys on a machine's keyboard, one chord after the other",
  args: [MACHINE, { name: "chord", about: "keys held together, joined by hyphens", many: true, completes: COMMON }],
  examples: [
    { line: "mimic key hello ctrl-alt-delete", does: "the three keys at once" },
    { line: "mimic key hello down down enter", does: "the second entry of a menu" },
  ],
  run: async (context, given) => {
    const keys = [...given.all("chord")];
    const answer = await context.client.machines.press({ machine: given.arg("name"), keys });
    if (given.json) printJson(context.io, answer);
    else line(context.io, `Pressed ${quoted(keys.join(" "))} in ${quoted(given.arg("name"))}.`);
    return 0;
  },
};
