// Looking: counters, dropped frames and why, what would become of a frame, captures; and a way in through the gateway.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { DROP_WORDS, type DropView, type NetworkRecord, type PortCounters, type TraceStepView, wordsOfRefusal } from "@mimic/model";
import { type Context, findMachine, nowIso } from "../context.ts";
import type { CaptureRequest, OfNetwork } from "../network-workbench.ts";
import type { CaptureOf, FabricConnection } from "../ports/index.ts";
import { findNetwork, findNic, findPort, nicsOn, portId } from "./find.ts";
import { addressesOf } from "./network-view.ts";

const soon = () => ({ signal: AbortSignal.timeout(10_000) });

export async function networkCounters(context: Context, input: OfNetwork): Promise<{ at: string; ports: PortCounters[] } | Refusal> {
  const found = findNetwork(context, input.network);
  if (isRefusal(found)) return found;
  const ports = await context.ports.fabric.counters(found.id, soon());
  return { at: nowIso(context), ports: [...ports] };
}

export async function networkDrops(
  context: Context,
  input: OfNetwork & { port?: string | undefined },
): Promise<{ drops: DropView[] } | Refusal> {
  const found = findNetwork(context, input.network);
  if (isRefusal(found)) return found;
  const port = input.port === undefined ? undefined : findPort(context, found, input.port);
  if (port && isRefusal(port)) return port;
  const notes = await context.ports.fabric.drops(found.id, { ...soon(), port: port && portId(port) });
  const label = labels(context, found);
  return {
    drops: notes.map((note) => {
      const { reason, rule } = note;
      const { words, hint } = (rule !== undefined && wordsOfRefusal({ reason, rule }, found.rules)) || DROP_WORDS[reason];
      const portLabel = label(note.port);
      return { ...note, portLabel, words, hint: hint.replaceAll("NETWORK", found.name).replaceAll("PORT", portLabel) };
    }),
  };
}

function labels(context: Context, network: NetworkRecord): (port: string) => string {
  const known = new Map<string, string>(nicsOn(context, network.id).map(({ actor, nic }) => [nic.id, actor.record.name]));
  for (const { id, name } of network.ports) known.set(id, name);
  return (port) => known.get(port) ?? (port === "gateway" ? "the gateway" : port);
}

export async function traceFrame(
  context: Context,
  input: OfNetwork & { from: string; to: string; protocol?: "icmp" | "tcp" | "udp" | undefined; toPort?: number | undefined },
): Promise<{ steps: TraceStepView[] } | Refusal> {
  const found = findNetwork(context, input.network);
  if (isRefusal(found)) return found;
  const port = findPort(context, found, input.from);
  if (isRefusal(port)) return port;
  if (port.kind === "nic" && !port.plugged.actor.running) {
    const { name } = port.plugged.actor.record;
    return refusal("machine.not_running", `“${name}” is off, so it can send nothing.`, `Start it: mimic start ${name}`);
  }
  const question = {
    fromPort: portId(port),
    to: input.to,
    protocol: input.protocol ?? (input.toPort === undefined ? "icmp" : "tcp"),
    toPort: input.toPort,
  } as const;
  return { steps: [...(await context.ports.fabric.trace(found.id, question, soon()))] };
}

export function openCapture(
  context: Context,
  input: CaptureRequest,
  options: { signal: AbortSignal },
): AsyncIterable<Uint8Array> | Refusal {
  const found = findNetwork(context, input.network);
  if (isRefusal(found)) return found;
  const what = captureOf(context, found, input);
  if (isRefusal(what)) return what;
  const wish = { what, filter: input.filter ?? "", snapLength: input.snapLength ?? 0, withDrops: input.withDrops ?? false };
  const shown = { ...(what.of === "port" && { port: what.port }), ...(what.of === "vlan" && { vlan: what.vlan }), since: nowIso(context) };
  return context.networks.captures.show(found.id, shown, context.ports.fabric.capture(found.id, wish, options));
}

function captureOf(context: Context, network: NetworkRecord, { port, vlan }: CaptureRequest): CaptureOf | Refusal {
  if (port !== undefined) {
    const found = findPort(context, network, port);
    return isRefusal(found) ? found : { of: "port", port: portId(found) };
  }
  if (vlan === undefined) return { of: "network" };
  if (network.vlans.some(({ id }) => id === vlan)) return { of: "vlan", vlan };
  return refusal("vlan.unknown", `The network “${network.name}” has no VLAN ${vlan}.`, `See its VLANs: mimic net show ${network.name}`);
}

/** Needs a gateway on the network and an address of the machine that the gateway knows. */
export async function connectToMachine(
  context: Context,
  input: { machine: string; port: number; nic?: string | undefined },
  options: { signal: AbortSignal },
): Promise<FabricConnection | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const { name, hardware } = actor.record;
  if (!actor.running) return refusal("machine.not_running", `“${name}” is ${actor.state.power}.`, `Start it: mimic start ${name}`);
  const wanted = input.nic === undefined ? undefined : findNic(context, actor, input.nic);
  if (wanted && isRefusal(wanted)) return wanted;
  for (const nic of wanted ? [wanted] : hardware.nics) {
    const network = nic.network === null ? undefined : context.networks.get(nic.network);
    const address = network && addressesOf(context, network, nic.mac)[0];
    if (network && address !== undefined) return await context.ports.fabric.connect(network.id, { address, port: input.port }, options);
  }
  return refusal(
    "machine.no_address",
    `“${name}” has no address that Mimic knows of.`,
    hardware.nics.length === 0
      ? `Plug it into a network: mimic net plug ${name} home`
      : `Its system must ask for one (DHCP). See who has which: mimic net lease NETWORK`,
  );
}
