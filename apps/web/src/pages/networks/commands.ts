// The command lines that do what the network pages do.
import type { FirewallRule, MachineView, NetworkView, PortMode } from "@mimic/model";
import { commandLine } from "../../words.ts";
import type { CableThing } from "./changes.ts";
import type { NicThing } from "./things.ts";

type Names = Pick<NetworkView, "name">;

export function modeArguments(mode: PortMode): string[] {
  switch (mode.mode) {
    case "access":
      return ["--access", String(mode.vlan)];
    case "trunk":
      return [
        "--trunk",
        mode.allowed === "all" ? "all" : mode.allowed.join(","),
        ...(mode.native === undefined ? [] : ["--native", String(mode.native)]),
      ];
    case "qinq":
      return ["--qinq", String(mode.vlan)];
    case "private":
      return [
        "--access",
        String(mode.vlan),
        "--private",
        mode.role.kind === "community" ? `community:${mode.role.community}` : mode.role.kind,
      ];
    default:
      return mode satisfies never;
  }
}
/** Nothing for what a port is anyway. */
const wishedMode = (mode: PortMode): string[] => (mode.mode === "access" && mode.vlan === 1 ? [] : modeArguments(mode));

const portName = (thing: CableThing): string => (thing.kind === "nic" ? thing.machine.name : thing.port.label);
const networkName = (thing: CableThing): string => thing.network?.name ?? "NETWORK";
const cardOf = ({ machine, number }: Pick<NicThing, "machine" | "number">): string[] =>
  machine.hardware.nics.length > 1 ? ["--nic", String(number)] : [];

function targetWord({ target }: Pick<FirewallRule, "target">, networkCalled: (id: string) => string): string {
  switch (target.to) {
    case "anywhere":
    case "internet":
      return target.to;
    case "range":
      return target.range;
    case "name":
      return target.name;
    case "vlan":
      return `vlan:${target.vlan}`;
    case "network":
      return `net:${networkCalled(target.network)}`;
    case "host":
      return `host:${target.port}`;
    default:
      return target satisfies never;
  }
}

export interface RuleNames {
  readonly machine: (id: string) => string;
  readonly network: (id: string) => string;
}
/** `first`: before all others. */
export function ruleCommand(network: Names, rule: Omit<FirewallRule, "id">, names: RuleNames, first: boolean): string {
  const { from, ports, protocol } = rule;
  const who = from && (from.from === "machine" ? names.machine(from.machine) : from.from === "vlan" ? `vlan:${from.vlan}` : from.range);
  return commandLine(
    ...["net", "rule", network.name, `--${rule.action}`, targetWord(rule, names.network)],
    ...(who ? ["--from", who] : []),
    ...["--protocol", protocol],
    ...(ports ? ["--ports", ports[0] === ports[1] ? String(ports[0]) : `${ports[0]}-${ports[1]}`] : []),
    ...(first ? ["--at", "1"] : []),
  );
}

export const netCommands = {
  list: () => commandLine("net", "ls"),
  show: (network: Names) => commandLine("net", "show", network.name),
  create: (name: string, kind: string, to?: string) =>
    commandLine(
      "net",
      "new",
      name || "NAME",
      ...(kind === "nat" ? [] : ["--kind", kind === "hostOnly" ? "host-only" : kind]),
      ...(to === undefined ? [] : ["--to", to]),
    ),
  rename: (network: Names, to: string) => commandLine("net", "rename", network.name, to || "NAME"),
  remove: (network: Names) => commandLine("net", "rm", network.name),
  /** A new card. */
  add: (machine: Pick<MachineView, "name">, network: string, mode: PortMode) =>
    commandLine("net", "plug", machine.name, network, ...wishedMode(mode)),
  /** The cable of a card that is there. */
  plug: (nic: Pick<NicThing, "machine" | "number">, network: string, mode: PortMode) =>
    commandLine("net", "plug", nic.machine.name, network, "--nic", String(nic.number), ...wishedMode(mode)),
  unplug: (nic: NicThing) => commandLine("net", "unplug", nic.machine.name, ...cardOf(nic), "--cable"),
  takeOut: (nic: NicThing) => commandLine("net", "unplug", nic.machine.name, ...cardOf(nic)),
  cable: (thing: CableThing, isUp: boolean) =>
    commandLine("net", "set", networkName(thing), "--port", portName(thing), "--cable", isUp ? "in" : "out"),
  mode: (thing: CableThing, mode: PortMode) =>
    commandLine("net", "vlan", networkName(thing), "--port", portName(thing), ...modeArguments(mode)),
  vlan: (network: Names, vlan: string, name: string, gateway: boolean) =>
    commandLine("net", "vlan", network.name, vlan || "NUMBER", ...(name ? ["--name", name] : []), ...(gateway ? [] : ["--no-gateway"])),
  quality: (thing: CableThing, profile: string) =>
    commandLine("net", "set", networkName(thing), "--port", portName(thing), "--quality", profile),
  removePort: (thing: CableThing) => commandLine("net", "link", networkName(thing), "--rm", portName(thing)),
  link: (network: Names, other: string, mode: PortMode) => commandLine("net", "link", network.name, other, ...wishedMode(mode)),
  mirror: (network: Names, ports: readonly string[]) => commandLine("net", "link", network.name, "--mirror", ports.join(",") || "PORTS"),
  tunnel: (network: Names, end: "listen" | "dial", place: string) =>
    commandLine("net", "link", network.name, `--${end}`, place || "ADDRESS:PORT"),
  forward: (network: Names, machine: string, guestPort: string, at: string, isUdp: boolean) =>
    commandLine(
      "net",
      "forward",
      network.name,
      `${machine || "MACHINE"}:${guestPort || "PORT"}`,
      ...(at ? ["--at", at] : []),
      ...(isUdp ? ["--udp"] : []),
    ),
  capture: (network: Names, port?: string, filter?: string) =>
    commandLine("net", "capture", network.name, ...(port ? ["--port", port] : []), ...(filter ? ["--filter", filter] : []), "-w", "-"),
  why: (network: Names, port?: string) => commandLine("net", "why", network.name, ...(port ? [port] : [])),
  top: (network: Names) => commandLine("net", "top", network.name),
  trace: (network: Names, from: string, to: string, protocol: string, port: number | undefined) =>
    commandLine(
      "net",
      "trace",
      network.name,
      from || "FROM",
      to || "TO",
      ...(protocol === "icmp" ? [] : [`--${protocol}`, String(port ?? "PORT")]),
    ),
};
