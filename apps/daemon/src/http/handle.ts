// One request from its first byte to its last: gate, route, verb, answer. Both listeners use this one handler.
import type { IncomingMessage, ServerResponse } from "node:http";
import { API_PREFIX } from "@mimic/api/routes";
import { type IdMaker, isRefusal, type Log } from "@mimic/base";
import { drainBriefly, readJson, readQuery } from "./body.ts";
import { docsFile } from "./docs-page.ts";
import type { DoorRoute } from "./door-routes.ts";
import { type Asker, type GateAnswer, type GateNeed, type GateRequest, type GateRules, gate } from "./gate.ts";
import type { Match, Missed } from "./match-route.ts";
import { peerUser } from "./peer-user.ts";
import { DoorError, isBug } from "./problem.ts";
import type { RawRoute } from "./raw-routes.ts";
import { type Reply, SECURITY_HEADERS, sendJson, sendProblem } from "./reply.ts";
import type { CallVerb } from "./verbs.ts";
import type { WebFiles } from "./web-files.ts";

export interface Handling {
  readonly match: Match;
  readonly rules: GateRules;
  readonly callVerb: CallVerb;
  readonly raw: Readonly<Record<string, RawRoute>>;
  readonly web: WebFiles | undefined;
  readonly ids: IdMaker;
  readonly log: Log;
  readonly closing: AbortSignal;
}

/** A request that passed the gate. `route` undefined = a path of the web interface, or of nothing. */
export interface Admitted {
  readonly path: string;
  readonly search: string;
  readonly asker: Asker;
  readonly found: { readonly route: DoorRoute; readonly parameters: Readonly<Record<string, string>> } | Missed;
}

/** The gate for a request of Node's, with its route looked up first: unknown paths of the API need a token like known ones. */
export function admit(request: IncomingMessage, via: GateRequest["via"], upgrade: boolean, handling: Handling): Admitted {
  const target = request.url ?? "";
  const at = target.indexOf("?");
  const path = at === -1 ? target : target.slice(0, at);
  const method = request.method ?? "";
  const found = handling.match(method, path);
  const answer = gate(describe(request, via, upgrade), needOf(found.route, path), handling.rules);
  if (!answer.pass) throw refused(answer);
  return { path, search: at === -1 ? "" : target.slice(at + 1), asker: answer.asker, found };
}

function needOf(route: DoorRoute | undefined, path: string): GateNeed {
  if (route !== undefined) return { access: route.access, body: route.body, live: route.kind === "live" };
  const isApi = path === "/api" || path.startsWith("/api/");
  return { access: isApi && docsFile(path) === undefined ? "token" : "public", body: "none", live: false };
}

function describe(request: IncomingMessage, via: GateRequest["via"], upgrade: boolean): GateRequest {
  const headers: [string, string][] = [];
  const raw = request.rawHeaders;
  for (let at = 0; at + 1 < raw.length; at += 2) headers.push([(raw[at] as string).toLowerCase(), raw[at + 1] as string]);
  return { via, method: request.method ?? "", target: request.url ?? "", httpVersion: request.httpVersion, headers, upgrade };
}

const refused = (answer: Extract<GateAnswer, { pass: false }>): DoorError =>
  new DoorError(answer.status, answer.code, answer.why, answer.hint);

export async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  via: GateRequest["via"],
  handling: Handling,
): Promise<void> {
  const requestId = handling.ids.make("req");
  const startedAt = performance.now();
  const reply: Reply = { response, requestId };
  const path = () => (request.url ?? "").split("?", 1)[0]?.slice(0, 300);
  response.once("close", () => {
    const ms = Math.round(performance.now() - startedAt);
    handling.log.debug("request answered", { requestId, via, method: request.method, path: path(), status: response.statusCode, ms });
  });
  try {
    const admitted = admit(request, via, false, handling);
    await dispatch(request, reply, admitted, via, handling);
  } catch (error) {
    // Who went away hears nothing any more, and is no bug.
    if (response.destroyed || request.socket.destroyed) return;
    if (isBug(error)) handling.log.error("request failed", { requestId, method: request.method, path: path(), error });
    drainBriefly(request);
    sendProblem(
      reply,
      error,
      error instanceof DoorError && error.status === 405 ? { allow: error.detail ?? "GET, HEAD, POST, PATCH, DELETE" } : {},
    );
  }
}

