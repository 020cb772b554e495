// Which network, which port, which card is meant: by id, by name, or by what people see.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { findByName, type Name, type NetworkRecord, type NicSpec, readName } from "@mimic/model";
import type { Context } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";

/** The network that machines are plugged into when nobody says otherwise. */
export const HOME = "home";

export function findNetwork(context: Context, wanted: string): NetworkRecord | Refusal {
  const found = findByName(
    context.networks.all().map((record) => ({ id: record.id, name: record.name as string, record })),
    wanted,
    "network",
  );
  return isRefusal(found) ? found : found.item.record;
}

export function freeNetworkName(context: Context, wanted: string): Name | Refusal {
  const name = readName(wanted);
  if (isRefusal(name)) return name;
  if (!context.networks.all().some((record) => record.name === name)) return name;
  return refusal("network.name_taken", `There is a network called “${name}” already.`, `Choose another name, for example “${name}-2”.`);
}

export interface PluggedNic {
  readonly actor: MachineActor;
  readonly nic: NicSpec;
}

/** The cards whose cable leads to the network; of machines that are off too. */
export function nicsOn(context: Context, networkId: string): readonly PluggedNic[] {
  return [...context.actors.values()].flatMap((actor) =>
    actor.record.hardware.nics.filter((nic) => nic.network === networkId).map((nic) => ({ actor, nic })),
  );
}

export type FoundPort = { readonly kind: "nic"; readonly plugged: PluggedNic } | { readonly kind: "extra"; readonly id: string };

/** A port of the network: by its id, its own name, the machine there, or the card's MAC. */
export function findPort(context: Context, network: NetworkRecord, wanted: string): FoundPort | Refusal {
  const nics = nicsOn(context, network.id);
  const plugged =
    nics.find(({ nic }) => nic.id === wanted || nic.mac === wanted.toLowerCase()) ??
    onlyOne(nics.filter(({ actor }) => actor.record.name === wanted || actor.record.id === wanted));
  if (plugged === "several")
    return refusal(
      "port.ambiguous",
      `“${wanted}” has several cards on “${network.name}”.`,
      `Say which by its MAC address: mimic net show ${network.name}`,
    );
  if (plugged) return { kind: "nic", plugged };
  const extra = network.ports.find(({ id, name }) => id === wanted || name === wanted);
  if (extra) return { kind: "extra", id: extra.id };
  return refusal(
    "port.unknown",
    `There is nothing called “${wanted.slice(0, 80)}” on the network “${network.name}”.`,
    `See its ports: mimic net show ${network.name}`,
  );
}

export const portId = (port: FoundPort): string => (port.kind === "nic" ? port.plugged.nic.id : port.id);

const onlyOne = <T>(items: readonly T[]): T | "several" | undefined => (items.length > 1 ? "several" : items[0]);

/** A card of a machine: by its id, MAC, number from 1, or the network that it is on. */
export function findNic(context: Context, actor: MachineActor, wanted: string): NicSpec | Refusal {
  const { nics } = actor.record.hardware;
  const nic =
    nics.find(({ id, mac }) => id === wanted || mac === wanted.toLowerCase()) ??
    (/^[1-9]$/.test(wanted) ? nics[Number(wanted) - 1] : undefined) ??
    onlyOne(nics.filter(({ network }) => network !== null && (network === wanted || context.networks.get(network)?.name === wanted)));
  if (nic === "several")
    return refusal(
      "nic.ambiguous",
      `“${actor.record.name}” has several cards on “${wanted}”.`,
      `Say which by its number or MAC address: mimic show ${actor.record.name}`,
    );
  return (
    nic ??
    refusal(
      "nic.unknown",
      `“${actor.record.name}” has no network card “${wanted.slice(0, 80)}”.`,
      `See its cards: mimic show ${actor.record.name}`,
    )
  );
}
