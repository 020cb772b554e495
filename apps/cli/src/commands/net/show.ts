// `mimic net show NETWORK`: all there is to know about one network.
import { formatSize, quoted } from "@mimic/base";
import { capturedNow, type NetworkView } from "@mimic/model";
import { NETWORK } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { printFacts } from "../../facts.ts";
import { type Io, line, printJson, printTable } from "../../io.ts";
import { dropped, KIND_WORDS, modeInWords, portState, qualityInWords } from "../../net-words.ts";
import type { Cell } from "../../table.ts";

export const command: CommandSpec = {
  path: "net show",
  group: "Networks",
  summary: "Show all about one network",
  args: [NETWORK],
  examples: [
    { line: "mimic net show home", does: "its gateway, its VLANs, and each port: who is there, with which address, and what passed" },
    { line: "mimic net show home --json", does: "the same for a program" },
  ],
  run: async ({ io, client }, given) => {
    const network = await client.networks.show({ network: given.arg("network") });
    if (given.json) printJson(io, network);
    else {
      printFacts(io, factsOf(network));
      showPorts(io, network);
    }
    return 0;
  },
};

function factsOf(network: NetworkView): (readonly [string, Cell | string])[] {
  const facts: (readonly [string, Cell | string])[] = [
    ["name", { text: network.name, tone: "strong" }],
    ["kind", KIND_WORDS[network.kind]],
    ["state", { text: `${network.state}: ${network.because}`, tone: network.state === "up" ? "good" : "bad" }],
  ];
  const captured = capturedNow(network);
  if (captured !== undefined) facts.push(["captured now", { text: captured, tone: "busy" }]);
  const { gateway } = network;
  if (gateway) {
    facts.push(["names", `MACHINE.${gateway.domain}`]);
    for (const foot of gateway.feet) {
      const vlan = network.vlans.length > 1 ? `VLAN ${foot.vlan}: ` : "";
      facts.push(["gateway", `${vlan}${[foot.v4, foot.v6].filter(Boolean).join(", ")}${foot.pool ? `; gives out ${foot.pool}` : ""}`]);
    }
  }
  for (const { id, name } of network.vlans)
    if (network.vlans.length > 1 || name !== "") facts.push(["VLAN", `${id}${name ? `  ${name}` : ""}`]);
  for (const forward of network.forwards) {
    const from = `${forward.hostAddress}:${forward.takenPort ?? (forward.hostPort || "any")}`;
    const to = `${forward.machine?.name ?? "?"}:${forward.guestPort}`;
    facts.push(["forward", `${from} → ${to} (${forward.protocol})${forward.problem ? ` — ${forward.problem}` : ""}`]);
  }
  if (network.rules.length > 0) facts.push(["rules", `${network.rules.length}`]);
  if (network.mtu !== 1500) facts.push(["MTU", `${network.mtu} bytes`]);
  if (network.note) facts.push(["note", network.note]);
  facts.push(["id", { text: network.id, tone: "faint" }]);
  return facts;
}

function showPorts(io: Io, { ports }: NetworkView): void {
  line(io, "");
  if (ports.length === 0) line(io, "Nobody is plugged in. Plug a machine in: mimic net plug MACHINE NETWORK");
  else
    printTable(
      io,
      ["PORT", "STATE", "VLAN", "ADDRESS", "MAC", "IN", "OUT", "DROPPED", "LINK"],
      ports.map((port) => [
        { text: port.label, tone: "strong" },
        portState(port),
        { text: modeInWords(port.mode) },
        { text: port.addresses.join(", ") || "—" },
        { text: port.mac ?? "—", tone: "faint" },
        { text: port.counters ? formatSize(port.counters.received.bytes) : "—" },
        { text: port.counters ? formatSize(port.counters.sent.bytes) : "—" },
        dropped(port) > 0 ? { text: String(dropped(port)), tone: "busy" } : { text: "0", tone: "faint" },
        { text: port.socket ?? port.bridge ?? qualityInWords(port.quality) },
      ]),
    );
  for (const { label, problem } of ports) if (problem !== undefined) line(io, `${quoted(label)} does not work: ${problem}`);
}
