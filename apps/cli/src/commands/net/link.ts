// `mimic net link NETWORK …`: ports that are no machine's.
import { readFile } from "node:fs/promises";
import type { InputOf } from "@mimic/api/client";
import { quoted } from "@mimic/base";
import { NETWORK } from "../../arguments.ts";
import type { CommandSpec, Given } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { LINK_ABOUT, LINK_OPTIONS, MODE_OPTIONS, readPort } from "../../net-options.ts";
import { next } from "../../outcome.ts";
import { UsageError } from "../../say.ts";

type Leads = InputOf<"networks", "addPort">["leads"];

export const command: CommandSpec = {
  path: "net link",
  group: "Networks",
  summary: "Link a network to another, to a program, or to another computer",
  about: `--socket makes a unix socket at which another program, such as an engine or a tap, is plugged in.\n--mirror copies what passes other ports. --listen and --dial are the two ends of an encrypted tunnel between computers.\n${LINK_ABOUT}`,
  args: [NETWORK, { name: "other", about: "the network at the other end", optional: true, completes: "network" }],
  options: [
    { flags: "--name <name>", about: "what the port is called", completes: "nothing" },
    { flags: "--socket", about: "to a program on this computer" },
    { flags: "--mirror <ports>", about: "copies of what passes these ports, with commas", completes: "machine" },
    { flags: "--listen <address:port>", about: "a tunnel: wait for the other computer here", completes: "nothing" },
    { flags: "--dial <host:port>", about: "a tunnel: call the other computer", completes: "nothing" },
    { flags: "--key-file <file>", about: "with a tunnel: 32 bytes in hex, the same at both ends", completes: "file" },
    { flags: "--rm <port>", about: "remove such a port; a link goes at both ends", completes: "nothing" },
    ...MODE_OPTIONS,
    ...LINK_OPTIONS,
  ],
  examples: [
    { line: "mimic net link home lab", does: "a cable between two networks" },
    { line: "mimic net link home lab --trunk all --quality dsl", does: "that carries every VLAN, and is slow" },
    { line: "mimic net link lab --mirror hello,web --name sniffer", does: "a socket at which all their frames can be read" },
    { line: "mimic net link lab --rm to-home", does: "takes the cable away" },
  ],
  run: async (context, given) => {
    const network = given.arg("network");
    const gone = given.text("rm");
    const name = given.text("name");
    const view =
      gone === undefined
        ? await context.client.networks.addPort({
            network,
            leads: await readLeads(given),
            ...(name !== undefined && { name }),
            ...readPort(given),
          })
        : await context.client.networks.removePort({ network, port: gone });
    if (given.json) printJson(context.io, view);
    else if (gone !== undefined) line(context.io, `${quoted(gone)} is gone.`);
    else {
      const port = view.ports.at(-1);
      line(context.io, `${quoted(view.name)} has the port ${quoted(port?.label ?? "")} now${port?.socket ? `: ${port.socket}` : ""}.`);
      if (port) next(context, `Take it away: mimic net link ${view.name} --rm ${port.label}`);
    }
    return 0;
  },
};

async function readLeads(given: Given): Promise<Leads> {
  const [other, mirror, listen, dial, keyFile] = [
    given.maybe("other"),
    given.text("mirror"),
    given.text("listen"),
    given.text("dial"),
    given.text("keyFile"),
  ];
  const ways = [other, mirror, listen, dial, given.flag("socket") || undefined].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw new UsageError("cli.usage", "A link leads to one thing.", {
      hint: "Name another network, or one of --socket, --mirror, --listen and --dial.",
    });
  if (other !== undefined) return { to: "network", network: other };
  if (mirror !== undefined) return { to: "mirror", of: mirror.split(",") };
  if (given.flag("socket")) return { to: "socket" };
  const key = keyFile === undefined ? undefined : (await readFile(keyFile, "utf8")).trim().toLowerCase();
  return { to: "tunnel", ...(listen !== undefined && { listen }), ...(dial !== undefined && { dial }), ...(key !== undefined && { key }) };
}
