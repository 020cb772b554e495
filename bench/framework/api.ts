// The API of a row's own daemon over its unix socket, with connections kept open.
import { Agent, request } from "node:http";
import { join } from "node:path";
import { type Client, createClient, type Reply, type Send } from "@mimic/api/client";
import type { Bench } from "./row.ts";

export const socketOf = (home: string): string => join(home, "run/daemon.sock");

/** Disposing it closes its connections. */
export function openApi(bench: Bench, { connections = 4, home = bench.home } = {}): { client: Client; send: Send } & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const send: Send = ({ method, path, body }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const asked = request({ agent, socketPath: socketOf(home), method, path, headers: headersFor(text) }, (reply) => {
      let said = "";
      reply.setEncoding("utf8").on("data", (part: string) => (said += part));
      reply.on("error", reject);
      reply.on("end", () => resolve({ status: reply.statusCode ?? 0, body: said === "" ? undefined : JSON.parse(said) }));
    });
    asked.on("error", reject);
    asked.end(text);
    return promise;
  };
  return { client: createClient(send), send, [Symbol.dispose]: () => agent.destroy() };
}

const headersFor = (text: string | undefined): Record<string, string | number> =>
  text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };

/** Waits for a job's end; throws its problem when it failed. */
export async function untilDone(client: Client, job: { id: string }): Promise<void> {
  for (;;) {
    const now = await client.jobs.wait({ job: job.id, withinMs: 30_000 });
    if (now.state === "running") continue;
    if (now.state !== "done") throw new Error(`${now.title}: ${now.problem?.message ?? now.state}`);
    return;
  }
}

export const TINY = "tiny-linux";

/** Makes machines of the tiny Linux, off, several at a time. Answers nothing: they are called prefix-1, prefix-2 … */
export async function createMachines(client: Client, prefix: string, count: number): Promise<void> {
  const create = async (index: number): Promise<void> => {
    const { job } = await client.machines.create({ name: `${prefix}-${index}`, system: TINY });
    await untilDone(client, job);
  };
  // The first fetches the image; the others find it there.
  if (count > 0) await create(1);
  let next = 2;
  const lane = async (): Promise<void> => {
    while (next <= count) await create(next++);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}
