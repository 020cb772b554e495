// A timetable as a job: each step at its time, one after the other, and of each what became of it: done in the running
// machine, written down for its next start, or not possible, with the reason. A step that fails does not stop the others;
// cancelling the job stops the rest and undoes nothing.
import { isRefusal, type LongWork, MimicError, messageOf, type Refusal, refusal } from "@mimic/base";
import { type JobView, type MachineView, stepWords, type TimetableOutcome, type TimetableStep } from "@mimic/model";
import { type Context, findMachine } from "../context.ts";
import { changeNic } from "../networks/nic-verbs.ts";
import type { ChangeWish } from "../workbench.ts";
import { type ChangedMachine, changeMachine } from "./change-machine.ts";
import { changeMedium } from "./change-medium.ts";
import type { MachineActor } from "./machine-actor.ts";
import { typeText } from "./machine-verbs.ts";
import { powerVerb } from "./power-verbs.ts";

export function runTimetable(context: Context, input: { machine: string; steps: TimetableStep[] }): { job: JobView } | Refusal {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const { name, id } = actor.record;
  if (!actor.running)
    return refusal("machine.not_running", `“${name}” is off; a timetable begins while it runs.`, `Start it first: mimic start ${name}`);
  const steps = [...input.steps].sort((a, b) => a.at - b.at);
  const job = context.jobs.run({ kind: "machine.timetable", title: `Timetable for “${name}”`, subjects: [id] }, async (work) => {
    const outcomes = await follow(context, actor, steps, work);
    const lines = outcomes.map(({ words, when, why }, at) => [`step${at + 1}`, `${when} – ${words}${why === "" ? "" : `: ${why}`}`]);
    const count = (when: TimetableOutcome["when"]) => outcomes.filter((outcome) => outcome.when === when).length;
    const words = `${count("live")} done, ${count("later")} at the next start, ${count("impossible")} not possible.`;
    return { machine: id, words, ...Object.fromEntries(lines) };
  });
  return { job };
}

async function follow(context: Context, actor: MachineActor, steps: readonly TimetableStep[], work: LongWork): Promise<TimetableOutcome[]> {
  const { clock, machines } = context.ports;
  const began = clock.monotonicMs();
  // “Half” means half of what it had when the timetable began.
  const first = actor.record.hardware.memoryMiB;
  const outcomes: TimetableOutcome[] = [];
  for (const [at, step] of steps.entries()) {
    const wait = step.at - (clock.monotonicMs() - began);
    work.report({ words: `Next, ${stepWords(step)}`, done: at, total: steps.length, unit: "steps" });
    if (wait > 0) await clock.sleep(wait, work);
    work.signal.throwIfAborted();
    const outcome = await takeStep(context, actor, step, first);
    outcomes.push(outcome);
    const { words, when, why } = outcome;
    context.events.publish({ kind: "machine.timetable_step", machineId: actor.record.id, words, when, why });
    await machines.tell(actor.record.id, new Date(clock.nowMs()).toISOString(), `Timetable, ${words}: ${when}. ${why}`);
  }
  return outcomes;
}

async function takeStep(context: Context, actor: MachineActor, step: TimetableStep, firstMiB: number): Promise<TimetableOutcome> {
  const words = stepWords(step);
  try {
    const answer = await doStep(context, actor, step, firstMiB);
    if (isRefusal(answer)) return { words, when: "impossible", why: `${answer.why} ${answer.hint}` };
    const changes = "changes" in answer ? answer.changes : [];
    const later = changes.find((change) => change.when === "later");
    return { words, when: later ? "later" : "live", why: (later ?? changes[0])?.why ?? "" };
  } catch (error) {
    const why = error instanceof MimicError ? `${error.message} ${error.hint}` : messageOf(error);
    return { words, when: "impossible", why };
  }
}

type StepAnswer = ChangedMachine | MachineView | object | Refusal;

