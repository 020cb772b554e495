// Events as server-sent events (HTML Living Standard §9.2). A reader that was away asks with `?after=SEQ` or
// Last-Event-ID; one that is too slow gets “stream.lagged” from the workbench, for nothing is queued here:
// the next event is fetched only when the last one has left.
import type { IncomingMessage } from "node:http";
import type { Workbench } from "@mimic/workbench";
import { DoorError } from "./problem.ts";
import { type Reply, SECURITY_HEADERS } from "./reply.ts";

const HEARTBEAT_MS = 15_000;

export async function streamEvents(
  workbench: Workbench,
  request: IncomingMessage,
  query: Readonly<Record<string, string>>,
  reply: Reply,
  closing: AbortSignal,
): Promise<void> {
  const afterSeq = readSeq(query.after ?? request.headers["last-event-id"]);
  const gone = new AbortController();
  const { response } = reply;
  response.once("close", () => gone.abort());
  response.writeHead(200, { ...SECURITY_HEADERS, "content-type": "text/event-stream" });
  response.write(": listening\n\n");
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(": still here\n\n");
  }, HEARTBEAT_MS);
  const signal = AbortSignal.any([gone.signal, closing]);
  try {
    for await (const event of workbench.events.subscribe({ afterSeq, signal })) {
      if (!response.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`)) await drained(response, signal);
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

function readSeq(text: string | string[] | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (typeof text === "string" && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new DoorError(400, "input.invalid", "“after” is the number of the last event that was seen.", "Give a number, or leave it out.");
}

/** Resolves when more may be written, or when nobody listens any more. */
export function drained(stream: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const done = () => {
    stream.off("drain", done);
    signal.removeEventListener("abort", done);
    resolve();
  };
  stream.on("drain", done);
  signal.addEventListener("abort", done, { once: true });
  return promise;
}
