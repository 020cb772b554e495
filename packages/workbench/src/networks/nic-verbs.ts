// A machine's network cards. A running machine gets and loses them at once where its board can do that; the cable can be
// moved and pulled at any time.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { defaultGuards, foreignBoard, type MachineRecord, type MachineView, type NicModel, type NicSpec, untagged } from "@mimic/model";
import { type Context, findMachine, nowIso } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { machineView } from "../machines/view.ts";
import type { NicWish } from "../network-workbench.ts";
import { macFromId } from "./addresses.ts";
import { findNetwork, findNic, HOME } from "./find.ts";
import { settled } from "./port-settings.ts";
import { checkVlans } from "./vlan-verbs.ts";

/** Places on a board that cards can have (`place` 0 to 7). */
export const NIC_PLACES = 8;
const plugging = () => ({ signal: AbortSignal.timeout(20_000) });

export async function addNic(context: Context, wish: NicWish & { machine: string }): Promise<MachineView | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  return await context.networks.inTurn(actor.record.id, async () => {
    const nic = newNic(context, actor.record, actor.running?.run.hardware.nics ?? [], wish);
    if (isRefusal(nic)) return nic;
    await actor.running?.plugNic(nic, plugging());
    await changeNics(context, actor, (nics) => [...nics, nic].sort((a, b) => a.place - b.place), `network card ${nic.mac}`);
    context.events.publish({ kind: "nic.added", machineId: actor.record.id, nicId: nic.id, networkId: nic.network });
    await context.networks.refresh([nic.network]);
    return await machineView(context, actor);
  });
}

/** A card as wished, in the first free place, or why it cannot be. Pure but for the new id. */
export function newNic(
  context: Context,
  record: Pick<MachineRecord, "name" | "hardware">,
  running: readonly NicSpec[],
  wish: NicWish,
): NicSpec | Refusal {
  const { hardware, name } = record;
  const network = wishedNetwork(context, wish.network === undefined ? homeOrNone(context) : wish.network);
  if (isRefusal(network)) return network;
  const settings = settled({ mode: untagged, isUp: true, guards: defaultGuards, quality: { up: {}, down: {} } }, wish);
  const refused = network && checkVlans(network, settings.mode);
  if (refused) return refused;
  const taken = new Set([...hardware.nics, ...running].map(({ place }) => place));
  const places = foreignBoard(hardware)?.ownCard === undefined ? NIC_PLACES : 1;
  const place = Array.from({ length: places }, (_, at) => at).find((at) => !taken.has(at));
  if (place === undefined)
    return refusal(
      "nic.too_many",
      `“${name}” has ${places === 1 ? "a network card" : `${places} network cards`}, and its board has no place for more.`,
      "Take one out, or let one card carry several VLANs (a trunk).",
    );
  const id = context.ports.ids.make("nic") as string;
  const mac = wish.mac === undefined ? freeMac(context, id) : checkMac(context, wish.mac, id);
  if (isRefusal(mac)) return mac;
  const { mode: port, isUp, guards, quality } = settings;
  return { id, model: wish.model ?? usualModel(hardware), place, mac, network: network?.id ?? null, port, isUp, guards, quality };
}

/** virtio for systems of today, PCnet for the nineties; both are known to nearly every system of their time. */
export const usualModel = ({ board, disks }: Pick<MachineRecord["hardware"], "board" | "disks">): NicModel =>
  board === "i440fx" ? "pcnet" : disks.some(({ bus }) => bus === "sata" || bus === "ide") ? "e1000e" : "virtio";

const homeOrNone = (context: Context): string | null => context.networks.all().find(({ name }) => name === HOME)?.id ?? null;
const wishedNetwork = (context: Context, wanted: string | null) => (wanted === null ? undefined : findNetwork(context, wanted));

function holderOf(context: Context, mac: string, nicId: string): MachineActor | undefined {
  return [...context.actors.values()].find(({ record }) => record.hardware.nics.some((nic) => nic.mac === mac && nic.id !== nicId));
}

export function freeMac(context: Context, id: string): string {
  for (let turn = 0; ; turn++) {
    const mac = macFromId(id, turn);
    if (!holderOf(context, mac, id)) return mac;
  }
}

function checkMac(context: Context, mac: string, nicId: string): string | Refusal {
  const first = Number.parseInt(mac.slice(0, 2), 16);
  if (first & 1)
    return refusal(
      "nic.bad_mac",
      `${mac} is a group's address; a card needs one of its own.`,
      "The first byte must be even, for example 52:54:00:…",
    );
  const holder = holderOf(context, mac, nicId);
  if (!holder) return mac;
  return refusal(
    "nic.mac_taken",
    `A card of “${holder.record.name}” has the address ${mac} already.`,
    "Leave it to Mimic, or choose another one.",
  );
}

