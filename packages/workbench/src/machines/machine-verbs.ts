// The small verbs: looking at a machine, and reaching into a running one.
import { isRefusal, plainBlock, type Refusal, refusal } from "@mimic/base";
import { type HardwareRow, hardwareRows, type LoadSample, type MachineView } from "@mimic/model";
import { type Context, findMachine, findRunning } from "../context.ts";
import type { GuestAgent } from "../ports/index.ts";
import { machineView } from "./view.ts";

type OfMachine = { machine: string };
const soon = () => ({ signal: AbortSignal.timeout(15_000) });
const LOG_BYTES = 64 * 1024;

export async function listMachines(context: Context): Promise<{ machines: MachineView[]; unreadable?: number | undefined }> {
  const actors = [...context.actors.values()].sort((a, b) => a.record.name.localeCompare(b.record.name));
  const unreadable = context.unread.filter(({ noun }) => noun === "machine").length || undefined;
  return { machines: await Promise.all(actors.map((actor) => machineView(context, actor))), unreadable };
}

export async function showMachine(context: Context, input: OfMachine): Promise<MachineView | Refusal> {
  const actor = findMachine(context, input.machine);
  return isRefusal(actor) ? actor : await machineView(context, actor);
}

export async function pressKeys(context: Context, input: OfMachine & { keys: string[] }): Promise<object | Refusal> {
  const running = findRunning(context, input.machine);
  if (isRefusal(running)) return running;
  await running.press(
    input.keys.map((chord) => (chord === "-" ? ["minus"] : chord.split("-").map((key) => key.trim().toLowerCase()))),
    soon(),
  );
  return {};
}

export async function typeText(context: Context, input: OfMachine & { text: string }): Promise<object | Refusal> {
  const running = findRunning(context, input.machine);
  if (isRefusal(running)) return running;
  await running.type(input.text, { signal: AbortSignal.timeout(120_000) });
  return {};
}

export async function explainMachine(
  context: Context,
  input: OfMachine,
): Promise<{ parts: { args: string[]; because: string }[] } | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const parts = await context.ports.hypervisor.explain(context.ports.machines.plan(actor.record), soon());
  return { parts: parts.map((part) => ({ args: [...part.args], because: part.because })) };
}

export function machineHardware(context: Context, input: OfMachine): { rows: HardwareRow[] } | Refusal {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  return { rows: [...hardwareRows({ wanted: actor.record.hardware, runs: actor.running?.run })] };
}

export async function machineStory(context: Context, input: OfMachine): Promise<{ story: { at: string; words: string }[] } | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  return { story: [...(await context.ports.machines.story(actor.record.id))] };
}

export async function machineLog(context: Context, input: OfMachine & { which: "qemu" | "serial" }): Promise<{ text: string } | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const text = await context.ports.machines.log(actor.record.id, input.which, LOG_BYTES);
  // Of one that forgets nothing is written down: while it runs there is what the daemon remembers.
  const said = text === "" && input.which === "serial" ? actor.running?.serial[0]?.history() : undefined;
  return { text: said ? plainBlock(new TextDecoder().decode(said.subarray(-LOG_BYTES)), LOG_BYTES) : text };
}

export function machineLoad(context: Context, input: OfMachine): { samples: LoadSample[] } | Refusal {
  const actor = findMachine(context, input.machine);
  return isRefusal(actor) ? actor : { samples: [...actor.load()] };
}

export async function pingGuest(context: Context, input: OfMachine): Promise<{ answeredInMs: number } | Refusal> {
  const agent = findAgent(context, input.machine);
  if (isRefusal(agent)) return agent;
  const { clock } = context.ports;
  const askedAt = clock.monotonicMs();
  await agent.ping(soon());
  return { answeredInMs: clock.monotonicMs() - askedAt };
}

export async function describeGuest(
  context: Context,
  input: OfMachine,
): Promise<{ system?: string | undefined; hostname?: string | undefined; agentVersion?: string | undefined } | Refusal> {
  const agent = findAgent(context, input.machine);
  return isRefusal(agent) ? agent : await agent.describe(soon());
}

function findAgent(context: Context, machine: string): GuestAgent | Refusal {
  const running = findRunning(context, machine);
  if (isRefusal(running)) return running;
  return (
    running.agent ??
    refusal("agent.absent", `“${machine}” has no channel for a guest agent.`, "Give it one while it is off: mimic set NAME --agent on")
  );
}
