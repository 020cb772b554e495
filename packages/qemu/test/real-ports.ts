// Real time, real chance, and a QEMU in a folder of its own that vanishes with the test.
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { type Clock, type Random, silentLog } from "@mimic/base";
import { runnerProgram } from "@mimic/images";
import type { MachineNews, RunningMachine } from "@mimic/workbench/ports";
import { createQemu, environmentOf } from "../src/node/index.ts";

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, { signal }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal.addEventListener("abort", stop, { once: true });
    }),
};
export const realRandom: Random = { bytes: (count) => randomBytes(count) };

export interface Workshop extends AsyncDisposable {
  readonly folder: string;
  readonly qemu: ReturnType<typeof createQemu>;
  /** A second one over the same state: the daemon after a restart. */
  again(): ReturnType<typeof createQemu>;
  /** Ended with the workshop, whatever happens in the test. */
  own(machine: RunningMachine): RunningMachine;
}

export async function aWorkshop(more: Partial<ReturnType<typeof environmentOf>> = {}): Promise<Workshop> {
  const folder = await mkdtemp("/tmp/mimic-qemu-test-");
  await mkdir(`${folder}/state`, { mode: 0o700 });
  const make = () =>
    createQemu({
      stateDirectory: `${folder}/state`,
      log: silentLog,
      clock: realClock,
      random: realRandom,
      environment: { ...environmentOf(process.env), ...more },
      runner: { machine: "x86_64", program: runnerProgram },
    });
  const machines: RunningMachine[] = [];
  return {
    folder,
    qemu: make(),
    again: make,
    own(machine) {
      machines.push(machine);
      return machine;
    },
    async [Symbol.asyncDispose]() {
      for (const machine of machines) {
        try {
          process.kill(machine.run.pid, "SIGKILL");
        } catch {
          // ended already
        }
        await machine.release();
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const patient = (ms = 120_000) => ({ signal: AbortSignal.timeout(ms), report: () => {} });

/** Resolves with the first news of this kind. */
export function newsOf<K extends MachineNews["kind"]>(machine: RunningMachine, kind: K): Promise<Extract<MachineNews, { kind: K }>> {
  return new Promise((resolve) => {
    const ear = machine.listen((news) => {
      if (news.kind !== kind) return;
      ear[Symbol.dispose]();
      resolve(news as Extract<MachineNews, { kind: K }>);
    });
  });
}

/** Resolves when the text has come from the port. */
export async function serialSays(machine: RunningMachine, text: string): Promise<void> {
  const port = machine.serial[0];
  if (port === undefined) throw new Error("no serial port");
  const decode = (): string => new TextDecoder().decode(port.history());
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (!decode().includes(text)) return;
      ear[Symbol.dispose]();
      resolve();
    };
    const ear = port.listen(look);
    look();
  });
}
