// `mimic net lan`: what of this computer's own network a bridged network can be joined to.
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "net lan",
  group: "Networks",
  summary: "Say what of this computer's own network machines can be joined to",
  examples: [{ line: "mimic net lan", does: "its bridges and cards, which of them a bridged network can use, and why not the others" }],
  run: async (context, given) => {
    const { io, client } = context;
    const lan = await client.host.lan({});
    if (given.json) {
      printJson(io, lan);
      return 0;
    }
    line(io, lan.because);
    if (lan.hint) line(io, lan.hint);
    if (lan.choices.length > 0) {
      line(io, "");
      printTable(
        io,
        ["INTERFACE", "KIND", "USABLE", "BECAUSE"],
        lan.choices.map((choice) => [
          { text: choice.name, tone: "strong" },
          { text: choice.kind },
          choice.isSuitable && lan.mayBridge ? { text: "yes", tone: "good" } : { text: "no", tone: "faint" },
          { text: `${choice.because}${choice.hint ? ` ${choice.hint}` : ""}` },
        ]),
      );
    }
    const usable = lan.choices.find(({ isSuitable }) => isSuitable);
    if (lan.mayBridge && usable) next(context, `Join one: mimic net new NAME --kind bridged --to ${lan.usual ?? usable.name}`);
    return 0;
  },
};
