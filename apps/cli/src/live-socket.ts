// WebSockets over the daemon's unix socket, for consoles, shells and commands. What is sent back and
// forth is described beside `liveRoutes` in the API. `ws` is loaded only by the verbs that need it.
import { createConnection } from "node:net";
import { toApiError } from "@mimic/api/client";
import { API_PREFIX, fillPath } from "@mimic/api/routes";
import { type RawData, WebSocket } from "ws";
import { isNobodyThere, toUnreachable } from "./door.ts";
import { UnreachableError } from "./say.ts";

const LARGEST_MESSAGE = 16 * 1024 * 1024;
const OPENS_WITHIN_MS = 30_000;

export interface LiveHandlers {
  /** Awaited: a slow reader slows the sender. */
  onBytes(bytes: Uint8Array): Promise<void> | void;
  onText(message: Readonly<Record<string, unknown>>): void;
}
/** Dispose to hang up; what was sent before still arrives. */
export interface LiveSocket extends AsyncDisposable {
  /** Resolves when the bytes are on their way; never rejects: `closed` tells. */
  send(bytes: Uint8Array): Promise<void>;
  tell(message: object): void;
  /** Resolves at the ordinary end, rejects with what went wrong. */
  readonly closed: Promise<void>;
}

export interface LivePlace {
  readonly socket: string;
  readonly route: string;
  readonly machine?: string;
  /** Other parameters of the path. */
  readonly of?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** Rejects with ApiError when the daemon says no, UnreachableError when nobody is there. */
export async function openLive({ socket, route, machine, of, query }: LivePlace, handlers: LiveHandlers): Promise<LiveSocket> {
  const path = API_PREFIX + fillPath(route, { ...of, ...(machine !== undefined && { machine }) });
  const search = query ? `?${new URLSearchParams(query)}` : "";
  const web = new WebSocket(`ws://localhost${path}${search}`, {
    createConnection: () => createConnection(socket),
    handshakeTimeout: OPENS_WITHIN_MS,
    maxPayload: LARGEST_MESSAGE,
    perMessageDeflate: false,
  });
  const closed = Promise.withResolvers<void>();
  closed.promise.catch(() => {});
  let work: Promise<void> = Promise.resolve();
  web.on("message", (data, isBinary) => {
    if (!isBinary) {
      work = work.then(() => onText(data)).catch(closed.reject);
      return;
    }
    web.pause();
    work = work.then(() => handlers.onBytes(bytesOf(data))).then(() => web.resume(), closed.reject);
  });
  const onText = (data: RawData): void => {
    const message = readMessage(data);
    const problem = message["problem"];
    if (problem) throw toApiError({ status: 409, body: problem });
    handlers.onText(message);
  };
  await opened(web);
  web.on("error", (error) => closed.reject(toUnreachable(error)));
  web.on("close", (code) => {
    void work.then(() => {
      if (code === 1000 || code === 1005) return closed.resolve();
      closed.reject(
        new UnreachableError("daemon.connection_lost", `The connection to the daemon ended (${code}).`, {
          hint: "Look whether it runs: mimic version",
        }),
      );
    });
  });
  return {
    send: (bytes) => new Promise((resolve) => web.send(bytes, { binary: true }, () => resolve())),
    tell: (message) => web.send(JSON.stringify(message), () => {}),
    closed: closed.promise,
    [Symbol.asyncDispose]: () => hangUp(web),
  };
}

const HANGS_UP_WITHIN_MS = 300;

async function hangUp(web: WebSocket): Promise<void> {
  if (web.readyState !== WebSocket.CLOSED) {
    const gone = new Promise<void>((resolve) => web.once("close", () => resolve()));
    // Paused, it would never see the other side's farewell.
    web.resume();
    web.close(1000);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, HANGS_UP_WITHIN_MS);
    });
    await Promise.race([gone, late]);
    clearTimeout(timer);
  }
  web.terminate();
}

function opened(web: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    web.once("open", resolve);
    web.once("error", (error) => {
      reject(
        isNobodyThere(error)
          ? new UnreachableError("daemon.unreachable", "Mimic's daemon does not run.", { hint: "Start it: mimic up" })
          : toUnreachable(error),
      );
    });
    web.once("unexpected-response", (request, response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text = (text + chunk).slice(0, 65_536);
      });
      response.on("end", () => {
        reject(toApiError({ status: response.statusCode ?? 500, body: readJson(text) }));
        request.destroy();
      });
    });
  });
}

function readMessage(data: RawData): Record<string, unknown> {
  const message = readJson(Buffer.from(bytesOf(data)).toString("utf8"));
  return typeof message === "object" && message !== null ? (message as Record<string, unknown>) : {};
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
