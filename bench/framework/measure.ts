// Interleaved measuring: ours, peer, ours, peer …, so that whatever else the computer does hits both alike.
import { spawn } from "node:child_process";
import type { Sample } from "./row.ts";
import { sampleOf } from "./statistics.ts";

/** Does one piece of work and answers its figure; by default that is the time it took in ms (see `timed`). */
export type Take = () => Promise<number>;

export interface Rounds {
  /** Taken first and thrown away. */
  readonly warmUp: number;
  readonly rounds: number;
}

/** Takes all of them in turn, the order reversed every other round. Answers one sample each, in the order given. */
export async function interleave(takes: readonly Take[], { warmUp, rounds }: Rounds): Promise<Sample[]> {
  const values: number[][] = takes.map(() => []);
  for (let round = 0; round < warmUp + rounds; round++) {
    const order = takes.map((_, index) => (round % 2 === 0 ? index : takes.length - 1 - index));
    for (const index of order) {
      const value = await takes[index]?.();
      if (round >= warmUp && value !== undefined) values[index]?.push(value);
    }
  }
  return values.map(sampleOf);
}

export const timed = (work: () => Promise<unknown>): Take => {
  return async () => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
};

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program without input to its end. */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.on("error", reject);
  child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  return promise;
}

/** As `run`, but anything except success throws with the program's own words. */
export async function mustRun(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const ended = await run(program, args, env);
  if (ended.code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${ended.code}: ${ended.stderr || ended.stdout}`);
  return ended.stdout;
}
