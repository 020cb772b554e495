// Requests whose bodies are bytes or streams: screenshots, files, events.
import { request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { toApiError } from "@mimic/api/client";
import { API_PREFIX, fillPath } from "@mimic/api/routes";
import type { Door } from "./door.ts";
import { toUnreachable } from "./door.ts";

export interface RawRequest {
  readonly route: { readonly method: string; readonly path: string };
  readonly machine?: string;
  /** Other parameters of the path. */
  readonly of?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** The answer's head is here and good; the caller reads the body. Throws ApiError, UnreachableError. */
export async function rawRequest(door: Door, { route, machine, of, query, body, signal }: RawRequest): Promise<IncomingMessage> {
  await door.ensure();
  const path =
    API_PREFIX +
    fillPath(route.path, { ...of, ...(machine !== undefined && { machine }) }) +
    (query ? `?${new URLSearchParams(query)}` : "");
  const answer = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest(
    {
      socketPath: door.socket,
      method: route.method,
      path,
      headers: { host: "localhost", ...(body && { "content-type": "application/octet-stream" }) },
      agent: false,
      signal,
    },
    answer.resolve,
  );
  request.on("error", (error) => answer.reject(signal?.aborted ? (signal.reason as Error) : toUnreachable(error)));
  // An early refusal also breaks the sending: the answer says more than that does.
  if (body) pipeline(Readable.from(body), request).catch((error: unknown) => setTimeout(() => answer.reject(error as Error), 200));
  else request.end();
  const response = await answer.promise;
  if ((response.statusCode ?? 500) < 400) return response;
  throw toApiError({ status: response.statusCode ?? 500, body: parse(await readAll(response, 1024 * 1024)) });
}

/** All of the body, at most `most` bytes. */
export async function readAll(response: IncomingMessage, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > most) throw new Error(`the answer is larger than ${most} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
