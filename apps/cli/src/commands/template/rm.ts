// `mimic template rm TEMPLATE`.
import { quoted } from "@mimic/base";
import { readCount, TEMPLATE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "template rm",
  group: "In a moment",
  summary: "Remove a template; machines made from it stay",
  args: [TEMPLATE],
  options: [{ flags: "--generation <number>", about: "only this generation", completes: "nothing" }],
  examples: [{ line: "mimic template rm web", does: "makes room for its memory; disks stay as long as a machine stands on them" }],
  run: async ({ io, client }, given) => {
    const template = given.arg("template");
    const generation = given.text("generation");
    const answer =
      generation === undefined
        ? await client.templates.remove({ template })
        : await client.templates.removeGeneration({ template, generation: readCount("--generation", generation) });
    if (given.json) printJson(io, answer);
    else
      line(
        io,
        generation === undefined
          ? `The template ${quoted(template)} is removed.`
          : `Generation ${generation} of ${quoted(template)} is removed.`,
      );
    return 0;
  },
};
