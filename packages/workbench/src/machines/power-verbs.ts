// start, stop, restart, kill, pause, resume, reset: ask the mailbox, then wait for what it made true.
import { formatDuration, isRefusal, type LongWork, MimicError, type Refusal } from "@mimic/base";
import type { JobView, MachineView } from "@mimic/model";
import { type Context, findMachine } from "../context.ts";
import type { JobResult } from "../jobs/job-board.ts";
import { whyDisksAway } from "../storages/find-storage.ts";
import type { StopWish } from "../workbench.ts";
import { decideStart } from "./decide-start.ts";
import type { MachineActor } from "./machine-actor.ts";
import { machineView } from "./view.ts";

/** How long a guest may take to shut down before Mimic says that it does not. */
export const GRACE_MS = 120_000;

const isOff = (actor: MachineActor) => actor.state.power === "stopped" || actor.state.power === "failed";

export async function startMachine(
  context: Context,
  input: { machine: string; wait?: "usable" | "running" | undefined },
): Promise<{ job: JobView } | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  if (isOff(actor)) {
    const refused =
      (await whyDisksAway(context, actor.record.hardware)) ??
      decideStart(actor.record.name, actor.record.hardware, await context.ports.survey.survey());
    if (refused) return refused;
  }
  const job = context.jobs.run({ kind: "machine.start", title: `Start “${actor.record.name}”`, subjects: [actor.record.id] }, (work) =>
    bringUp(actor, input.wait ?? "usable", work),
  );
  return { job };
}

/** The story of a start. Cancelling it ends what it began, and only that. */
export async function bringUp(actor: MachineActor, wait: "usable" | "running", { signal, report }: LongWork): Promise<JobResult | Refusal> {
  const name = actor.record.name;
  report({ words: `Switching on “${name}”` });
  const answer = actor.ask({ kind: "start" }, report);
  if (answer.kind === "refused") return answer;
  const began = answer.kind === "accepted";
  try {
    await actor.until(() => actor.state.power !== "starting", signal);
    if (isOff(actor)) throw failureOf(actor);
    if (wait === "running") return { machine: actor.record.id, words: `“${name}” runs.` };
    report({ words: `Waiting until “${name}” is usable` });
    await untilUsable(actor, signal);
    return { machine: actor.record.id, words: `“${name}” is usable: ${actor.usableBy}.` };
  } catch (error) {
    if (signal.aborted && began) actor.ask({ kind: "kill" });
    throw error;
  }
}

async function untilUsable(actor: MachineActor, signal: AbortSignal): Promise<void> {
  const { withinMs } = actor.record.readiness;
  const limit = AbortSignal.timeout(withinMs);
  try {
    const known = (): boolean => actor.usableBy !== undefined || actor.notUsable !== undefined || isOff(actor);
    await actor.until(known, AbortSignal.any([signal, limit]));
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    const name = actor.record.name;
    throw new MimicError(
      "machine.not_usable",
      `“${name}” runs, but after ${formatDuration(withinMs)} it still gives no sign that it is usable.`,
      {
        hint: `Look at its screen (mimic open) or its console (mimic console ${name}). It is left running.`,
      },
    );
  }
  if (isOff(actor)) throw failureOf(actor);
  if (actor.usableBy === undefined && actor.notUsable !== undefined)
    throw new MimicError("machine.home_missing", `“${actor.record.name}” runs, but ${actor.notUsable}.`, {
      hint: `What is written in it now vanishes when it stops. Look at it: mimic shell ${actor.record.name}`,
    });
}

function failureOf(actor: MachineActor): unknown {
  if (actor.state.power === "failed" && actor.lastFailure) return actor.lastFailure;
  return new MimicError("machine.ended_early", `“${actor.record.name}” went off before it was usable: ${actor.state.because}.`, {
    hint: `See what it said: mimic logs ${actor.record.name} --serial`,
  });
}

export async function stopMachine(context: Context, input: StopWish): Promise<{ job: JobView } | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const job = context.jobs.run({ kind: "machine.stop", title: `Shut down “${actor.record.name}”`, subjects: [actor.record.id] }, (work) =>
    bringDown(actor, input, work),
  );
  return { job };
}

/** Asks the guest, waits, and pulls the plug only when told to. */
export async function bringDown(
  actor: MachineActor,
  wish: { graceMs?: number | undefined; thenKill?: boolean | undefined },
  { signal, report }: LongWork,
): Promise<JobResult | Refusal> {
  const name = actor.record.name;
  const graceMs = wish.graceMs ?? GRACE_MS;
  report({ words: `Asking “${name}” to shut down` });
  const answer = actor.ask({ kind: "stop" });
  if (answer.kind === "refused" && !wish.thenKill) return answer;
  if (answer.kind === "already") return { machine: actor.record.id, words: `“${name}” is off.` };
  if (answer.kind === "accepted") {
    const limit = AbortSignal.timeout(graceMs);
    try {
      await actor.until(() => isOff(actor), AbortSignal.any([signal, limit]));
      return { machine: actor.record.id, words: `“${name}” is off.` };
    } catch (error) {
      if (signal.aborted || !limit.aborted) throw error;
    }
  }
  if (!wish.thenKill) {
    throw new MimicError("machine.would_not_stop", `“${name}” was asked to shut down ${formatDuration(graceMs)} ago and still runs.`, {
      hint: `Look at its screen: its system may be asking something. To end it at once: mimic kill ${name}`,
    });
  }
  report({ words: `“${name}” did not shut down in ${formatDuration(graceMs)}: ending it` });
  actor.ask({ kind: "kill" });
  await actor.until(() => isOff(actor), signal);
  return { machine: actor.record.id, words: `“${name}” was ended: it did not shut down by itself.` };
}

export async function restartMachine(context: Context, input: StopWish): Promise<{ job: JobView } | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const job = context.jobs.run(
    { kind: "machine.restart", title: `Restart “${actor.record.name}”`, subjects: [actor.record.id] },
    async (work) => {
      const down = await bringDown(actor, input, work);
      return isRefusal(down) ? down : await bringUp(actor, "usable", work);
    },
  );
  return { job };
}

type Immediate = "kill" | "pause" | "resume" | "reset";
const REACHED: Record<Immediate, (actor: MachineActor) => boolean> = {
  kill: isOff,
  pause: (actor) => actor.state.power !== "running",
  resume: (actor) => actor.state.power !== "paused",
  reset: () => true,
};

/** Verbs that take effect at once: answers with the machine as it is then. */
export async function powerVerb(context: Context, verb: Immediate, input: { machine: string }): Promise<MachineView | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const answer = actor.ask({ kind: verb });
  if (answer.kind === "refused") return answer;
  if (answer.kind === "accepted") {
    const limit = AbortSignal.timeout(15_000);
    await actor
      .until(() => REACHED[verb](actor), limit)
      .catch(() => {
        throw new MimicError("machine.did_not_obey", `“${actor.record.name}” did not ${verb} within 15 seconds.`, {
          hint: `Try again, or look at its log: mimic logs ${actor.record.name}`,
        });
      });
  }
  return await machineView(context, actor);
}
