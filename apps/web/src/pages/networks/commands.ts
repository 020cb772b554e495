// The command lines that do what the network pages do.
import type { MachineView, NetworkView, PortMode } from "@mimic/model";
import { commandLine } from "../../words.ts";
import type { CableThing } from "./changes.ts";
import type { NicThing } from "./things.ts";

const modeArguments = (mode: PortMode): string[] => {
  switch (mode.mode) {
    case "access":
      return [String(mode.vlan)];
    case "trunk":
      return [
        "--trunk",
        mode.allowed === "all" ? "all" : mode.allowed.join(","),
        ...(mode.native === undefined ? [] : ["--native", String(mode.native)]),
      ];
    case "qinq":
      return [String(mode.vlan), "--qinq"];
    case "private":
      return [String(mode.vlan), "--private", mode.role.kind === "community" ? `community:${mode.role.community}` : mode.role.kind];
    default:
      return mode satisfies never;
  }
};

const portName = (thing: CableThing): string => (thing.kind === "nic" ? thing.machine.name : thing.port.label);
const networkName = (thing: CableThing): string => thing.network?.name ?? "NETWORK";

export const netCommands = {
  list: () => commandLine("net", "ls"),
  show: (network: NetworkView) => commandLine("net", "show", network.name),
  create: (name: string, kind: string) => commandLine("net", "new", name || "NAME", ...(kind === "nat" ? [] : ["--kind", kind])),
  remove: (network: NetworkView) => commandLine("net", "rm", network.name),
  plug: (machine: MachineView, network: string, mode?: PortMode) =>
    commandLine("net", "plug", machine.name, network, ...(mode?.mode === "access" && mode.vlan !== 1 ? ["--vlan", String(mode.vlan)] : [])),
  unplug: ({ machine, number }: NicThing) =>
    commandLine("net", "unplug", machine.name, ...(machine.hardware.nics.length > 1 ? ["--nic", String(number)] : [])),
  cable: (thing: CableThing, isUp: boolean) =>
    commandLine("net", "set", networkName(thing), "--port", portName(thing), "--cable", isUp ? "in" : "out"),
  vlan: (thing: CableThing, mode: PortMode) =>
    commandLine("net", "vlan", networkName(thing), "--port", portName(thing), ...modeArguments(mode)),
  quality: (thing: CableThing, profile: string) =>
    commandLine("net", "set", networkName(thing), "--port", portName(thing), "--quality", profile),
  capture: (network: NetworkView, port?: string, filter?: string) =>
    commandLine("net", "capture", network.name, ...(port ? ["--port", port] : []), "-w", "-", ...(filter ? [filter] : [])),
  why: (network: NetworkView, port?: string) => commandLine("net", "why", network.name, ...(port ? ["--port", port] : [])),
  top: (network: NetworkView) => commandLine("net", "top", network.name),
  trace: (network: NetworkView, from: string, to: string, protocol: string, port: number | undefined) =>
    commandLine(
      "net",
      "trace",
      network.name,
      from || "FROM",
      to || "TO",
      ...(protocol === "icmp" ? [] : [`--${protocol}`, String(port ?? "PORT")]),
    ),
};
