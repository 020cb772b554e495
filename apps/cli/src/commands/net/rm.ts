// `mimic net rm NETWORK`: refused by the daemon while something is plugged in.
import { quoted } from "@mimic/base";
import { NETWORK } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "net rm",
  group: "Networks",
  summary: "Remove a network that nobody uses",
  args: [NETWORK],
  examples: [{ line: "mimic net rm lab", does: "refused, with the list, while machines are plugged in" }],
  run: async ({ io, client }, given) => {
    const answer = await client.networks.remove({ network: given.arg("network") });
    if (given.json) printJson(io, answer);
    else line(io, `${quoted(given.arg("network"))} is gone.`);
    return 0;
  },
};
