// What the switch is told of one network, from the records alone. Pure: the same records give the same plan, so that a
// daemon which comes back changes nothing.
import type { Attachment, GatewayPlan, NetworkPlan, NetworkRecord, NicSpec, PortPlan } from "@mimic/model";
import { gatewayMac } from "./addresses.ts";

/** A machine that runs, with the cards that its hypervisor has now. */
export interface PluggedMachine {
  readonly id: string;
  readonly name: string;
  readonly nics: readonly NicSpec[];
}

/** Paths as the switch process sees them: from the folder that it stands in. */
export const nicSocket = (machineId: string, nicId: string): string => `${machineId}/${nicId}.sock`;
export const portSocket = (portId: string): string => `ports/${portId}.sock`;

export const domainOf = (network: Pick<NetworkRecord, "name">): string => `${network.name}.mimic`;

/** `keys`: of the network's tunnels, by port. */
export function planNetwork(
  network: NetworkRecord,
  machines: readonly PluggedMachine[],
  keys: ReadonlyMap<string, string> = new Map(),
): NetworkPlan {
  const nics = machines.flatMap((machine) => machine.nics.filter((nic) => nic.network === network.id).map((nic) => ({ machine, nic })));
  const gateway = planGateway(network, new Set(nics.map(({ nic }) => nic.id)));
  return {
    id: network.id,
    name: network.name,
    mtu: network.mtu,
    macAgeSeconds: 300,
    snooping: network.snooping,
    spanningTree: network.spanningTree,
    ports: [...nics.map(({ machine, nic }) => nicPort(machine, nic)), ...network.ports.map((port) => extraPort(port, keys.get(port.id)))],
    ...(gateway && { gateway }),
  };
}

function nicPort(machine: PluggedMachine, nic: NicSpec): PortPlan {
  return {
    id: nic.id,
    label: machine.name,
    attach: { how: "dial", path: nicSocket(machine.id, nic.id) },
    mac: nic.mac,
    machine: machine.id,
    hostName: machine.name,
    mode: nic.port,
    isUp: nic.isUp,
    guards: nic.guards,
    quality: nic.quality,
  };
}

function extraPort({ id, name, leads, mode, isUp, guards, quality }: NetworkRecord["ports"][number], key: string | undefined): PortPlan {
  return { id, label: name, attach: attachmentOf(id, leads, key), mode, isUp, guards, quality };
}

function attachmentOf(id: string, leads: NetworkRecord["ports"][number]["leads"], key: string | undefined): Attachment {
  switch (leads.to) {
    case "network":
      return { how: "cable", network: leads.network, port: leads.port };
    case "socket":
      return { how: "listen", path: portSocket(id) };
    case "tunnel":
      return { how: "tunnel", ...(key !== undefined && { key }), listen: leads.listen, dial: leads.dial };
    case "lan":
      return { how: "lan", path: `${id}/lan.sock` };
    case "mirror":
      return { how: "mirror", path: portSocket(id), of: leads.of };
    default:
      return leads satisfies never;
  }
}

/** Undefined for networks that are a switch and nothing else. */
function planGateway(network: NetworkRecord, present: ReadonlySet<string>): GatewayPlan | undefined {
  if (network.kind === "bare" || network.kind === "bridged") return undefined;
  const reachesInternet = network.kind === "nat" || network.kind === "routed";
  return {
    mac: gatewayMac(network.id),
    segments: network.vlans.flatMap(({ id, segment }) => (segment ? [{ vlan: id, ...segment }] : [])),
    domain: domainOf(network),
    dns: { forward: reachesInternet, servers: [], records: network.dnsRecords },
    uplink: reachesInternet ? "internet" : "none",
    rules: network.rules,
    // A machine that is off has no port: its forwards come back with it.
    forwards: network.kind === "isolated" ? [] : network.forwards.filter(({ nic }) => present.has(nic)),
  };
}
