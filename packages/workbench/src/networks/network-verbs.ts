// Making, showing, changing and removing networks.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { type NetworkRecord, type NetworkView, noGuards, type VlanSpec } from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import type { ChangeNetworkWish, CreateNetworkWish, OfNetwork } from "../network-workbench.ts";
import type { HostLink } from "../ports/index.ts";
import { checkRange, chooseRange, type Range4, rangesOf, readRange, segmentFor } from "./addresses.ts";
import { findNetwork, freeNetworkName, HOME, nicsOn } from "./find.ts";
import { decideLan } from "./lan.ts";
import { networkView } from "./network-view.ts";

export async function listNetworks(context: Context): Promise<{ networks: NetworkView[] }> {
  // The one that everybody has comes first.
  const order = (record: NetworkRecord) => `${record.name === HOME ? 0 : 1}${record.name}`;
  const records = [...context.networks.all()].sort((a, b) => order(a).localeCompare(order(b)));
  return { networks: await Promise.all(records.map((record) => networkView(context, record))) };
}

export async function showNetwork(context: Context, input: OfNetwork): Promise<NetworkView | Refusal> {
  const record = findNetwork(context, input.network);
  return isRefusal(record) ? record : await networkView(context, record);
}

export async function createNetwork(context: Context, wish: CreateNetworkWish): Promise<NetworkView | Refusal> {
  const name = freeNetworkName(context, wish.name);
  if (isRefusal(name)) return name;
  const kind = wish.kind ?? "nat";
  const lan = await lanFor(context, kind, wish.to);
  if (isRefusal(lan)) return lan;
  const id = context.ports.ids.make("net") as string;
  const vlans = await firstVlans(context, id, { kind, subnet: wish.subnet });
  if (isRefusal(vlans)) return vlans;
  const made: NetworkRecord = {
    id,
    name,
    kind,
    createdAt: nowIso(context),
    note: wish.note ?? "",
    mtu: wish.mtu ?? lan?.mtu ?? 1500,
    snooping: true,
    spanningTree: true,
    vlans,
    ports: lan ? [lanPort(context.ports.ids.make("prt") as string, lan.name)] : [],
    rules: [],
    forwards: [],
    dnsRecords: [],
    automaticForwards: true,
    layout: {},
  };
  // Asked again in its turn: two wishes for one name may be under way.
  const record = await context.networks.update(id, () => refusedName(context, wish.name) ?? made, "made");
  return isRefusal(record) ? record : await networkView(context, record);
}

function refusedName(context: Context, name: string): Refusal | undefined {
  const free = freeNetworkName(context, name);
  return isRefusal(free) ? free : undefined;
}

async function firstVlans(
  context: Context,
  id: string,
  { kind, subnet }: { kind: NetworkRecord["kind"]; subnet: string | undefined },
): Promise<VlanSpec[] | Refusal> {
  if (kind === "bridged" && subnet !== undefined)
    return refusal(
      "network.lan_gives_addresses",
      "Machines on a bridged network get their addresses from your LAN, as other computers there do.",
      "Leave the range out, or choose another kind.",
    );
  if (kind === "bare" || kind === "bridged") {
    if (subnet === undefined) return [{ id: 1, name: "" }];
    return refusal(
      "network.bare_has_no_addresses",
      "A bare network is a switch and nothing else: it gives no addresses out.",
      "Choose another kind, for example --kind isolated.",
    );
  }
  const segment = await newSegment(context, id, 1, subnet);
  return isRefusal(segment) ? segment : [{ id: 1, name: "", segment }];
}

/** A range of its own for a VLAN: as wished, or one that collides with nothing. */
export async function newSegment(
  context: Context,
  networkId: string,
  vlan: number,
  subnet: string | undefined,
): Promise<NonNullable<VlanSpec["segment"]> | Refusal> {
  const host = (await context.ports.survey.routes()).flatMap((text) => readRange(text) ?? []);
  // A VLAN that gets another range must not collide with its own old one.
  const others = context.networks
    .all()
    .map(({ id, name, vlans }) => ({ name, vlans: id === networkId ? vlans.filter((other) => other.id !== vlan) : vlans }));
  const range: Range4 | Refusal | undefined =
    subnet === undefined ? chooseRange([...host, ...others.flatMap(({ vlans }) => rangesOf(vlans))]) : checkRange(subnet, others, host);
  if (range === undefined)
    return refusal(
      "network.no_subnet_left",
      "No private address range is free any more.",
      "Remove a network, or name a range: --subnet 10.200.0.0/24",
    );
  return isRefusal(range) ? range : segmentFor(networkId, vlan, range);
}

