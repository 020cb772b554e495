// “Same disk, other computer”, tried first: a copy of a stopped machine with other hardware, started at once. Its disks
// are thin layers of their own, so that whatever the system does to itself on the strange hardware, the machine that is
// tried for stays as it is.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import type { JobView, Name } from "@mimic/model";
import { type Context, findMachine } from "../context.ts";
import type { TryWish } from "../workbench.ts";
import { changeMachine } from "./change-machine.ts";
import { cloneMachine } from "./clone-machine.ts";
import { startMachine } from "./power-verbs.ts";

export async function tryOut(context: Context, wish: TryWish): Promise<{ job: JobView } | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const name = freeTrialName(context, actor.record.name);
  const cloned = cloneMachine(context, { machine: actor.record.id, name });
  if (isRefusal(cloned)) return cloned;
  const job = context.jobs.run(
    { kind: "machine.try", title: `Try “${actor.record.name}” on another computer`, subjects: [actor.record.id] },
    async (work) => {
      const copied = await awaitJob(context, cloned.job, work.signal);
      if (isRefusal(copied)) return copied;
      work.report({ words: "Changing its hardware" });
      const changed = await changeMachine(context, { machine: name, hardware: wish.hardware, bus: wish.bus });
      if (isRefusal(changed)) return changed;
      const notices = changed.changes.map(({ what, why }) => `${what}: ${why}`).join(" ");
      const started = await startMachine(context, { machine: name, wait: "usable" });
      if (isRefusal(started)) return started;
      const ran = await awaitJob(context, started.job, work.signal);
      if (isRefusal(ran)) return ran;
      return {
        machine: changed.id,
        words: `It works: “${name}” is usable on the other hardware, and “${actor.record.name}” is as it was. Remove the trial: mimic rm ${name}`,
        notices,
      };
    },
  );
  return { job };
}

/** Resolves when the job is done; its failure becomes ours, with the trial still there to be looked at. */
async function awaitJob(context: Context, job: JobView, signal: AbortSignal): Promise<JobView | Refusal> {
  for (;;) {
    signal.throwIfAborted();
    const now = await context.jobs.wait(job.id, 10_000);
    if (isRefusal(now)) return now;
    if (now.state === "done") return now;
    if (now.state !== "running")
      return refusal(
        "machine.trial_failed",
        `The trial did not work: ${now.problem?.message ?? "it was cancelled"}`,
        "The machine itself is unchanged. Look at the trial’s screen, or remove it: mimic rm",
      );
  }
}

function freeTrialName(context: Context, name: string): string {
  const taken = new Set([...context.actors.values()].map(({ record }) => record.name as string));
  for (let n = 1; ; n++) {
    const candidate = `${name.slice(0, 50)}-try${n === 1 ? "" : n}`;
    if (!taken.has(candidate) && !context.reserved.has(candidate as Name)) return candidate;
  }
}
