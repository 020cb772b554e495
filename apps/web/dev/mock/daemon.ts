// The daemon that does not exist: a world, who follows it, and what its verbs share.
import type { ServerResponse } from "node:http";
import { type Event, type JobView, type MachineView, may, stepPower } from "@mimic/model";
import { eventOf, type World } from "../world.ts";

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  constructor(status: number, code: string, message: string, hint: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

export type Handler = (input: never, parameters: Readonly<Record<string, string>>, query: URLSearchParams) => unknown;
export type Verbs = Readonly<Record<string, Handler>>;

export class MockDaemon {
  readonly world: World;
  readonly followers = new Set<ServerResponse>();
  readonly slow: number;
  constructor(world: World, slow: number) {
    this.world = world;
    this.slow = slow;
  }

  tell = (fact: Event["fact"]): void => {
    const event = eventOf(this.world, fact);
    for (const response of this.followers) response.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
  };

  refuse(status: number, code: string, message: string, hint: string): never {
    throw new Problem(status, code, message, hint);
  }

  machine(ref: string | undefined): MachineView {
    const found = this.world.machines.find((each) => each.id === ref || each.name === ref);
    if (!found) throw new Problem(404, "machine.unknown", `There is no machine called “${ref}”.`, "See what there is: mimic ls");
    return found;
  }

  put(next: MachineView): MachineView {
    const at = this.world.machines.findIndex((each) => each.id === next.id);
    if (at < 0) this.world.machines.push(next);
    else this.world.machines[at] = next;
    return next;
  }

  power(ref: string | undefined, action: "start" | "stop" | "kill" | "pause" | "resume" | "reset", to: MachineView["power"]): MachineView {
    const machine = this.machine(ref);
    const step = stepPower({ power: machine.power, because: machine.because }, { kind: action }, machine.name);
    if (step.refused) throw new Problem(409, step.refused.code, step.refused.why, step.refused.hint);
    if (may(action, machine.power, machine.name) !== true) return machine;
    const from = machine.power;
    const because = to === "stopped" ? "switched off" : to === "running" ? "switched on" : "asked by you";
    const next = this.put({
      ...machine,
      power: to,
      because,
      trouble: undefined,
      since: new Date().toISOString(),
      usableBy: to === "running" ? "the guest agent answered" : undefined,
    });
    this.tell({ kind: "machine.power_changed", machineId: next.id, from, to, because });
    return next;
  }

  /** A job that goes on for a moment, tells how far it is, and then does what it was for. */
  job(
    kind: string,
    title: string,
    subjects: string[],
    words: string,
    end: (job: JobView) => Partial<JobView> | undefined,
  ): { job: JobView } {
    const job: JobView = {
      id: `job_${Math.random().toString(32).slice(2).padStart(26, "0").slice(0, 26)}`,
      kind,
      title,
      subjects,
      state: "running",
      startedAt: new Date().toISOString(),
      words,
      done: 0,
      total: 4,
      unit: "steps",
      cancellable: true,
    };
    this.world.jobs.unshift(job);
    this.tell({ kind: "job.started", jobId: job.id });
    const timer = setInterval(() => {
      if (job.state === "running") {
        job.done = (job.done ?? 0) + 1;
        if (job.done < 4) return this.tell({ kind: "job.progressed", jobId: job.id });
        Object.assign(job, { state: "done", words: "Done", cancellable: false, endedAt: new Date().toISOString() }, end(job));
      }
      clearInterval(timer);
      this.tell({ kind: "job.ended", jobId: job.id, state: job.state });
    }, this.slow);
    return { job: { ...job } };
  }
}