async function dispatch(
  request: IncomingMessage,
  reply: Reply,
  admitted: Admitted,
  via: GateRequest["via"],
  handling: Handling,
): Promise<void> {
  const { found, path, search, asker } = admitted;
  if (found.route === undefined) return await serveFile(request, reply, path, found.methods, handling);
  const { route, parameters } = found;
  if (route.kind === "live") {
    throw new DoorError(426, "daemon.upgrade_needed", "This is a live connection (WebSocket), not a page.", "Open it as a WebSocket.");
  }
  const query = readQuery(search);
  if (route.kind === "raw") {
    const signal = goneSignal(reply.response, handling.closing);
    return await (handling.raw[route.id] as RawRoute)({ request, reply, parameters, query, signal });
  }
  if (request.headers.expect !== undefined) reply.response.writeContinue();
  const body = route.body === "json" ? await readJson(request) : query;
  const twice = Object.keys(parameters).find((name) => Object.hasOwn(body, name));
  if (twice !== undefined || (route.body === "json" && search !== "")) {
    throw new DoorError(
      400,
      "input.invalid",
      "The request says the same thing in two places.",
      "Use the path and the body, or the path and the query.",
    );
  }
  const answer = await handling.callVerb(
    route.id,
    { ...body, ...parameters },
    {
      cookie: asker.kind === "session" ? asker.cookie : undefined,
      setCookie: (value) => setCookie(reply.response, handling.rules.cookieName, value),
      peerUser: async () => (via === "tcp" ? await peerUser(endsOf(request)) : undefined),
    },
  );
  if (isRefusal(answer)) sendProblem(reply, answer);
  else sendJson(reply, 200, answer);
}

const endsOf = ({ socket }: IncomingMessage) => ({ remotePort: socket.remotePort ?? 0, localPort: socket.localPort ?? 0 });

function setCookie(response: ServerResponse, name: string, value: string | undefined): void {
  const life = value === undefined ? "; Max-Age=0" : "";
  response.setHeader("set-cookie", `${name}=${value ?? ""}; HttpOnly; SameSite=Strict; Path=/${life}`);
}

async function serveFile(
  request: IncomingMessage,
  { response }: Reply,
  path: string,
  methods: readonly string[],
  { web }: Handling,
): Promise<void> {
  if (methods.length > 0) {
    throw new DoorError(
      405,
      "daemon.method_refused",
      "This path does not answer to that method.",
      "The API's description is at /api/v1/docs.",
      methods.join(", "),
    );
  }
  const docs = docsFile(path);
  if (path.startsWith("/api/") && docs === undefined) {
    throw new DoorError(404, "route.unknown", "The API has no such path.", `Its description is at ${API_PREFIX}/docs.`);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new DoorError(405, "daemon.method_refused", "A file is only read.", "Use GET.", "GET, HEAD");
  }
  const file = docs
    ? { ...docs, encoding: undefined, immutable: false }
    : await web?.find(path, String(request.headers["accept-encoding"] ?? ""));
  if (file === undefined) {
    throw new DoorError(
      404,
      "page.unknown",
      "There is no such page.",
      web === undefined ? "The web interface was not built: ./mimic up" : "Start at /",
    );
  }
  response.writeHead(200, {
    ...SECURITY_HEADERS,
    "content-type": file.type,
    "content-length": file.bytes.length,
    vary: "accept-encoding",
    ...(file.encoding === undefined ? {} : { "content-encoding": file.encoding }),
    ...(file.immutable ? { "cache-control": "public, max-age=31536000, immutable" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : file.bytes);
}

function goneSignal(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  const end = () => gone.abort(new DoorError(503, "daemon.closing", "The daemon is ending.", "Try again in a moment."));
  response.once("close", () => {
    closing.removeEventListener("abort", end);
    gone.abort();
  });
  if (closing.aborted) end();
  else closing.addEventListener("abort", end, { once: true });
  return gone.signal;
}
