// Holding a guest's file systems still while its disks are frozen, through its agent, where it has one that answers. What
// was held is let go whatever happens: at the end, after a bounded time, after a failure, and by the next daemon.
import { messageOf, plain, type Waiting } from "@mimic/base";
import type { MomentConsistency } from "@mimic/model";
import type { Context } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { GuestAgent } from "../ports/index.ts";

/** Whether an agent is there is known at once, or it is none that could help. */
const ANSWER_MS = 400;
/** Everything that its programs wrote goes to its disks first. */
const FREEZE_MS = 10_000;
/** Programs in the guest that write stand still for no longer. */
const HELD_MS = 5000;
const THAW_MS = 10_000;
const THAW_TRIES = 20;
/** Starting the program that lets the guest go should this daemon end: without it when that takes longer. */
const GUARD_MS = 2000;
/** Later than we would ever be: it is for the time when nobody is there. */
const GUARD_AFTER_SECONDS = Math.ceil((FREEZE_MS + HELD_MS) / 1000) + 5;

export interface HeldStill {
  /** Asked when the disks are frozen: a guest that was let go meanwhile held nothing still. */
  how(): { readonly consistency: MomentConsistency; readonly consistencyBecause?: string };
  letGo(): Promise<void>;
}

const asIs = (consistencyBecause: string): HeldStill => ({
  how: () => ({ consistency: "cut", consistencyBecause }),
  letGo: async () => {},
});

/** Never throws for a guest that does not help: that is said with the moment. */
export async function holdStill(context: Context, actor: MachineActor): Promise<HeldStill> {
  const { clock } = context.ports;
  const { running } = actor;
  if (running === undefined) return { how: () => ({ consistency: "off" }), letGo: async () => {} };
  if (running.paused) return asIs("it stood still and could not be asked");
  const { agent } = running;
  if (agent === undefined) return asIs("it has no guest agent");
  if (!(await answers(context, agent))) return asIs("its guest agent does not answer");
  await guard(context, actor, agent);
  try {
    const count = await within(context, FREEZE_MS, (signal) => agent.freeze({ signal }));
    if (count === 0) {
      await letGo(context, actor, agent);
      return asIs("nothing that could be held still is mounted in it");
    }
  } catch (error) {
    // It may come to rest later than we waited.
    await letGo(context, actor, agent);
    return asIs(plain(`its guest agent could not hold its file systems still (${messageOf(error)})`, 300));
  }
  const over = new AbortController();
  const since = clock.monotonicMs();
  let isLate = false;
  const late = clock.sleep(HELD_MS, { signal: over.signal }).then(
    async () => {
      isLate = true;
      await letGo(context, actor, agent);
    },
    () => {},
  );
  return {
    // A daemon that was held up itself may not have noticed yet.
    how: () =>
      isLate || clock.monotonicMs() - since > HELD_MS
        ? { consistency: "cut", consistencyBecause: "it took too long" }
        : { consistency: "frozen" },
    async letGo() {
      over.abort();
      if (!isLate) await letGo(context, actor, agent);
      await late;
    },
  };
}

/** A daemon that ended in the middle of it left the guest standing; the next one comes by here. */
export async function letGoAfterAbsence(context: Context, machineId: string, ran: boolean, options: Waiting): Promise<void> {
  const actor = context.actors.get(machineId);
  if (actor?.running === undefined) return;
  await actor.running.stopSaving({ goOn: ran && actor.running.paused }, options).catch((error: unknown) => {
    context.ports.log.warn("a saving that was cut off was not given up", { machineId, error: messageOf(error) });
  });
  const { agent } = actor.running;
  if (agent === undefined) return;
  void answers(context, agent, THAW_MS).then((isThere) => (isThere ? letGo(context, actor, agent) : undefined));
}

async function answers(context: Context, agent: GuestAgent, withinMs = ANSWER_MS): Promise<boolean> {
  return await within(context, withinMs, (signal) => agent.waitUntilReady({ signal })).then(
    () => true,
    () => false,
  );
}

/** Tries until it is done; what the first try does not do goes on beside. */
async function letGo(context: Context, actor: MachineActor, agent: GuestAgent): Promise<void> {
  if (await thaw(context, agent)) return;
  const { clock, log, machines } = context.ports;
  const machineId = actor.record.id;
  log.warn("a guest's file systems still stand", { machineId });
  void (async () => {
    for (let tries = 0; tries < THAW_TRIES && actor.running?.agent === agent; tries++) {
      await clock.sleep(1000, { signal: AbortSignal.timeout(60_000) }).catch(() => {});
      if (await thaw(context, agent)) return;
    }
    if (actor.running?.agent !== agent) return;
    const words = `The file systems in “${actor.record.name}” were held still for a moment of it, and its agent does not say that they go on. If programs in it hang, restart it.`;
    context.events.publish({ kind: "host.noticed", words });
    await machines.tell(machineId, new Date(clock.nowMs()).toISOString(), words);
  })().catch(() => {});
}

/** What guards the freeze ends after it: as long as it does not go on, that is what helps. */
async function thaw(context: Context, agent: GuestAgent): Promise<boolean> {
  try {
    await within(context, THAW_MS, (signal) => agent.thaw({ signal }));
  } catch {
    return false;
  }
  await within(context, THAW_MS, (signal) => agent.endGuards({ signal })).catch(() => {});
  return true;
}

/** No guard is no reason not to hold it still: the next daemon lets it go. */
async function guard(context: Context, { record }: MachineActor, agent: GuestAgent): Promise<void> {
  const isThere = await within(context, GUARD_MS, (signal) => agent.guardFreeze(GUARD_AFTER_SECONDS, { signal })).catch(() => false);
  if (!isThere) context.ports.log.debug("a guest could not be given a way out of its freeze", { machineId: record.id });
}

async function within<T>({ ports }: Context, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const over = new AbortController();
  ports.clock.sleep(ms, { signal: over.signal }).then(
    () => late.abort(new Error(`no answer within ${Math.ceil(ms / 1000)} s`)),
    () => {},
  );
  try {
    return await work(late.signal);
  } finally {
    over.abort();
  }
}
