// `mimic net ls`.
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { kindName } from "../../net-words.ts";

export const command: CommandSpec = {
  path: "net ls",
  group: "Networks",
  summary: "List the networks",
  examples: [{ line: "mimic net ls", does: "their names, kinds and ranges, and who is plugged in" }],
  run: async ({ io, client }, given) => {
    const listed = await client.networks.list({});
    if (given.json) printJson(io, listed);
    else if (listed.networks.length === 0) line(io, "No networks.\nMake one: mimic net new NAME");
    else
      printTable(
        io,
        ["NAME", "KIND", "STATE", "RANGE", "PLUGGED IN"],
        listed.networks.map((network) => [
          { text: network.name, tone: "strong" },
          { text: kindName(network.kind) },
          network.state === "up" ? { text: "up", tone: "good" } : { text: "trouble", tone: "bad" },
          { text: network.gateway?.feet.flatMap(({ v4 }) => v4 ?? []).join(", ") || "—" },
          { text: network.ports.map(({ label }) => label).join(", ") || "nobody" },
        ]),
      );
    return 0;
  },
};
