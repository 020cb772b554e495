// A network as the three doors show it. When the switch does not answer, what was asked for is shown all the same.
import type { ForwardView, GatewayView, NetworkRecord, NetworkView, PortCounters, PortView } from "@mimic/model";
import type { Context } from "../context.ts";
import type { ForwardState } from "../ports/index.ts";
import { gatewayMac } from "./addresses.ts";
import { nicsOn, type PluggedNic } from "./find.ts";
import { domainOf } from "./plan-network.ts";

const LOOK_WITHIN_MS = 2000;

export async function networkView(context: Context, record: NetworkRecord): Promise<NetworkView> {
  const { fabric } = context.ports;
  const options = { signal: AbortSignal.timeout(LOOK_WITHIN_MS) };
  const trouble = context.networks.trouble(record.id);
  const [counters, forwards] = await Promise.all([
    fabric.counters(record.id, options).catch(() => undefined),
    fabric.forwards(record.id, options).catch((): readonly ForwardState[] => []),
  ]);
  const countersOf = (id: string) => counters?.find(({ port }) => port === id);
  const plugged = nicsOn(context, record.id);
  const { ports: extra, forwards: wanted, ...rest } = record;
  const isSilent = trouble === undefined && counters === undefined;
  return {
    ...rest,
    state: trouble !== undefined || isSilent ? "trouble" : "up",
    because: trouble ?? (isSilent ? "The switch does not answer." : "The switch carries it."),
    gateway: gatewayView(record),
    captures: [...context.networks.captures.of(record.id)],
    ports: [
      ...plugged.map((at) => nicPort(context, record, at, countersOf(at.nic.id))),
      ...extra.map((port) => extraPort(context, port, countersOf(port.id))),
    ],
    forwards: wanted.map((forward): ForwardView => {
      const state = forwards.find(({ id }) => id === forward.id);
      const machine = plugged.find(({ nic }) => nic.id === forward.nic)?.actor.record;
      return {
        ...forward,
        machine: machine && { id: machine.id, name: machine.name },
        takenPort: state && state.problem === undefined ? state.hostPort : undefined,
        problem: state ? state.problem : machine ? "The machine is off." : "The machine is no longer on this network.",
      };
    }),
  };
}

export function gatewayView(record: NetworkRecord): GatewayView | undefined {
  if (record.kind === "bare" || record.kind === "bridged") return undefined;
  return {
    mac: gatewayMac(record.id),
    domain: domainOf(record),
    reachesInternet: record.kind === "nat" || record.kind === "routed",
    feet: record.vlans.flatMap(({ id, segment }) =>
      segment
        ? [
            {
              vlan: id,
              v4: segment.v4 && `${segment.v4.address}/${segment.v4.prefix}`,
              v6: segment.v6 && `${segment.v6.address}/64`,
              pool: segment.v4?.pool && `${segment.v4.pool.from} – ${segment.v4.pool.to}`,
            },
          ]
        : [],
    ),
  };
}

type Counted = PortCounters | undefined;
const withoutPort = (counters: Counted): PortView["counters"] => {
  if (!counters) return undefined;
  const { port: _port, ...rest } = counters;
  return rest;
};

function nicPort(context: Context, network: NetworkRecord, { actor, nic }: PluggedNic, counters: Counted): PortView {
  const { record, state, running } = actor;
  return {
    id: nic.id,
    label: record.name,
    leadsTo: "machine",
    machine: { id: record.id, name: record.name, power: state.power, model: nic.model, place: nic.place },
    mac: nic.mac,
    mode: nic.port,
    isUp: nic.isUp,
    isConnected: running !== undefined && (context.networks.isThere(nic.id) ?? counters !== undefined),
    guards: nic.guards,
    quality: nic.quality,
    addresses: addressesOf(context, network, nic.mac),
    counters: withoutPort(counters),
  };
}

/** By lease, else by reservation. */
export function addressesOf(context: Context, network: NetworkRecord, mac: string): string[] {
  const lease = context.networks.leases(network.id).get(mac);
  if (lease) return [lease.address];
  return network.vlans.flatMap(
    ({ segment }) => segment?.reservations.filter((reserved) => reserved.mac === mac).map(({ address }) => address) ?? [],
  );
}

function extraPort(context: Context, port: NetworkRecord["ports"][number], counters: Counted): PortView {
  const { leads } = port;
  const problem = context.networks.portTrouble(port.id);
  const far = leads.to === "network" ? context.networks.get(leads.network) : undefined;
  return {
    id: port.id,
    label: port.name,
    leadsTo: leads.to,
    network: leads.to === "network" && far ? { id: far.id, name: far.name, port: leads.port } : undefined,
    socket: leads.to === "socket" || leads.to === "mirror" ? context.ports.networks.socketPath(port.id) : undefined,
    bridge: leads.to === "lan" ? leads.bridge : undefined,
    mode: port.mode,
    isUp: port.isUp,
    isConnected: problem === undefined && (context.networks.isThere(port.id) ?? counters !== undefined),
    problem,
    guards: port.guards,
    quality: port.quality,
    addresses: [],
    counters: withoutPort(counters),
  };
}