async function doStep(context: Context, actor: MachineActor, step: TimetableStep, firstMiB: number): Promise<StepAnswer> {
  const machine = actor.record.id;
  const change = (wish: Omit<ChangeWish, "machine">) => changeMachine(context, { machine, ...wish });
  switch (step.do) {
    case "pull cable":
    case "plug cable":
      return await moveCable(context, actor, step.card, step.do === "plug cable");
    case "memory":
      return await change({ hardware: { memoryMiB: amountMiB(step.to, firstMiB) } });
    case "cores":
      return await change({ hardware: { cpus: step.to } });
    case "limit cores":
      return await change({ hardware: { cpuLimitPercent: step.percent } });
    case "slow disk":
      return await withOne(actor, "disks", step.disk, (id) =>
        change({ limitDisk: { id, bytesPerSecond: step.speed ?? 0, operationsPerSecond: step.ops ?? 0 } }),
      );
    case "free disk":
      return await withOne(actor, "disks", step.disk, (id) => change({ limitDisk: { id } }));
    case "add disk":
      return await change({ addDisk: { sizeBytes: step.size, bus: step.bus } });
    case "remove disk":
      return await withOne(actor, "disks", step.disk, (id) => change({ removeDisk: id }));
    case "grow disk":
      return await withOne(actor, "disks", step.disk, (id) => change({ growDisk: { id, sizeBytes: step.to } }));
    case "add usb":
      return await change({ addUsb: { kind: step.kind } });
    case "remove usb":
      return await withOne(actor, "usb", step.device, (id) => change({ removeUsb: id }));
    case "screen size": {
      const [width = 0, height = 0] = step.to.split(/[x×]/).map(Number);
      return await change({ hardware: { displaySize: { width, height } } });
    }
    case "insert":
      return await changeMedium(context, { machine, slot: step.drive, image: step.image });
    case "eject":
      return await changeMedium(context, { machine, slot: step.drive, image: null });
    case "type":
      return await typeText(context, { machine, text: step.text });
    case "press power":
      // Like a finger on the button: what the guest makes of it is its own.
      await actor.running?.pressPowerButton({ signal: AbortSignal.timeout(15_000) });
      return {};
    case "reset":
    case "pause":
    case "resume":
    case "kill":
      return await powerVerb(context, step.do, { machine });
    default:
      return step satisfies never;
  }
}

const SHARES = { half: 0.5, quarter: 0.25, double: 2, all: 1 } as const;

function amountMiB(to: Extract<TimetableStep, { do: "memory" }>["to"], firstMiB: number): number {
  return Math.max(1, Math.round(typeof to === "number" ? to / 1024 ** 2 : firstMiB * SHARES[to]));
}

/** The first, second … as they are listed, or the one whose id holds the text. */
function oneOf<T extends { readonly id: string }>(list: readonly T[], which: string): T | undefined {
  if (/^\d{1,2}$/.test(which)) return list[Number(which) - 1];
  const fitting = list.filter(({ id }) => id.includes(which));
  return fitting.length === 1 ? fitting[0] : undefined;
}

async function withOne(
  actor: MachineActor,
  list: "disks" | "usb",
  which: string,
  act: (id: string) => Promise<StepAnswer>,
): Promise<StepAnswer> {
  const one = oneOf<{ readonly id: string }>(actor.record.hardware[list], which);
  if (one) return await act(one.id);
  const what = list === "disks" ? "disk" : "USB device";
  return refusal(
    "timetable.unknown_part",
    `“${actor.record.name}” has no ${what} “${which.slice(0, 40)}”.`,
    `See them: mimic show ${actor.record.name}`,
  );
}

async function moveCable(context: Context, actor: MachineActor, which: string, isUp: boolean): Promise<StepAnswer> {
  const nic = oneOf(actor.record.hardware.nics, which);
  if (nic) return await changeNic(context, { machine: actor.record.id, nic: nic.id, isUp });
  return refusal(
    "timetable.unknown_part",
    `“${actor.record.name}” has no network card “${which.slice(0, 40)}”.`,
    `See them: mimic show ${actor.record.name}`,
  );
}
