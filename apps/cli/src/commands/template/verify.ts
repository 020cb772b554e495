// `mimic template verify TEMPLATE`.
import { quoted } from "@mimic/base";
import { TEMPLATE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { next } from "../../outcome.ts";
import { JobError } from "../../say.ts";
import { sayBroken, sayFiles } from "../../template-files.ts";
import { waitJob } from "../../wait-job.ts";

/** A verification that came to its end, and not to a good one. */
const FOUND = ["template.damaged", "template.not_all_there"];

export const command: CommandSpec = {
  path: "template verify",
  group: "In a moment",
  summary: "Read every byte of a template again and compare it with its seals",
  about:
    "Memory, device state, UEFI variables, disks and the images under them. When something is not what it was, nothing is made from it any more; each file is named, with what it means and what to do, and the exit number is 1. Verify again once a file is back from a backup.",
  args: [TEMPLATE],
  options: [{ flags: "--no-wait", about: "do not wait until all is read" }],
  examples: [
    { line: "mimic template verify web", does: "is all of it still what it was when it was made?" },
    { line: "mimic template show web", does: "what was found, later on" },
  ],
  run: async (context, given) => {
    const { io, client } = context;
    const template = given.arg("template");
    const { job } = await client.templates.verify({ template });
    if (given.off("wait")) {
      if (given.json) printJson(io, job);
      else line(io, `Begun: ${quoted(template)} is being read.`);
      next(context, `Watch it: mimic jobs wait ${job.id}`);
      return 0;
    }
    let words = "";
    let trouble: JobError | undefined;
    try {
      words = (await waitJob(context, job, { quiet: given.json })).result?.["words"] ?? "It is what it was.";
    } catch (error) {
      // What it found is told first; only then that it found it.
      if (!(error instanceof JobError) || !FOUND.includes(error.job.problem?.code ?? "")) throw error;
      trouble = error;
    }
    const found = await client.templates.verification({ template });
    if (given.json) printJson(io, found);
    else {
      sayFiles(io, found);
      sayBroken(io, found);
      if (trouble === undefined) line(io, words);
    }
    if (trouble !== undefined) throw trouble;
    return 0;
  },
};
