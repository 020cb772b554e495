// `mimic help [VERB]`.
import type { CommandSpec } from "../../command.ts";
import { helpOf, nounHelp, overview } from "../../help-text.ts";
import { hasColour, printJson } from "../../io.ts";
import { findVerb, loadAll, registry } from "../../registry.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "help",
  group: "This program",
  summary: "Explain a verb, or list them all",
  args: [{ name: "verb", about: "which one", optional: true, many: true, completes: "nothing" }],
  examples: [
    { line: "mimic help", does: "all verbs" },
    { line: "mimic help image import", does: "one of them" },
    { line: "mimic help --json", does: "all verbs with their arguments and options, as data" },
  ],
  run: async ({ io }, given) => {
    const words = given.all("verb");
    const all = await loadAll();
    if (given.json) {
      printJson(io, { verbs: all.map(({ run: _, ...words }) => words) });
      return 0;
    }
    if (words.length === 0) {
      io.out.write(overview(all, hasColour(io)));
      return 0;
    }
    const found = findVerb(words.length === 1 ? [words[0] as string, "--help"] : words);
    const load = found.kind === "verb" ? registry[found.path] : undefined;
    if (load) io.out.write(helpOf((await load()).command, hasColour(io)));
    else if (found.kind === "noun") io.out.write(nounHelp(found.noun, all, hasColour(io)));
    else
      throw new UsageError("cli.unknown_verb", `There is no verb “${words.join(" ").slice(0, 60)}”.`, {
        hint: "See what there is: mimic help",
      });
    return 0;
  },
};