/** What a bridged network is joined to; undefined for the others. */
async function lanFor(context: Context, kind: NetworkRecord["kind"], to: string | undefined): Promise<HostLink | undefined | Refusal> {
  if (kind === "bridged") return decideLan(await context.ports.lans.look(), to);
  if (to === undefined) return undefined;
  return refusal(
    "network.not_bridged",
    "Only a bridged network is joined to this computer's LAN.",
    "Add --kind bridged, or leave --to out.",
  );
}

/** What comes from the LAN is not ours to guard: its DHCP and its routers shall be heard. */
const lanPort = (id: string, bridge: string): NetworkRecord["ports"][number] => ({
  id,
  name: "lan",
  leads: { to: "lan", bridge },
  mode: { mode: "access", vlan: 1 },
  isUp: true,
  guards: noGuards,
  quality: { up: {}, down: {} },
});

/** On the first start of an installation there is a network already. */
export async function ensureHome(context: Context): Promise<void> {
  if (context.networks.all().length > 0) return;
  const made = await createNetwork(context, { name: HOME, kind: "nat", note: "Machines, this computer and the Internet." });
  if (isRefusal(made)) context.ports.log.error("the first network could not be made", { why: made.why });
}

export async function changeNetwork(context: Context, wish: ChangeNetworkWish): Promise<NetworkView | Refusal> {
  const found = findNetwork(context, wish.network);
  if (isRefusal(found)) return found;
  const { network: _network, name: wantedName, ...rest } = wish;
  const changes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Partial<NetworkRecord>;
  const isRenamed = wantedName !== undefined && wantedName !== found.name;
  const name = isRenamed ? freeNetworkName(context, wantedName) : found.name;
  if (isRefusal(name)) return name;
  const what = [...(isRenamed ? ["name"] : []), ...Object.keys(changes)].join(", ");
  if (what === "") return await networkView(context, found);
  const record = await context.networks.update(found.id, (now) => (now ? { ...now, ...changes, name } : goneMeanwhile(found)), what);
  return isRefusal(record) ? record : await networkView(context, record);
}

export const goneMeanwhile = (record: NetworkRecord): Refusal =>
  refusal("network.unknown", `The network “${record.name}” was removed meanwhile.`, "See what there is: mimic net ls");

export async function removeNetwork(context: Context, input: OfNetwork): Promise<object | Refusal> {
  const found = findNetwork(context, input.network);
  if (isRefusal(found)) return found;
  return (await context.networks.remove(found.id, (now) => inUse(context, now))) ?? {};
}

function inUse(context: Context, record: NetworkRecord): Refusal | undefined {
  const users = [...new Set(nicsOn(context, record.id).map(({ actor }) => `“${actor.record.name}”`))];
  const linked = record.ports.flatMap(({ leads }) => (leads.to === "network" ? [leads.network] : []));
  for (const id of new Set(linked)) {
    const other = context.networks.get(id);
    if (other) users.push(`the network “${other.name}” by a link`);
  }
  if (users.length === 0) return undefined;
  const some = users.length > 5 ? `${users.slice(0, 5).join(", ")} and ${users.length - 5} more` : users.join(", ");
  return refusal("network.in_use", `“${record.name}” is in use by ${some}.`, `Unplug them first: mimic net unplug MACHINE ${record.name}`);
}

/** Those given take the place of those before; a null is forgotten. */
export async function keepLayout(
  context: Context,
  input: OfNetwork & { places: Record<string, { x: number; y: number } | null> },
): Promise<object | Refusal> {
  const found = findNetwork(context, input.network);
  if (isRefusal(found)) return found;
  const record = await context.networks.update(
    found.id,
    (now) => (now ? { ...now, layout: withPlaces(now.layout, input.places) } : goneMeanwhile(found)),
    "layout",
  );
  return isRefusal(record) ? record : {};
}

function withPlaces(before: NetworkRecord["layout"], places: Record<string, { x: number; y: number } | null>): NetworkRecord["layout"] {
  const after = new Map(Object.entries(before));
  for (const [id, place] of Object.entries(places)) {
    if (place) after.set(id, place);
    else after.delete(id);
  }
  return Object.fromEntries(after);
}