export async function changeNic(context: Context, wish: NicWish & { machine: string; nic: string }): Promise<MachineView | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const nic = findNic(context, actor, wish.nic);
  if (isRefusal(nic)) return nic;
  const { machine: _machine, nic: _nic, ...rest } = wish;
  return await changeNicOf(context, actor, nic.id, rest);
}

/** Also for a port that is a machine's card. */
export async function changeNicOf(context: Context, actor: MachineActor, nicId: string, wish: NicWish): Promise<MachineView | Refusal> {
  return await context.networks.inTurn(actor.record.id, async () => {
    const before = actor.record.hardware.nics.find(({ id }) => id === nicId);
    if (!before)
      return refusal(
        "nic.unknown",
        `The card of “${actor.record.name}” was taken out meanwhile.`,
        `See its cards: mimic show ${actor.record.name}`,
      );
    const after = changedNic(context, before, wish);
    if (isRefusal(after)) return after;
    const what = whatChanged(before, after);
    if (what.length === 0) return await machineView(context, actor);
    const isThere = actor.running?.run.hardware.nics.some(({ id }) => id === nicId) === true;
    const isMoved = before.network !== after.network;
    // Seen from the guest, a cable that is moved goes out and comes in: so it asks for an address again.
    if (isThere && (isMoved || !hasCarrier(after))) await actor.running?.setLink(nicId, false, plugging());
    await changeNics(context, actor, (nics) => nics.map((nic) => (nic.id === nicId ? after : nic)), what.join(", "));
    await context.networks.refresh([before.network, after.network]);
    if (isThere && hasCarrier(after) && (isMoved || !hasCarrier(before))) await actor.running?.setLink(nicId, true, plugging());
    context.events.publish({ kind: "nic.changed", machineId: actor.record.id, nicId, networkId: after.network, what: what.join(", ") });
    return await machineView(context, actor);
  });
}

export const hasCarrier = (nic: Pick<NicSpec, "isUp" | "network">): boolean => nic.isUp && nic.network !== null;

function changedNic(context: Context, before: NicSpec, wish: NicWish): NicSpec | Refusal {
  const wanted = wish.network === undefined ? before.network : wish.network;
  const network = wishedNetwork(context, wanted);
  // A card may name a network that is gone: only a new wish must fit.
  if (network && isRefusal(network) && wish.network !== undefined) return network;
  const isMoved = wish.network !== undefined && !isRefusal(network) && (network?.id ?? null) !== before.network;
  // Moved into another network, a card begins untagged: VLAN numbers mean something else there.
  const settings = settled(
    { mode: isMoved ? untagged : before.port, isUp: before.isUp, guards: before.guards, quality: before.quality },
    wish,
  );
  const refused = network && !isRefusal(network) && (isMoved || wish.mode) ? checkVlans(network, settings.mode) : undefined;
  if (refused) return refused;
  const mac = wish.mac === undefined ? before.mac : checkMac(context, wish.mac, before.id);
  if (isRefusal(mac)) return mac;
  const { mode: port, isUp, guards, quality } = settings;
  const id = network && !isRefusal(network) ? network.id : wanted;
  return { ...before, model: wish.model ?? before.model, mac, network: id, port, isUp, guards, quality };
}

const WORDS: Partial<Record<keyof NicSpec, string>> = {
  network: "network of its card",
  port: "VLAN of its card",
  isUp: "cable of its card",
  guards: "guards of its port",
  quality: "quality of its link",
  model: "model of its card",
  mac: "address of its card",
};

function whatChanged(before: NicSpec, after: NicSpec): string[] {
  const keys = Object.keys(WORDS) as (keyof NicSpec)[];
  return keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key])).map((key) => WORDS[key] as string);
}

export async function removeNic(context: Context, input: { machine: string; nic: string }): Promise<MachineView | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const nic = findNic(context, actor, input.nic);
  if (isRefusal(nic)) return nic;
  return await context.networks.inTurn(actor.record.id, async () => {
    await actor.running?.unplugNic(nic.id, plugging());
    await changeNics(context, actor, (nics) => nics.filter(({ id }) => id !== nic.id), `network card ${nic.mac} taken out`);
    context.events.publish({ kind: "nic.removed", machineId: actor.record.id, nicId: nic.id });
    await context.networks.refresh([nic.network]);
    // Forwards that led to it lead nowhere now.
    await context.networks.dropForwards((forward) => forward.nic === nic.id);
    return await machineView(context, actor);
  });
}

async function changeNics(context: Context, actor: MachineActor, change: (nics: NicSpec[]) => NicSpec[], what: string): Promise<void> {
  // Read again at the last moment: other parts of the record may have changed meanwhile.
  const { record } = actor;
  await actor.change({ ...record, hardware: { ...record.hardware, nics: change([...record.hardware.nics]) } }, what);
  await actor.noteRun();
  await context.ports.machines.tell(record.id, nowIso(context), `Changed: ${what}.`);
}
