// `mimic template NAME`: of a machine that is off its disks, of one that runs memory and devices too.
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave, next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "template make",
  group: "In a moment",
  summary: "Make a template of a machine: others are made from it in a moment",
  about:
    "Of a machine that runs, memory and devices are kept too, without its noticing: machines made from it go on from there.\nA name that is there already gets a new generation. “mimic template NAME” is short for this.",
  args: [
    MACHINE,
    {
      name: "template",
      about: "what the template shall be called; the machine's name when left out",
      optional: true,
      completes: "template",
    },
  ],
  options: [
    { flags: "--disks-only", about: "leave out memory and devices: machines made from it are switched on" },
    { flags: "--note <text>", about: "a note to yourself", completes: "nothing" },
    { flags: "--no-wait", about: "do not wait until it is made" },
  ],
  examples: [
    { line: "mimic template web", does: "a template “web” of the machine “web”" },
    { line: "mimic template web web-base --disks-only", does: "only its disks, under another name" },
    { line: "mimic template make ls", does: "of a machine that is called like a verb" },
  ],
  run: async (context, given) => {
    const name = given.maybe("template");
    const note = given.text("note");
    const { job } = await context.client.templates.make({
      machine: given.arg("name"),
      ...(name !== undefined && { name }),
      ...(note !== undefined && { note }),
      ...(given.flag("disksOnly") && { disksOnly: true }),
    });
    return followOrLeave(context, given, job, (ended) => {
      const called = name ?? given.arg("name");
      next(context, `Use it: mimic run ${called}   or: mimic new NAME --template ${called} --start`);
      return ended.result?.["words"] ?? "The template is made.";
    });
  },
};
