// `mimic os ls`: the catalogue.
import { ARCHES } from "../../arguments.ts";
import { boardLines, readProcessor } from "../../boards.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "os ls",
  group: "Images and systems",
  summary: "List the systems that machines can be made from",
  options: [{ flags: "--arch <processor>", about: "only those for this processor, and what is known of its boards", completes: ARCHES }],
  examples: [
    { line: "mimic os ls", does: "what there is, and what each is for" },
    { line: "mimic os ls --arch sparc", does: "what there is for SPARC, and what else is known to work there" },
  ],
  run: async (context, given) => {
    const { io, client } = context;
    const wanted = given.text("arch");
    const architecture = wanted === undefined ? undefined : readProcessor(wanted);
    const listed = await client.systems.list({});
    const systems = listed.systems.filter((system) => architecture === undefined || system.architecture === architecture);
    if (given.json) {
      printJson(io, { ...listed, systems });
      return 0;
    }
    if (architecture !== undefined) for (const words of boardLines(architecture)) line(io, words);
    const sorted = systems.toSorted((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
    if (sorted.length === 0) line(io, "No system of the catalogue is for it.");
    else
      printTable(
        io,
        ["SYSTEM", "NAME", "IMAGE", "WHAT IT IS FOR"],
        sorted.map((system) => [
          { text: system.id, tone: "strong" },
          { text: system.name },
          system.imageDigest ? { text: "here", tone: "good" } : { text: GETTING[system.source.way] ?? "", tone: "faint" },
          { text: system.summary },
        ]),
      );
    if (sorted.length > 0) next(context, "Make a machine from one: mimic new NAME --os SYSTEM");
    if (architecture === undefined) next(context, "What is known of another processor: mimic os ls --arch PROCESSOR");
    return 0;
  },
};

const GETTING: Readonly<Record<string, string>> = {
  download: "to fetch",
  assemble: "to make",
  install: "to install",
  bring: "you bring it",
};
