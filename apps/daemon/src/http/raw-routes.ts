// The routes whose bodies are bytes or streams: events, screenshots, files into and out of a guest, uploads.
import type { IncomingMessage } from "node:http";
import { isRefusal, orThrow } from "@mimic/base";
import { ImageKind } from "@mimic/model";
import type { GuestAgent, RunningMachine, Workbench } from "@mimic/workbench";
import { z } from "zod";
import { drainBriefly, readBytes } from "./body.ts";
import { drained, streamEvents } from "./event-stream.ts";
import { openApiDocument } from "./openapi.ts";
import { DoorError } from "./problem.ts";
import { type Reply, SECURITY_HEADERS, sendJson } from "./reply.ts";

export interface RawCall {
  readonly request: IncomingMessage;
  readonly reply: Reply;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Aborted when the client has gone or the daemon closes. */
  readonly signal: AbortSignal;
}
export type RawRoute = (call: RawCall) => Promise<void>;

export function createRawRoutes(workbench: Workbench, version: string): Readonly<Record<string, RawRoute>> {
  const machineOf = ({ parameters }: RawCall): RunningMachine => orThrow(workbench.running(parameters.machine ?? ""));
  return {
    "raw.events": ({ request, query, reply, signal }) => streamEvents(workbench, request, only(query, ["after"]), reply, signal),
    "raw.openapi": async ({ reply }) => sendJson(reply, 200, await openApiDocument(version)),
    "raw.screenshot": async (call) => {
      only(call.query, []);
      sendBytes(call.reply, "image/png", await machineOf(call).screenshot({ signal: call.signal }));
    },
    "raw.readFile": async (call) => {
      const path = guestPath(call.query);
      const agent = agentOf(machineOf(call));
      await sendStream(call, agent.readFile(path, { signal: call.signal }));
    },
    "raw.writeFile": async (call) => {
      const path = guestPath(call.query);
      const agent = agentOf(machineOf(call));
      invite(call);
      await agent.writeFile(path, readBytes(call.request), { signal: call.signal });
      sendJson(call.reply, 200, {});
    },
    "raw.upload": (call) => upload(workbench, call),
    "raw.capture": (call) => capture(workbench, call),
  };
}

const Capture = z.strictObject({
  port: z.string().max(100).optional(),
  vlan: z.coerce.number().int().min(1).max(4094).optional(),
  filter: z.string().max(2000).optional(),
  snapLength: z.coerce.number().int().min(0).max(262_144).optional(),
  drops: z.enum(["0", "1"]).optional(),
});

/** pcap-ng until the client goes. The name is for browsers, which save it. */
async function capture(workbench: Workbench, call: RawCall): Promise<void> {
  const query = Capture.safeParse(call.query);
  if (!query.success) throw invalid("A capture knows “port”, “vlan”, “filter”, “snapLength” and “drops”.");
  const { drops, ...what } = query.data;
  const request = { network: call.parameters.network ?? "", ...what, withDrops: drops === "1" };
  await sendStream(call, orThrow(await workbench.networks.capture(request, { signal: call.signal })), "application/x-pcapng");
}

/**
 * Answers once the job has read the whole file: a browser that is answered while it sends takes that for an error.
 * A job that ends without reading (a refusal, no room) is answered too.
 */
async function upload(workbench: Workbench, call: RawCall): Promise<void> {
  const query = only(call.query, ["name", "fileName", "format", "kind"]);
  const name = query.name ?? "";
  const kind = ImageKind.optional().safeParse(query.kind);
  if (name === "" || name.length > 120 || (query.fileName ?? "").length > 255 || (query.format ?? "").length > 20 || !kind.success) {
    throw invalid("An upload needs a name of at most 120 letters; “kind” is disk, cd, floppy or boot.");
  }
  const { promise: wasRead, resolve } = Promise.withResolvers<void>();
  invite(call);
  const stream = tellEnd(readBytes(call.request), resolve);
  const started = orThrow(
    await workbench.images.upload({ stream, fileName: query.fileName ?? name, name, format: query.format, kind: kind.data }),
  );
  await Promise.race([wasRead, jobEnded(workbench, started.job.id, call.signal)]);
  drainBriefly(call.request);
  sendJson(call.reply, 200, started);
}

async function jobEnded(workbench: Workbench, job: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const view = await workbench.jobs.wait({ job, withinMs: 30_000 });
    if (isRefusal(view) || view.state !== "running") return;
  }
}

async function* tellEnd(stream: AsyncIterable<Uint8Array>, ended: () => void): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* stream;
  } finally {
    ended();
  }
}

/** A client that waits to be asked for its body (Expect: 100-continue) is asked only after the gate. */
function invite({ request, reply }: RawCall): void {
  if (request.headers.expect !== undefined) reply.response.writeContinue();
}

function agentOf(machine: RunningMachine): GuestAgent {
  if (machine.agent !== undefined) return machine.agent;
  throw new DoorError(
    409,
    "agent.none",
    "This machine has no guest agent, so Mimic cannot reach into its system.",
    "Install qemu-guest-agent in its system, or use its console.",
  );
}

function guestPath(query: Readonly<Record<string, string>>): string {
  const path = only(query, ["path"]).path ?? "";
  if (path === "" || path.length > 4096 || path.includes("\0")) throw invalid("“path” is the file's path in the guest.");
  return path;
}

function only(query: Readonly<Record<string, string>>, names: readonly string[]): Readonly<Record<string, string>> {
  const extra = Object.keys(query).find((name) => !names.includes(name));
  if (extra !== undefined) throw invalid(`This route knows no “${extra.slice(0, 60)}”.`);
  return query;
}

const invalid = (why: string): DoorError => new DoorError(400, "input.invalid", why, "The API's description is at /api/v1/docs.");

function sendBytes({ response }: Reply, type: string, bytes: Uint8Array): void {
  response.writeHead(200, { ...SECURITY_HEADERS, "content-type": type, "content-length": bytes.length });
  response.end(bytes);
}

/** The first piece is awaited before the status is sent: a file that is not there is an error, not an empty answer. */
async function sendStream({ reply, signal }: RawCall, bytes: AsyncIterable<Uint8Array>, type = "application/octet-stream"): Promise<void> {
  const iterator = bytes[Symbol.asyncIterator]();
  const { response } = reply;
  try {
    let piece = await iterator.next();
    response.writeHead(200, { ...SECURITY_HEADERS, "content-type": type, "content-disposition": "attachment" });
    while (!piece.done) {
      if (!response.write(piece.value)) await drained(response, signal);
      signal.throwIfAborted();
      piece = await iterator.next();
    }
    response.end();
  } finally {
    await iterator.return?.();
  }
}
