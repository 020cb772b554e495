// Ports: those that are no machine's are made and removed here; every port can be changed here.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { defaultGuards, type NetworkRecord, type NetworkView, noGuards, type PortMode, type TwoWayQuality } from "@mimic/model";
import type { Context } from "../context.ts";
import type { AddPortWish, OfNetwork, PortWish } from "../network-workbench.ts";
import { edit } from "./edit.ts";
import { findNetwork, findPort, portId } from "./find.ts";
import { networkView } from "./network-view.ts";
import { changeNicOf } from "./nic-verbs.ts";
import { type PortSettings, settled } from "./port-settings.ts";
import { checkVlans } from "./vlan-verbs.ts";

type ExtraPort = NetworkRecord["ports"][number];

const perfect: TwoWayQuality = { up: {}, down: {} };
const everything: PortMode = { mode: "trunk", native: 1, allowed: "all" };

export async function addPort(context: Context, wish: AddPortWish): Promise<NetworkView | Refusal> {
  const found = findNetwork(context, wish.network);
  if (isRefusal(found)) return found;
  if (wish.leads.to === "network") return await addLink(context, found, wish, wish.leads);
  const id = context.ports.ids.make("prt") as string;
  const leads = await leadsOf(context, found, id, wish.leads);
  if (isRefusal(leads)) return leads;
  const isTrusted = leads.to === "tunnel";
  const port = makePort(id, wish, leads, isTrusted);
  return await edit(
    context,
    found.id,
    `port ${port.name}`,
    (now) => checkVlans(now, port.mode) ?? freePortName(now, port.name) ?? withPort(now, port),
  );
}

function makePort(id: string, wish: AddPortWish, leads: ExtraPort["leads"], isTrusted: boolean): ExtraPort {
  const before: PortSettings = {
    mode: isTrusted ? everything : { mode: "access", vlan: 1 },
    isUp: true,
    guards: isTrusted ? noGuards : { ...defaultGuards, mac: false, ip: false },
    quality: perfect,
  };
  return { id, name: wish.name ?? `${leads.to}-${id.slice(-4)}`, leads, ...settled(before, wish) };
}

const withPort = (now: NetworkRecord, port: ExtraPort): NetworkRecord => ({ ...now, ports: [...now.ports, port] });

function freePortName(now: NetworkRecord, name: string): Refusal | undefined {
  if (!now.ports.some((port) => port.name === name)) return undefined;
  return refusal("port.name_taken", `“${now.name}” has a port called “${name}” already.`, "Choose another name: --name NAME");
}

async function leadsOf(
  context: Context,
  network: NetworkRecord,
  id: string,
  leads: Exclude<AddPortWish["leads"], { to: "network" }>,
): Promise<ExtraPort["leads"] | Refusal> {
  switch (leads.to) {
    case "socket":
      return { to: "socket" };
    case "mirror": {
      const of: string[] = [];
      for (const wanted of leads.of) {
        const port = findPort(context, network, wanted);
        if (isRefusal(port)) return port;
        of.push(portId(port));
      }
      return { to: "mirror", of };
    }
    case "tunnel": {
      const ways = [leads.listen, leads.dial].filter((way) => way !== undefined);
      if (ways.length !== 1)
        return refusal(
          "port.tunnel_needs_one_way",
          "One end of a tunnel listens and the other calls it.",
          "Give either --listen ADDRESS:PORT or --dial HOST:PORT.",
        );
      if (leads.key === undefined)
        return refusal(
          "port.tunnel_needs_key",
          "Both ends of a tunnel know one key.",
          "Make one of 32 bytes: head -c 32 /dev/urandom | xxd -p -c 64 > key; give it at both ends: --key-file key",
        );
      await context.ports.networks.saveKey(network.id, id, leads.key);
      return {
        to: "tunnel",
        ...(leads.listen !== undefined && { listen: leads.listen }),
        ...(leads.dial !== undefined && { dial: leads.dial }),
      };
    }
    default:
      return leads satisfies never;
  }
}

