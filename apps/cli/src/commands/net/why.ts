// `mimic net why NETWORK [PORT]`: the frames dropped last, each with its reason and the way to change it.
import { quoted } from "@mimic/base";
import type { DropView } from "@mimic/model";
import { NETWORK } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { relative } from "../../table.ts";

const SHOWN = 20;

export const command: CommandSpec = {
  path: "net why",
  group: "Networks",
  summary: "Say why frames were dropped, and how to change that",
  args: [
    NETWORK,
    { name: "port", about: "the machine there, or the port's own name; all of them when left out", optional: true, completes: "machine" },
  ],
  examples: [
    { line: "mimic net why home", does: "the last frames that went no further, and what decided it" },
    { line: "mimic net why home hello", does: "only those of “hello”" },
  ],
  run: async ({ io, client }, given) => {
    const port = given.maybe("port");
    const listed = await client.networks.drops({ network: given.arg("network"), ...(port !== undefined && { port }) });
    const { drops } = listed;
    if (given.json) printJson(io, listed);
    else if (drops.length === 0) line(io, `Nothing was dropped${port === undefined ? "" : ` at ${quoted(port)}`} lately.`);
    else {
      printTable(
        io,
        ["WHEN", "PORT", "FRAME", "BECAUSE"],
        drops
          .slice(-SHOWN)
          .map((drop) => [
            { text: relative(drop.at, io.nowMs()) },
            { text: drop.portLabel, tone: "strong" },
            { text: drop.frame },
            { text: drop.words },
          ]),
      );
      line(io, "");
      for (const { words, hint } of kinds(drops)) line(io, `${words} ${hint}`, "faint");
    }
    return 0;
  },
};

/** Each reason once, however often it decided. */
const kinds = (drops: readonly DropView[]): DropView[] =>
  [...new Map(drops.map((drop) => [`${drop.reason} ${drop.hint}`, drop])).values()].slice(-8);
