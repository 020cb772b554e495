// `mimic os ls`: the catalogue.
import type { CommandSpec } from "../../command.ts";
import { printJson, printTable } from "../../io.ts";
import { next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "os ls",
  group: "Images and systems",
  summary: "List the systems that machines can be made from",
  examples: [{ line: "mimic os ls", does: "what there is, and what each is for" }],
  run: async (context, given) => {
    const { io, client } = context;
    const listed = await client.systems.list({});
    if (given.json) {
      printJson(io, listed);
      return 0;
    }
    const sorted = listed.systems.toSorted((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
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
    next(context, "Make a machine from one: mimic new NAME --os SYSTEM");
    return 0;
  },
};

const GETTING: Readonly<Record<string, string>> = {
  download: "to fetch",
  assemble: "to make",
  install: "to install",
  bring: "you bring it",
};
