// When machines come and go: their cables are put into the switch, and taken out of it.

import { messageOf, type Waiting } from "@mimic/base";
import type { NicSpec } from "@mimic/model";
import type { Context } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { followAutomaticForwards } from "./automatic-forwards.ts";
import { ensureHome } from "./network-verbs.ts";
import type { PluggedMachine } from "./plan-network.ts";
import { mendLinks } from "./port-verbs.ts";

/** Cards of machines whose hypervisor is there but whose boot has not ended yet. */
const booting = new WeakMap<MachineActor, readonly NicSpec[]>();

export async function plugIn(context: Context, actor: MachineActor, nics: readonly NicSpec[]): Promise<void> {
  booting.set(actor, nics);
  // Also where a card was a moment ago: it must leave there.
  await context.networks.refresh(actor.record.hardware.nics.map(({ network }) => network));
  // What it listened at went with it.
  if (nics.length === 0)
    await context.networks.dropForwards(
      (forward) => forward.isAutomatic && actor.record.hardware.nics.some(({ id }) => id === forward.nic),
    );
}

/** What the hypervisors have now, with the cables as the records say. */
export function pluggedMachines(actors: Context["actors"]): readonly PluggedMachine[] {
  return [...actors.values()].flatMap((actor) => {
    const there = actor.running?.run.hardware.nics ?? booting.get(actor) ?? [];
    const { id, name, hardware } = actor.record;
    const nics = there.flatMap((card) => {
      const wanted = hardware.nics.find((nic) => nic.id === card.id);
      return wanted ? [{ ...wanted, mac: card.mac, model: card.model }] : [];
    });
    return nics.length > 0 ? [{ id, name, nics }] : [];
  });
}

/** At a daemon's start: every plan again, which disturbs nobody, and what the switch knows. */
export async function bringNetworksBack(context: Context, options: Waiting & { readonly isWhole: boolean }): Promise<void> {
  await mendLinks(context);
  await ensureHome(context);
  const lanPorts = context.networks.all().flatMap(({ ports }) => ports.filter(({ leads }) => leads.to === "lan").map(({ id }) => id));
  // A record that cannot be read may be that of a cable which is in use.
  if (options.isWhole) await context.ports.lans.keepOnly(new Set(lanPorts));
  await context.networks.refresh(context.networks.all().map(({ id }) => id));
  await context.networks.learn(options);
  void followAutomaticForwards(context, context.networks.closing).catch((error: unknown) => {
    if (!context.networks.closing.aborted) context.ports.log.error("automatic forwards ended", { error: messageOf(error) });
  });
}
