// One step of a change, done to a running machine: first the guest, where it has to let go or make room, then the
// hardware, then the guest again, where its agent can bring the new thing into use.
import { type Clock, MimicError, type ReportProgress } from "@mimic/base";
import type { Context } from "../context.ts";
import type { RunningMachine } from "../ports/index.ts";
import type { MachineActor } from "./machine-actor.ts";
import type { LiveStep } from "./plan-change.ts";

/** Unplugging waits for the guest, and memory comes block by block. */
const STEP_MS = 120_000;
/** A guest that uses its agent answers at once; one without it must not hold up the change. */
const AGENT_MS = 5000;

/** Answers words for the person where there is more to say than the table did. */
export async function carryOut(context: Context, actor: MachineActor, step: LiveStep, report: ReportProgress): Promise<string | undefined> {
  const { running } = actor;
  if (!running)
    throw new MimicError("machine.went_off", "The machine went off in between.", { hint: "The change applies at its next start." });
  const options = { signal: AbortSignal.timeout(STEP_MS) };
  const { live } = running;
  switch (step.do) {
    case "plugDisk":
      await live.plugDisk(step.disk, context.ports.machines.plan(actor.record).files.disks[step.disk.id] ?? [], options);
      return undefined;
    case "unplugDisk":
      await live.unplugDisk(step.id, options);
      return undefined;
    case "growDisk":
      await live.growDisk(step.disk.id, step.disk.sizeBytes, options);
      return await withAgent(running, (agent, soon) => agent.growFileSystem(step.disk.id, soon));
    case "limitDisk":
      await live.limitDisk(step.disk.id, step.disk.limits ?? { bytesPerSecond: 0, operationsPerSecond: 0 }, options);
      return undefined;
    case "plugUsb":
      await live.plugUsb(step.device, options);
      return undefined;
    case "unplugUsb":
      await live.unplugUsb(step.id, options);
      return undefined;
    case "setCpus":
      return await setCpus(running, step.count, context.ports.clock);
    case "setMemory":
      await withAgent(running, (agent, soon) => agent.useNewMemory(soon));
      await live.setMemory(step.memoryMiB, { ...options, report });
      return `The guest has ${step.memoryMiB} MiB now.`;
    case "setDisplaySize": {
      const { width, height } = await live.setDisplaySize(step.size, options);
      const has = `${width} × ${height}`;
      return width === step.size.width && height === step.size.height
        ? `The guest follows: its screen is ${has} now.`
        : `The guest was told, and its screen stays at ${has}: its system has no driver that follows, or its text console has no room for more.`;
    }
    case "limitCpu":
      await live.limitCpu(step.percent, options);
      return undefined;
    default:
      return step satisfies never;
  }
}

async function setCpus(running: RunningMachine, count: number, clock: Clock): Promise<string | undefined> {
  const options = { signal: AbortSignal.timeout(STEP_MS) };
  const { cpus: before } = running.run.hardware;
  if (count < before) {
    // Processors are never pulled out; a guest that does not listen goes on using all of them.
    if (!running.agent)
      throw new MimicError("hardware.needs_agent", "The guest can stop using processors only when its agent helps.", {
        hint: "It applies at the next start.",
      });
    const used = await useCpus(running, count, { clock, signal: options.signal });
    if (used > count)
      throw new MimicError("hardware.guest_slow", `The guest goes on using ${used} processors.`, { hint: "It applies at the next start." });
    await running.live.setCpus(count, options);
    return `The guest uses ${used} now; the others stand still.`;
  }
  await running.live.setCpus(count, options);
  const used = await useCpus(running, count, { clock, signal: options.signal }).catch(() => undefined);
  return used === undefined
    ? "They are plugged in; without its agent the guest brings them into use by itself, or not."
    : `The guest uses ${used} now.`;
}

/** A processor that was just plugged in shows in the guest a moment later. */
async function useCpus(running: RunningMachine, count: number, { clock, signal }: { clock: Clock; signal: AbortSignal }): Promise<number> {
  const { agent } = running;
  const soon = AbortSignal.any([signal, AbortSignal.timeout(AGENT_MS)]);
  if (!agent)
    throw new MimicError("hardware.needs_agent", "It has no channel for a guest agent.", { hint: "Give it one while it is off." });
  await agent.waitUntilReady({ signal: soon });
  for (let tries = 0; ; tries++) {
    const used = await agent.useCpus(count, { signal: AbortSignal.any([signal, AbortSignal.timeout(AGENT_MS)]) });
    if (used === count || tries >= 20) return used;
    await clock.sleep(100, { signal });
  }
}

/** Help that is welcome and not needed: undefined when the agent does not answer or cannot. */
async function withAgent<T>(
  running: RunningMachine,
  help: (agent: NonNullable<RunningMachine["agent"]>, options: { signal: AbortSignal }) => Promise<T>,
): Promise<T | undefined> {
  const { agent } = running;
  if (!agent) return undefined;
  try {
    await agent.waitUntilReady({ signal: AbortSignal.timeout(AGENT_MS) });
    return await help(agent, { signal: AbortSignal.timeout(60_000) });
  } catch {
    return undefined;
  }
}
