// VLANs: broadcast domains of one network, by number, with a name and (when wished) a foot of the gateway.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import type { NetworkRecord, NetworkView, PortMode, VlanSpec } from "@mimic/model";
import type { Context } from "../context.ts";
import type { OfNetwork, VlanWish } from "../network-workbench.ts";
import { edit } from "./edit.ts";
import { findNetwork, nicsOn } from "./find.ts";
import { newSegment } from "./network-verbs.ts";

export async function setVlan(context: Context, wish: VlanWish): Promise<NetworkView | Refusal> {
  const found = findNetwork(context, wish.network);
  if (isRefusal(found)) return found;
  const before = found.vlans.find(({ id }) => id === wish.vlan);
  const segment = await wishedSegment(context, found, wish, before);
  if (isRefusal(segment)) return segment;
  const vlan: VlanSpec = { id: wish.vlan, name: wish.name ?? before?.name ?? "", ...(segment && { segment }) };
  return await edit(context, found.id, `VLAN ${wish.vlan}`, (now) => {
    const others = now.vlans.filter(({ id }) => id !== wish.vlan);
    if (others.length >= 64)
      return refusal(
        "network.too_many_vlans",
        `“${now.name}” has 64 VLANs already.`,
        "Remove one, or make another network and link the two.",
      );
    return { ...now, vlans: [...others, vlan].sort((a, b) => a.id - b.id) };
  });
}

/** A gateway's foot stays as it is unless another one, or none, is wished. A new VLAN gets one where the network has a gateway. */
async function wishedSegment(
  context: Context,
  network: NetworkRecord,
  { vlan, gateway, subnet }: VlanWish,
  before: VlanSpec | undefined,
): Promise<VlanSpec["segment"] | Refusal> {
  const canHave = network.kind !== "bare" && network.kind !== "bridged";
  if (!canHave && (gateway === true || subnet !== undefined))
    return refusal(
      "network.bare_has_no_addresses",
      `“${network.name}” is a switch and nothing else: it gives no addresses out.`,
      "Make a network of another kind, for example --kind isolated.",
    );
  if (gateway === false || !canHave) return undefined;
  if (before?.segment && subnet === undefined) return before.segment;
  if (before && !before.segment && gateway === undefined && subnet === undefined) return undefined;
  const segment = await newSegment(context, network.id, vlan, subnet);
  if (isRefusal(segment)) return segment;
  return { ...segment, reservations: [] };
}

export const vlansOf = (mode: PortMode): readonly number[] => {
  switch (mode.mode) {
    case "trunk":
      return [...(mode.native === undefined ? [] : [mode.native]), ...(mode.allowed === "all" ? [] : mode.allowed)];
    default:
      return [mode.vlan];
  }
};

/** A port may name only VLANs that the network has: a mistyped number would be a port that reaches nobody. */
export function checkVlans(network: NetworkRecord, mode: PortMode): Refusal | undefined {
  const missing = vlansOf(mode).find((vlan) => !network.vlans.some(({ id }) => id === vlan));
  if (missing === undefined) return undefined;
  const has = network.vlans.map(({ id }) => id).join(", ");
  return refusal(
    "vlan.unknown",
    `The network “${network.name}” has no VLAN ${missing}; it has ${has || "none"}.`,
    `Make it first: mimic net vlan ${network.name} ${missing}`,
  );
}

export async function removeVlan(context: Context, input: OfNetwork & { vlan: number }): Promise<NetworkView | Refusal> {
  return await edit(context, input.network, `VLAN ${input.vlan} removed`, (now) => {
    if (!now.vlans.some(({ id }) => id === input.vlan))
      return refusal("vlan.unknown", `The network “${now.name}” has no VLAN ${input.vlan}.`, `See its VLANs: mimic net show ${now.name}`);
    const machine = nicsOn(context, now.id).find(({ nic }) => vlansOf(nic.port).includes(input.vlan));
    const extra = now.ports.find(({ mode }) => vlansOf(mode).includes(input.vlan));
    const user = machine?.actor.record.name ?? extra?.name;
    if (user !== undefined)
      return refusal(
        "vlan.in_use",
        `VLAN ${input.vlan} is in use by “${user}”.`,
        `Put it into another one first: mimic net vlan ${now.name} --port ${user} --access 1`,
      );
    return { ...now, vlans: now.vlans.filter(({ id }) => id !== input.vlan) };
  });
}
