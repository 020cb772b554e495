// `mimic net rule NETWORK …`: the firewall.
import type { InputOf } from "@mimic/api/client";
import { type FirewallRule, type NetworkView, targetInWords } from "@mimic/model";
import { NETWORK, readChoice, readCount } from "../../arguments.ts";
import type { CommandSpec, Context, Given } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { readVlan } from "../../net-options.ts";
import { UsageError } from "../../say.ts";

type Rule = InputOf<"networks", "addRule">["rule"];
const TARGETS = "anywhere, internet, host:PORT, vlan:NUMBER, net:NETWORK, a range (10.0.0.0/8), or a name (*.example.org)";

export const command: CommandSpec = {
  path: "net rule",
  group: "Networks",
  summary: "Say who may reach what through a network's gateway",
  about: `The first rule that fits decides. Guests reach the Internet where the network does; they reach neither this computer\nnor its neighbours unless a rule opens it. Where to: ${TARGETS}.`,
  args: [NETWORK],
  options: [
    { flags: "--accept <target>", about: "let it through", completes: ["internet", "anywhere"] },
    { flags: "--drop <target>", about: "say nothing", completes: ["internet", "anywhere"] },
    { flags: "--reject <target>", about: "say no at once", completes: ["internet", "anywhere"] },
    { flags: "--from <who>", about: "a machine, vlan:NUMBER or a range; everybody when left out", completes: "machine" },
    { flags: "--protocol <name>", about: "tcp, udp, icmp or any", completes: ["tcp", "udp", "icmp", "any"] },
    { flags: "--ports <ports>", about: "of the destination: 80, or 8000-8999", completes: "nothing" },
    { flags: "--note <text>", about: "why it is there", completes: "nothing" },
    { flags: "--at <place>", about: "its place, from 1; last when left out", completes: "nothing" },
    { flags: "--move <rule>", about: "give a rule (by its number) the place --at", completes: "nothing" },
    { flags: "--rm <rule>", about: "take a rule away, by its number", completes: "nothing" },
  ],
  examples: [
    { line: "mimic net rule home", does: "lists them in their order" },
    {
      line: "mimic net rule home --accept host:8080 --from hello",
      does: "“hello” may reach a server of this computer at the gateway's address",
    },
    { line: "mimic net rule home --drop internet --from hello", does: "“hello” gets no further than its network" },
    { line: "mimic net rule home --accept '*.debian.org' --at 1", does: "by name, as the network's own DNS answered it" },
    { line: "mimic net rule home --rm 2", does: "takes the second away" },
  ],
  run: async (context, given) => {
    const view = await change(context, given);
    if (given.json) printJson(context.io, view);
    else list(context, view);
    return 0;
  },
};

async function change({ client }: Context, given: Given): Promise<NetworkView> {
  const network = given.arg("network");
  const [gone, moved, place] = [given.text("rm"), given.text("move"), given.text("at")];
  const at = place === undefined ? undefined : Math.max(0, readCount("--at", place) - 1);
  if (gone !== undefined) return await client.networks.removeRule({ network, rule: gone });
  if (moved !== undefined) {
    if (at === undefined)
      throw new UsageError("cli.usage", "Say where it shall go.", { hint: `For example: mimic net rule ${network} --move 3 --at 1` });
    return await client.networks.moveRule({ network, rule: moved, at });
  }
  const rule = readRule(given);
  if (!rule) return await client.networks.show({ network });
  return await client.networks.addRule({ network, rule, ...(at !== undefined && { at }) });
}

function readRule(given: Given): Rule | undefined {
  const actions = (["accept", "drop", "reject"] as const).flatMap((action) => {
    const target = given.text(action);
    return target === undefined ? [] : [{ action, target: readTarget(target) }];
  });
  if (actions.length > 1)
    throw new UsageError("cli.usage", "A rule does one thing.", { hint: "Choose one of --accept, --drop and --reject." });
  const [action] = actions;
  if (!action) return undefined;
  const [from, protocol, ports, note] = [given.text("from"), given.text("protocol"), given.text("ports"), given.text("note")];
  return {
    ...action,
    ...(from !== undefined && { from: readFrom(from) }),
    // Ports without a word about the protocol mean TCP.
    ...((protocol ?? ports) !== undefined && {
      protocol: protocol === undefined ? ("tcp" as const) : readChoice("--protocol", protocol, ["any", "tcp", "udp", "icmp"]),
    }),
    ...(ports !== undefined && { ports: readPorts(ports) }),
    ...(note !== undefined && { note }),
  };
}

const looksLikeRange = (text: string): boolean => /^[0-9.]+(\/\d+)?$/.test(text) || /^[0-9a-fA-F]*:[0-9a-fA-F:.]*(\/\d+)?$/.test(text);

function readTarget(text: string): Rule["target"] {
  const [kind, rest = ""] = text.split(/:(.*)/s, 2) as [string, string?];
  if (text === "anywhere" || text === "internet") return { to: text };
  if (kind === "host") return { to: "host", port: readCount("host:", rest) };
  if (kind === "vlan") return { to: "vlan", vlan: readVlan("vlan:", rest) };
  if (kind === "net") return { to: "network", network: rest };
  if (looksLikeRange(text)) return { to: "range", range: text };
  return { to: "name", name: text.toLowerCase() };
}

function readFrom(text: string): NonNullable<Rule["from"]> {
  if (text.startsWith("vlan:")) return { from: "vlan", vlan: readVlan("vlan:", text.slice(5)) };
  return looksLikeRange(text) ? { from: "range", range: text } : { from: "machine", machine: text };
}

function readPorts(text: string): [number, number] {
  const [from = "", to = from] = text.split("-", 2);
  return [readCount("--ports", from), readCount("--ports", to)];
}

function list({ io }: Context, view: NetworkView): void {
  const names = new Map(view.ports.flatMap(({ machine }) => (machine ? [[machine.id, machine.name] as const] : [])));
  const who = (from: FirewallRule["from"]): string =>
    from === undefined
      ? "everybody"
      : from.from === "machine"
        ? (names.get(from.machine) ?? from.machine)
        : from.from === "vlan"
          ? `VLAN ${from.vlan}`
          : from.range;
  if (view.rules.length > 0)
    printTable(
      io,
      ["", "ACTION", "FROM", "TO", "PROTOCOL", "NOTE"],
      view.rules.map((rule, at) => [
        { text: String(at + 1), tone: "faint" },
        { text: rule.action, tone: rule.action === "accept" ? "good" : "bad" },
        { text: who(rule.from) },
        { text: targetInWords(rule.target, (network) => `network ${network}`) },
        { text: `${rule.protocol}${rule.ports ? ` ${rule.ports[0] === rule.ports[1] ? rule.ports[0] : rule.ports.join("–")}` : ""}` },
        { text: rule.note, tone: "faint" },
      ]),
    );
  line(
    io,
    view.gateway?.reachesInternet
      ? "What no rule names: the Internet yes; this computer, its neighbours and other networks no."
      : "What no rule names: nothing leaves the network.",
    "faint",
  );
}
