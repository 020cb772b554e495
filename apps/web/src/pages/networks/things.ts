// Everything on the network pages that can be looked at has an id; here it becomes the thing itself, with all that the
// API says of it. Pure.
import type { MachineView, NetworkView, NicSpec, PortView } from "@mimic/model";

export interface World {
  readonly networks: readonly NetworkView[];
  readonly machines: readonly MachineView[];
}

/** A NIC with the port that its cable leads to. `network` and `port` are absent without a cable. */
export interface NicThing {
  readonly kind: "nic";
  readonly id: string;
  readonly machine: MachineView;
  readonly nic: NicSpec;
  /** From 1. */
  readonly number: number;
  readonly network: NetworkView | undefined;
  readonly port: PortView | undefined;
}
export interface PortThing {
  readonly kind: "port";
  readonly id: string;
  readonly network: NetworkView;
  readonly port: PortView;
}
export type Thing =
  | NicThing
  | PortThing
  | { readonly kind: "machine"; readonly id: string; readonly machine: MachineView }
  | { readonly kind: "network" | "gateway"; readonly id: string; readonly network: NetworkView }
  | { readonly kind: "host" | "internet"; readonly id: string };

export const gatewayId = (network: string): string => `gw_${network}`;

export function nicsOf(world: World, machine: MachineView): NicThing[] {
  return machine.hardware.nics.map((nic, at) => {
    const network = world.networks.find((each) => each.id === nic.network);
    return { kind: "nic", id: nic.id, machine, nic, number: at + 1, network, port: network?.ports.find((port) => port.id === nic.id) };
  });
}

export function thingOf(world: World, id: string | undefined): Thing | undefined {
  if (id === undefined) return undefined;
  if (id === "host" || id === "internet") return { kind: id, id };
  const networkOf = (ref: string) => world.networks.find((each) => each.id === ref);
  if (id.startsWith("gw_") || id.startsWith("up_")) {
    const network = networkOf(id.slice(3));
    return network && { kind: "gateway", id: gatewayId(network.id), network };
  }
  if (id.startsWith("net_")) {
    const network = networkOf(id);
    return network && { kind: "network", id, network };
  }
  if (id.startsWith("mch_")) {
    const machine = world.machines.find((each) => each.id === id);
    return machine && { kind: "machine", id, machine };
  }
  for (const machine of world.machines)
    if (machine.hardware.nics.some((nic) => nic.id === id)) return nicsOf(world, machine).find((nic) => nic.id === id);
  for (const network of world.networks) {
    const port = network.ports.find((each) => each.id === id);
    if (port) return { kind: "port", id, network, port };
  }
  return undefined;
}
