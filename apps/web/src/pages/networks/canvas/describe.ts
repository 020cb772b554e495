// What each thing of the picture is called, for screen readers and for tooltips. One sentence, the name first.
import { plain } from "@mimic/base";
import { capturedNow, type MachineView, type NetworkView } from "@mimic/model";
import { shownName } from "../../../queries.ts";
import { POWER_WORDS } from "../../../words.ts";
import { type NicThing, nicsOf, type PortThing, type World } from "../things.ts";
import { KIND_WORDS, linkInWords, modeInWords } from "../words.ts";

export function describeMachine(world: World, machine: MachineView): string {
  const nics = nicsOf(world, machine);
  const on = nics.flatMap(({ network }) => (network ? [shownName(network.name)] : []));
  const where = nics.length === 0 ? "has no network card" : on.length === 0 ? "not plugged in" : `on ${on.join(" and ")}`;
  return `${shownName(machine.name)}: ${POWER_WORDS[machine.power].toLowerCase()}, ${where}`;
}

export function describeNic({ machine, nic, network, port, number }: NicThing): string {
  const name = shownName(machine.name);
  const card = machine.hardware.nics.length > 1 ? ` (card ${number})` : "";
  if (!network) return `${name}${card}: no cable`;
  const state = port ? linkInWords(port) : nic.isUp ? "Connected" : "Cable pulled";
  return `Cable of ${name}${card} to ${shownName(network.name)}: ${state.toLowerCase()}, ${modeInWords(nic.port)}`;
}

const LEADS = {
  machine: "machine",
  network: "Link to another network",
  socket: "Port for another program",
  tunnel: "Tunnel to another computer",
  mirror: "Mirror port",
  lan: "Cable to this computer’s LAN",
} as const;
export function describePort({ port, network }: PortThing): string {
  const to = port.network
    ? `Link from ${shownName(network.name)} to ${shownName(port.network.name)}`
    : `${LEADS[port.leadsTo]} “${plain(port.label, 63)}” of ${shownName(network.name)}`;
  return `${to}: ${linkInWords(port).toLowerCase()}, ${modeInWords(port.mode)}`;
}

export function describeNetwork(network: NetworkView): string {
  const count = network.ports.length;
  const captured = capturedNow(network);
  const trouble = network.state === "trouble" ? ` Trouble: ${plain(network.because, 200)}` : "";
  return `Network ${shownName(network.name)} (${KIND_WORDS[network.kind].field}): ${count === 1 ? "1 port" : `${count} ports`}, ${network.vlans.length === 1 ? "1 VLAN" : `${network.vlans.length} VLANs`}.${trouble}${captured ? ` Captured now: ${plain(captured, 200)}.` : ""}`;
}

export function describeGateway(network: NetworkView): string {
  const { gateway } = network;
  const out = gateway?.reachesInternet ? "leads to the Internet through this computer" : "leads nowhere else";
  return `Gateway of ${shownName(network.name)}${gateway?.feet[0]?.v4 ? `, ${gateway.feet[0].v4}` : ""}: ${out}`;
}
