// What a start and an end mean beyond power: a machine that sleeps goes on where it was, one that forgets gets fresh
// disks with fresh keys before it starts, and leaves nothing when it ends.
import { messageOf, type Waiting } from "@mimic/base";
import type { HardwareSpec, MachineRecord, MomentRecord } from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import { refreshAny } from "../disposables/identity.ts";
import type { ActorNeeds, MachineActor } from "../machines/machine-actor.ts";
import { needDisks } from "../storages/find-storage.ts";
import { moveToNewest } from "../templates/follow.ts";
import { putHomeInPlace } from "../templates/home-disk.ts";
import { whyNotWakeHere } from "../templates/saved-here.ts";
import { isUntouched } from "./freeze.ts";
import { freshDisks } from "./fresh-disks.ts";
import { layersOf, sweepLayers } from "./layers.ts";
import { mergeAgain, mergeLayers } from "./merge-layers.ts";

export function powerHooks(
  context: Context,
): Pick<ActorNeeds, "beforeBoot" | "beforeUsable" | "afterBoot" | "afterOff" | "makeWay" | "afterWork"> {
  const { ports } = context;
  return {
    async beforeBoot(actor, options) {
      await context.layerWork.makeWay(actor.record.id);
      await moveToNewest(context, actor, options);
      const { record } = actor;
      await needDisks(context, record.hardware);
      const secrets = record.forgets ? await freshDisks(context, record, options) : undefined;
      const from = context.wakeFrom.get(record.id);
      if (from?.process) return { process: from.process };
      const wakes = from?.moment ?? (await stillAsleep(context, actor, options)) ?? (await stillWakes(context, actor, options));
      const resume = wakes === undefined ? undefined : { statePath: ports.moments.statePath(record.id, wakes) };
      return { ...(resume && { resume }), ...(secrets && { secrets }) };
    },
    async beforeUsable({ agent }, { hardware }, options) {
      const why = await putHomeInPlace(hardware, agent, options);
      return why === undefined ? undefined : `its home disk is not in its place: ${why}`;
    },
    async afterBoot(actor) {
      const { asleep, wakes } = actor.record;
      const woke = asleep ?? context.wakeFrom.get(actor.record.id)?.moment ?? wakes;
      context.wakeFrom.delete(actor.record.id);
      if (woke !== undefined) void refreshAwake(context, actor);
      void mergeAgain(context);
      if (asleep !== undefined || wakes !== undefined)
        await actor.change({ ...actor.record, asleep: undefined, wakes: undefined }, "awake");
      if (asleep === undefined) return;
      await ports.moments.remove(actor.record.id, asleep);
      await sweepLayers(context);
    },
    async afterOff(actor) {
      if (actor.record.forgets === "machine") return await vanish(context, actor);
      if (context.closing || !layersOf(actor.record.hardware).length) return;
      context.routines.look(actor.record.id);
      // What could not be made one while it ran.
      void mergeLayers(context).catch(() => {});
    },
    async makeWay({ record, running }) {
      await context.layerWork.makeWay(record.id);
      // What a running QEMU has open it keeps, whatever became of the name.
      if (running === undefined) await needDisks(context, record.hardware);
    },
    afterWork: () => void mergeAgain(context),
  };
}

/** The moment that it wakes up from; when that cannot be, it is told, forgotten, and the machine is switched on. */
async function stillAsleep(context: Context, actor: MachineActor, options: Waiting): Promise<string | undefined> {
  const { ports } = context;
  const { record } = actor;
  if (record.asleep === undefined) return undefined;
  const moment = (await ports.moments.load(record.id)).find(({ id }) => id === record.asleep);
  const why =
    moment?.savedWith === undefined
      ? "its saved memory is not there"
      : ((await whyNotWakeHere(context, moment.savedWith, moment.hardware, options)) ??
        (isSame(moment.hardware, record.hardware) ? undefined : "its hardware was changed"));
  if (why === undefined) return record.asleep;
  await actor.change({ ...record, asleep: undefined }, "not woken up");
  await ports.machines.tell(record.id, new Date(ports.clock.nowMs()).toISOString(), `Its sleep is lost, so it is switched on: ${why}.`);
  await ports.moments.remove(record.id, record.asleep);
  return undefined;
}

/**
 * It went back to a moment with memory, and the daemon ended before it was started. Undefined when it goes on from its
 * disks alone: then that is told.
 */
async function stillWakes(context: Context, actor: MachineActor, options: Waiting): Promise<string | undefined> {
  const { ports } = context;
  const { record } = actor;
  if (record.wakes === undefined) return undefined;
  const moment = (await ports.moments.load(record.id)).find(({ id }) => id === record.wakes);
  const why =
    moment?.savedWith === undefined
      ? "it was deleted"
      : ((await whyNotWakeHere(context, moment.savedWith, moment.hardware, options)) ?? (await whatChanged(context, record, moment)));
  if (why === undefined) return record.wakes;
  await actor.change({ ...record, wakes: undefined }, "not woken up");
  const words = `It is switched on, and does not go on from the memory of ${moment ? `“${moment.name}”` : "the moment that it went back to"}: ${why}.`;
  await ports.machines.tell(record.id, nowIso(context), words);
  return undefined;
}

/** Memory fits only the very disks that it was kept with. */
async function whatChanged({ ports }: Context, record: MachineRecord, { hardware }: MomentRecord): Promise<string | undefined> {
  const sized = ({ disks, ...rest }: HardwareSpec) => ({ ...rest, disks: disks.map(({ id, sizeBytes }) => [id, sizeBytes]) });
  if (!isSame(sized(hardware), sized(record.hardware))) return "its hardware was changed since";
  for (const disk of record.hardware.disks)
    if (!disk.readOnly && !(await isUntouched(ports, record, disk))) return "its disks were written to since";
  return undefined;
}

type Compared = Omit<HardwareSpec, "disks"> & { readonly disks: unknown };
const isSame = (a: Compared, b: Compared): boolean =>
  JSON.stringify([a.memoryMiB, a.cpus, a.cpuModel, a.board, a.machineType, a.disks, a.display, a.nics.map(({ id }) => id)]) ===
  JSON.stringify([b.memoryMiB, b.cpus, b.cpuModel, b.board, b.machineType, b.disks, b.display, b.nics.map(({ id }) => id)]);

/** It slept through some time, and has the random numbers of then: both are told anew where its agent helps. */
async function refreshAwake(context: Context, actor: MachineActor): Promise<void> {
  const { ports } = context;
  const agent = actor.running?.agent;
  if (agent === undefined) return;
  try {
    const options = { signal: AbortSignal.timeout(15_000), random: ports.random, helper: ports.reseedProgram };
    await agent.waitUntilReady(options);
    await refreshAny(agent, ports.clock.nowMs(), options);
  } catch (error) {
    ports.log.warn("a woken machine was not told the time", { machineId: actor.record.id, error: messageOf(error) });
  }
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
