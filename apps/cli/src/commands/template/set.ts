// `mimic template set TEMPLATE …`.
import { quoted } from "@mimic/base";
import { readCount, TEMPLATE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "template set",
  group: "In a moment",
  summary: "Rename a template, or say how many machines of it wait ready",
  args: [TEMPLATE],
  options: [
    { flags: "--name <name>", about: "its new name", completes: "nothing" },
    { flags: "--warm <count>", about: "how many wait ready at all times, or auto: as it is used", completes: ["auto", "0", "1", "2", "4"] },
    { flags: "--note <text>", about: "a note to yourself", completes: "nothing" },
  ],
  examples: [{ line: "mimic template set web --warm 2", does: "two machines of “web” are always ready to be used" }],
  run: async ({ io, client }, given) => {
    const [name, warm, note] = [given.text("name"), given.text("warm"), given.text("note")];
    const template = await client.templates.change({
      template: given.arg("template"),
      ...(name !== undefined && { name }),
      ...(note !== undefined && { note }),
      ...(warm !== undefined && { warm: warm === "auto" ? null : readCount("--warm", warm) }),
    });
    if (given.json) printJson(io, template);
    else line(io, `${quoted(template.name)} is changed.`);
    return 0;
  },
};
