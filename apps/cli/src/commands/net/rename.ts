// `mimic net rename NETWORK NEW`.
import { quoted } from "@mimic/base";
import { NETWORK } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "net rename",
  group: "Networks",
  summary: "Give a network another name",
  args: [NETWORK, { name: "new", about: "its new name", completes: "nothing" }],
  examples: [{ line: "mimic net rename lab workshop", does: "its machines are MACHINE.workshop.mimic from now on" }],
  run: async ({ io, client }, given) => {
    const network = await client.networks.change({ network: given.arg("network"), name: given.arg("new") });
    if (given.json) printJson(io, network);
    else line(io, `${quoted(given.arg("network"))} is called ${quoted(network.name)} now.`);
    return 0;
  },
};
