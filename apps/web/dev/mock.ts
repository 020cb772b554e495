// A daemon that does not exist, for looking at the interface and for its browser tests: serves dist/ under the real
// page policy, speaks the contract's routes over a world in memory, and counts what was asked.
//   node apps/web/dev/mock.ts [usual|empty|many|hostile|crowd] [port]
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { API_PREFIX, type Route, routes } from "@mimic/api/routes";
import type { Event } from "@mimic/model";
import { WebSocketServer } from "ws";
import { MockDaemon, Problem } from "./mock/daemon.ts";
import { json, pattern, readAll } from "./mock/http.ts";
import { openLive } from "./mock/live.ts";
import { RawRoutes } from "./mock/raw.ts";
import { verbsOf } from "./mock/verbs.ts";
import { type Kind, makeWorld, type World } from "./world.ts";

/** As the daemon sends it; a test of the whole compares the two. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; worker-src 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const CSRF = "mock-csrf";

export interface Mock {
  readonly address: string;
  readonly world: World;
  /** “POST /api/v1/machines” … in order. */
  readonly asked: string[];
  /** JSON bodies beside them. */
  readonly bodies: unknown[];
  /** Sends a fact to every follower. */
  tell(fact: Event["fact"]): void;
  /** Cuts all followers, as a daemon that was stopped. */
  cut(): void;
  close(): Promise<void>;
}

export interface MockOptions {
  readonly kind?: Kind;
  readonly port?: number;
  /** The built interface; apps/web/dist when left out. */
  readonly dist?: string | undefined;
  /** Milliseconds between the steps of a job. */
  readonly slow?: number;
}

export async function startMock({ kind = "usual", port = 0, slow = 250, dist = DIST }: MockOptions = {}): Promise<Mock> {
  const daemon = new MockDaemon(makeWorld(kind), slow);
  const verbs = verbsOf(daemon);
  const raw = new RawRoutes(daemon);
  const asked: string[] = [];
  const bodies: unknown[] = [];
  const table = Object.entries(routes).flatMap(([area, verbs]) =>
    Object.entries(verbs).map(([verb, route]: [string, Route]) => ({ area, verb, method: route.method, path: pattern(route.path) })),
  );
  const api = async (path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? "GET";
    asked.push(`${method} ${path}`);
    if (path === routes.sessions.open.path && method === "POST") {
      const { code } = JSON.parse((await readAll(request)).toString()) as { code: string };
      if (code !== "GOOD")
        return json(response, 401, {
          code: "session.code_unknown",
          message: "This code is not good any more.",
          hint: "Get a new one: mimic open",
        });
      return json(response, 200, { csrf: CSRF }, { "set-cookie": "mimic=mock; HttpOnly; SameSite=Strict; Path=/" });
    }
    const cookie = /(^|; )mimic=mock($|;)/.test(request.headers.cookie ?? "");
    if (cookie && path === routes.sessions.renew.path) return json(response, 200, { csrf: CSRF });
    if (!cookie || request.headers["x-mimic-csrf"] !== CSRF)
      return json(response, 401, { code: "session.none", message: "You are not signed in.", hint: "mimic open" });
    if (await raw.answer(path, query, request, response)) return;
    for (const { area, verb, method: wanted, path: expression } of table) {
      const match = wanted === method ? expression.exec(path) : null;
      const handler = match && verbs[area]?.[verb];
      if (!match || !handler) continue;
      const text = (await readAll(request)).toString();
      const input = text ? JSON.parse(text) : {};
      bodies.push(input);
      const parameters = Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]));
      return json(response, 200, handler(input as never, parameters, query));
    }
    json(response, 404, { code: "api.no_route", message: `There is no ${method} ${path}.`, hint: "Is this page newer than the daemon?" });
  };

  const file = async (path: string, response: ServerResponse): Promise<void> => {
    const name = extname(path) === "" ? "/index.html" : normalize(path);
    const bytes = await readFile(join(dist, name)).catch(() => undefined);
    if (!bytes) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" }).end(bytes);
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://mock");
    for (const [name, value] of [
      ["content-security-policy", POLICY],
      ["x-content-type-options", "nosniff"],
      ["referrer-policy", "no-referrer"],
      ["cache-control", "no-store"],
      ["cross-origin-opener-policy", "same-origin"],
    ] as const)
      response.setHeader(name, value);
    const work = url.pathname.startsWith(`${API_PREFIX}/`)
      ? api(url.pathname.slice(API_PREFIX.length), url.searchParams, request, response)
      : file(url.pathname, response);
    work.catch((error: unknown) => {
      if (error instanceof Problem) json(response, error.status, { code: error.code, message: error.message, hint: error.hint });
      else json(response, 500, { code: "mock.broken", message: String(error), hint: "" });
    });
  });

  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket, request) => {
    const url = new URL(request.url ?? "/", "http://mock");
    const path = url.pathname.slice(API_PREFIX.length);
    asked.push(`WS ${path}${url.search}`);
    socket.once("message", (first: Buffer, isBinary: boolean) => {
      if (isBinary || (JSON.parse(first.toString()) as { csrf?: string }).csrf !== CSRF) {
        socket.send(JSON.stringify({ problem: { code: "session.none", message: "You are not signed in.", hint: "mimic open" } }));
        return socket.close();
      }
      openLive(daemon, path, url.searchParams, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = server.address();
  return {
    address: `http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : port}`,
    world: daemon.world,
    asked,
    bodies,
    tell: daemon.tell,
    cut: () => {
      for (const response of daemon.followers) response.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({ kind: (process.argv[2] ?? "usual") as Kind, port: Number(process.argv[3] ?? 7790) });
  process.stdout.write(`${mock.address}/#c=GOOD\n`);
}
