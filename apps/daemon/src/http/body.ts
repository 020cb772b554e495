// Reading what a client sends: bounded in size, in time, and in silence. Stopping early leaves the connection
// open (destroyOnReturn), for the answer that says why has yet to go out on it.
import type { IncomingMessage } from "node:http";
import { DoorError } from "./problem.ts";

const JSON_LIMIT = 1024 ** 2;
const JSON_WITHIN_MS = 15_000;
const SILENCE_MS = 60_000;

/** At most 1 MiB of JSON within 15 seconds; an empty body is {}. Refuses anything but an object. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const tooLarge = () => new DoorError(413, "daemon.body_too_large", "The request's body is larger than 1 MiB.", "Send less at once.");
  if (Number(request.headers["content-length"] ?? 0) > JSON_LIMIT) throw tooLarge();
  const slow = setTimeout(() => request.destroy(tooSlow()), JSON_WITHIN_MS);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > JSON_LIMIT) throw tooLarge();
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(slow);
  }
  return size === 0 ? {} : parseObject(Buffer.concat(chunks));
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new DoorError(400, "input.unreadable", "The request's body is not JSON.", "Send one JSON object.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DoorError(400, "input.unreadable", "The request's body is JSON, but no object.", "Send one JSON object.");
  }
  return value as Record<string, unknown>;
}

/** The bytes as they come, for as long as they come; 60 seconds of silence end it. Throws when the sender goes away early. */
export async function* readBytes(request: IncomingMessage): AsyncGenerator<Uint8Array, void, void> {
  const { socket } = request;
  const silent = () => request.destroy(tooSlow());
  socket.setTimeout(SILENCE_MS, silent);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) yield chunk;
    if (!request.complete) {
      throw new DoorError(400, "daemon.sender_gone", "The file did not arrive whole: the sender went away.", "Send it again.");
    }
  } finally {
    socket.setTimeout(0);
    socket.off("timeout", silent);
  }
}

/** The query, each name once. Refuses doubles and broken encoding. */
export function readQuery(search: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  let count = 0;
  for (const [name, value] of new URLSearchParams(search)) {
    if (name in query || ++count > 32) {
      throw new DoorError(400, "input.invalid", "The address gives the same thing twice, or too many things.", "Give each once.");
    }
    query[name] = value;
  }
  return query;
}

const tooSlow = () => new DoorError(408, "daemon.too_slow", "The request came too slowly.", "Send it again.");

const DRAIN_BYTES = 4 * 1024 ** 2;
const DRAIN_MS = 5000;

/** A refused client that still sends would see a reset instead of the answer; so read on a little, then cut. */
export function drainBriefly(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let left = DRAIN_BYTES;
  const cut = setTimeout(() => request.destroy(), DRAIN_MS);
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.on("error", () => {});
  request.once("close", () => clearTimeout(cut));
  request.resume();
}
