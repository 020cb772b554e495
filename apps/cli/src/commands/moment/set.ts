// `mimic moments set NAME MOMENT …`.
import { quoted } from "@mimic/base";
import { MACHINE, readSwitch } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "moments set",
  group: "In a moment",
  summary: "Rename a moment, note something, or protect it from being deleted",
  args: [MACHINE, { name: "moment", about: "the moment's name or id", completes: "nothing" }],
  options: [
    { flags: "--name <name>", about: "its new name", completes: "nothing" },
    { flags: "--note <text>", about: "a note to yourself", completes: "nothing" },
    { flags: "--protect <on|off>", about: "whether it may be deleted", completes: ["on", "off"] },
  ],
  examples: [{ line: "mimic moments set web before-upgrade --protect on", does: "it cannot be deleted by mistake" }],
  run: async ({ io, client }, given) => {
    const [name, note, protect] = [given.text("name"), given.text("note"), given.text("protect")];
    const moment = await client.moments.change({
      machine: given.arg("name"),
      moment: given.arg("moment"),
      ...(name !== undefined && { name }),
      ...(note !== undefined && { note }),
      ...(protect !== undefined && { isProtected: readSwitch("--protect", protect) }),
    });
    if (given.json) printJson(io, moment);
    else line(io, `The moment ${quoted(moment.name)} is changed.`);
    return 0;
  },
};
