// `mimic net new NAME`.
import { quoted } from "@mimic/base";
import { readChoice, readCount } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { KIND_WORDS } from "../../net-words.ts";
import { next } from "../../outcome.ts";

const KINDS = { nat: "nat", isolated: "isolated", "host-only": "hostOnly", routed: "routed", bare: "bare", bridged: "bridged" } as const;

export const command: CommandSpec = {
  path: "net new",
  group: "Networks",
  summary: "Make a network",
  about: Object.values(KIND_WORDS).join("\n"),
  args: [{ name: "network", about: "what it shall be called", completes: "nothing" }],
  options: [
    {
      flags: "--kind <kind>",
      about: "nat, isolated, host-only, routed, bare or bridged; nat when left out",
      completes: Object.keys(KINDS),
    },
    { flags: "--subnet <range>", about: "its addresses, such as 10.5.0.0/24; chosen for you when left out", completes: "nothing" },
    { flags: "--to <bridge>", about: "bridged: which bridge of this computer; see mimic net lan", completes: "nothing" },
    { flags: "--mtu <bytes>", about: "the largest packet; 9000 for jumbo frames", completes: ["1500", "9000"] },
    { flags: "--note <text>", about: "a note to yourself", completes: "nothing" },
  ],
  examples: [
    { line: "mimic net new lab", does: "machines, this computer and the Internet" },
    { line: "mimic net new quarantine --kind isolated", does: "machines among themselves, with addresses and names" },
    { line: "mimic net new office --kind bridged --to br0", does: "machines beside this computer on its own LAN" },
  ],
  run: async (context, given) => {
    const [kind, mtu, subnet, note, to] = [
      given.text("kind"),
      given.text("mtu"),
      given.text("subnet"),
      given.text("note"),
      given.text("to"),
    ];
    const network = await context.client.networks.create({
      name: given.arg("network"),
      ...(kind !== undefined && { kind: KINDS[readChoice("--kind", kind, Object.keys(KINDS) as (keyof typeof KINDS)[])] }),
      ...(subnet !== undefined && { subnet }),
      ...(mtu !== undefined && { mtu: readCount("--mtu", mtu) }),
      ...(note !== undefined && { note }),
      ...(to !== undefined && { to }),
    });
    if (given.json) printJson(context.io, network);
    else {
      const range = network.gateway?.feet[0]?.v4;
      const bridge = network.ports.find((port) => port.bridge !== undefined)?.bridge;
      const how = range ? `: its gateway is ${range}` : bridge ? `, and joined to ${quoted(bridge)} of this computer` : "";
      line(context.io, `${quoted(network.name)} is made${how}.`);
      next(context, `Plug a machine in: mimic net plug MACHINE ${network.name}`);
    }
    return 0;
  },
};