/** A cable between two networks is a port on each; written down first, so that a crash leaves none with one end. */
async function addLink(
  context: Context,
  near: NetworkRecord,
  wish: AddPortWish,
  leads: Extract<AddPortWish["leads"], { to: "network" }>,
): Promise<NetworkView | Refusal> {
  const far = findNetwork(context, leads.network);
  if (isRefusal(far)) return far;
  if (far.id === near.id)
    return refusal("port.link_to_itself", `A link from “${near.name}” to itself would be a loop.`, "Name another network.");
  const ids = { near: context.ports.ids.make("prt") as string, far: context.ports.ids.make("prt") as string };
  const base = { mode: { mode: "access", vlan: 1 } as PortMode, isUp: true, guards: noGuards, quality: perfect };
  const nearPort: ExtraPort = {
    id: ids.near,
    name: wish.name ?? `to-${far.name}`.slice(0, 63),
    leads: { to: "network", network: far.id, port: ids.far },
    ...settled(base, wish),
  };
  const farPort: ExtraPort = {
    id: ids.far,
    name: `to-${near.name}`.slice(0, 63),
    leads: { to: "network", network: near.id, port: ids.near },
    ...settled(base, { mode: leads.mode ?? wish.mode, guards: wish.guards }),
  };
  const refused =
    checkVlans(near, nearPort.mode) ??
    checkVlans(far, farPort.mode) ??
    freePortName(near, nearPort.name) ??
    freePortName(far, farPort.name);
  if (refused) return refused;
  const entry = await context.ports.journal.begin({ op: "network.link", networks: [near.id, far.id] });
  const there = await edit(context, far.id, `link to ${near.name}`, (now) => withPort(now, farPort));
  const here = isRefusal(there) ? there : await edit(context, near.id, `link to ${far.name}`, (now) => withPort(now, nearPort));
  // The near network went away meanwhile: no end may stay alone.
  if (isRefusal(here) && !isRefusal(there)) await edit(context, far.id, "link undone", (now) => without(now, ids.far));
  await entry.close();
  return here;
}

const without = (now: NetworkRecord, id: string): NetworkRecord => ({ ...now, ports: now.ports.filter((port) => port.id !== id) });

export async function changePort(
  context: Context,
  wish: OfNetwork & PortWish & { port: string; name?: string | undefined },
): Promise<NetworkView | Refusal> {
  const found = findNetwork(context, wish.network);
  if (isRefusal(found)) return found;
  const port = findPort(context, found, wish.port);
  if (isRefusal(port)) return port;
  if (port.kind === "nic") {
    const { mode, isUp, guards, quality, profile } = wish;
    const changed = await changeNicOf(context, port.plugged.actor, port.plugged.nic.id, { mode, isUp, guards, quality, profile });
    if (isRefusal(changed)) return changed;
    return await networkView(context, context.networks.get(found.id) ?? found);
  }
  const { id } = port;
  return await edit(context, found.id, `port ${wish.port}`, (now) => {
    const before = now.ports.find((other) => other.id === id);
    if (!before) return refusal("port.unknown", "The port was removed meanwhile.", `See its ports: mimic net show ${now.name}`);
    const next = { ...before, name: wish.name ?? before.name, ...settled(before, wish) };
    return checkVlans(now, next.mode) ?? { ...now, ports: now.ports.map((other) => (other.id === id ? next : other)) };
  });
}

export async function removePort(context: Context, input: OfNetwork & { port: string }): Promise<NetworkView | Refusal> {
  const found = findNetwork(context, input.network);
  if (isRefusal(found)) return found;
  const port = findPort(context, found, input.port);
  if (isRefusal(port)) return port;
  if (port.kind === "nic") {
    const { name } = port.plugged.actor.record;
    return refusal(
      "port.of_a_machine",
      `This port is the network card of “${name}”.`,
      `Take the card out instead: mimic net unplug ${name} ${found.name}`,
    );
  }
  const leads = found.ports.find(({ id }) => id === port.id)?.leads;
  if (leads?.to === "lan")
    return refusal(
      "port.is_the_lan",
      `This port is what joins “${found.name}” to the bridge “${leads.bridge}”: without it the network would not be bridged.`,
      `Pull its cable: mimic net set ${found.name} --port ${input.port} --cable out. Or remove the network: mimic net rm ${found.name}`,
    );
  if (leads?.to === "network" && context.networks.get(leads.network)) {
    const entry = await context.ports.journal.begin({ op: "network.link", networks: [found.id, leads.network] });
    await edit(context, leads.network, `link to ${found.name} removed`, (now) => without(now, leads.port));
    const here = await edit(context, found.id, "link removed", (now) => without(now, port.id));
    await entry.close();
    return here;
  }
  const rest = await edit(context, found.id, `port ${input.port} removed`, (now) => without(now, port.id));
  if (leads?.to === "tunnel" && !isRefusal(rest)) await context.ports.networks.forgetKey(found.id, port.id);
  return rest;
}

/** What a crash between the two ends of a link left: ends that nobody names back go. */
export async function mendLinks(context: Context): Promise<void> {
  const all = context.networks.all();
  for (const record of all) {
    const loose = record.ports.filter(
      ({ id, leads }) =>
        leads.to === "network" &&
        !all.some(
          (other) =>
            other.id === leads.network &&
            other.ports.some((far) => far.id === leads.port && far.leads.to === "network" && far.leads.port === id),
        ),
    );
    for (const { id } of loose) await edit(context, record.id, "half a link cleared away", (now) => without(now, id));
  }
}
