// `mimic net vlan NETWORK …`: the VLANs of a network, and which of them a port carries.
import { quoted } from "@mimic/base";
import type { NetworkView } from "@mimic/model";
import { NETWORK } from "../../arguments.ts";
import type { CommandSpec, Context, Given } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { MODE_OPTIONS, readMode, readVlan } from "../../net-options.ts";
import { modeInWords } from "../../net-words.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "net vlan",
  group: "Networks",
  summary: "Divide a network into VLANs, and put ports into them",
  about: "With a number it makes the VLAN or changes it; with --port it says which VLANs a port carries; with neither it lists them.",
  args: [NETWORK, { name: "vlan", about: "its number, from 1 to 4094", optional: true, completes: "nothing" }],
  options: [
    { flags: "--name <name>", about: "what people call it", completes: "nothing" },
    { flags: "--subnet <range>", about: "its addresses; chosen for you when left out", completes: "nothing" },
    { flags: "--no-gateway", about: "no addresses, no names, no way out of it" },
    { flags: "--rm", about: "remove the VLAN" },
    { flags: "--port <port>", about: "the machine there, or the port's own name", completes: "machine" },
    ...MODE_OPTIONS,
  ],
  examples: [
    { line: "mimic net vlan lab 20 --name guests", does: "makes VLAN 20, with addresses of its own" },
    { line: "mimic net vlan lab --port hello --access 20", does: "puts “hello” into it" },
    { line: "mimic net vlan lab --port router --trunk all --native 1", does: "a port that carries all of them, with tags" },
    { line: "mimic net vlan lab 20 --rm", does: "refused while a port is in it" },
  ],
  run: async (context, given) => {
    const view = await change(context, given);
    if (given.json) printJson(context.io, view);
    else if (given.text("port") !== undefined) {
      const port = view.ports.find(({ label, id }) => label === given.text("port") || id === given.text("port"));
      line(context.io, `${quoted(given.text("port") ?? "")}: ${port ? modeInWords(port.mode) : "changed"}.`);
    } else list(context, view);
    return 0;
  },
};

async function change({ client }: Context, given: Given): Promise<NetworkView> {
  const network = given.arg("network");
  const mode = readMode(given);
  const port = given.text("port");
  const number = given.maybe("vlan");
  if (port !== undefined) {
    if (!mode) throw new UsageError("cli.usage", "Say what the port shall be.", { hint: "For example: --access 20, or --trunk all" });
    return await client.networks.changePort({ network, port, mode });
  }
  if (mode)
    throw new UsageError("cli.usage", "That is about one port: say which.", {
      hint: `For example: mimic net vlan ${network} --port MACHINE --access 20`,
    });
  if (number === undefined) return await client.networks.show({ network });
  const vlan = readVlan("the VLAN", number);
  if (given.flag("rm")) return await client.networks.removeVlan({ network, vlan });
  const [name, subnet] = [given.text("name"), given.text("subnet")];
  return await client.networks.setVlan({
    network,
    vlan,
    ...(name !== undefined && { name }),
    ...(subnet !== undefined && { subnet }),
    ...(given.off("gateway") && { gateway: false }),
  });
}

function list({ io }: Context, view: NetworkView): void {
  const carries = (port: NetworkView["ports"][number], vlan: number): boolean => {
    const { mode } = port;
    return mode.mode === "trunk" ? mode.allowed === "all" || mode.allowed.includes(vlan) || mode.native === vlan : mode.vlan === vlan;
  };
  printTable(
    io,
    ["VLAN", "NAME", "GATEWAY", "PORTS"],
    view.vlans.map(({ id, name }) => [
      { text: String(id), tone: "strong" },
      { text: name || "—" },
      { text: view.gateway?.feet.find(({ vlan }) => vlan === id)?.v4 ?? "none" },
      {
        text:
          view.ports
            .filter((port) => carries(port, id))
            .map(({ label }) => label)
            .join(", ") || "none",
      },
    ]),
  );
}
