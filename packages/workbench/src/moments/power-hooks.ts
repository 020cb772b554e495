// What a start and an end mean beyond power: a machine that sleeps goes on where it was, one that forgets gets fresh
// disks with fresh keys before it starts, and leaves nothing when it ends.
import { messageOf } from "@mimic/base";
import type { Context } from "../context.ts";
import type { ActorNeeds, MachineActor } from "../machines/machine-actor.ts";
import { freshDisks } from "./fresh-disks.ts";
import { sweepLayers } from "./layers.ts";

export function powerHooks(context: Context): Pick<ActorNeeds, "beforeBoot" | "afterBoot" | "afterOff"> {
  const { ports } = context;
  return {
    async beforeBoot(actor, options) {
      const { record } = actor;
      const secrets = record.forgets ? await freshDisks(context, record, options) : undefined;
      const resume = record.asleep === undefined ? undefined : { statePath: ports.moments.statePath(record.id, record.asleep) };
      return { ...(resume && { resume }), ...(secrets && { secrets }), ...(record.forgets === "machine" && { traceless: true }) };
    },
    async afterBoot(actor) {
      const { asleep } = actor.record;
      if (asleep === undefined) return;
      await actor.change({ ...actor.record, asleep: undefined }, "awake");
      await ports.moments.remove(actor.record.id, asleep);
      await sweepLayers(context);
    },
    async afterOff(actor) {
      if (actor.record.forgets === "machine") await vanish(context, actor);
    },
  };
}

/** Without the trash: that is what it was made for. */
export async function vanish(context: Context, actor: MachineActor): Promise<void> {
  const { record } = actor;
  context.actors.delete(record.id);
  await context.ports.machines.vanish(record.id);
  context.events.publish({ kind: "machine.forgotten", machineId: record.id, name: record.name });
  await sweepLayers(context).catch((error: unknown) =>
    context.ports.log.warn("layers were not looked through", { error: messageOf(error) }),
  );
}
