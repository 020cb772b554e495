// The daemon's doors: a unix socket for its owner and loopback for browsers, one handler behind both.
import { rename, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { type Clock, IdMaker, type Log, type Random } from "@mimic/base";
import type { Workbench } from "@mimic/workbench";
import { createUpgrades } from "../live/upgrade.ts";
import { doorRoutes } from "./door-routes.ts";
import { type GateRequest, type GateRules, hostsOf, originsOf } from "./gate.ts";
import { type Handling, handle } from "./handle.ts";
import { listenLoopback, listenUnix } from "./listen.ts";
import { createMatcher } from "./match-route.ts";
import { DoorError, toProblem } from "./problem.ts";
import { createRawRoutes } from "./raw-routes.ts";
import { rawProblem, sendProblem } from "./reply.ts";
import { Sessions, sameSecret } from "./sessions.ts";
import { loadToken } from "./token.ts";
import { createVerbs } from "./verbs.ts";
import { WebFiles } from "./web-files.ts";

export interface DoorOptions {
  readonly workbench: Workbench;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** Ours alone (0700). `daemon.sock` and `port` are made in it. */
  readonly runDirectory: string;
  /** `token` is made in it. */
  readonly dataDirectory: string;
  /** The built web interface; undefined = none. */
  readonly webDirectory: string | undefined;
  /** 0 = any free one. */
  readonly port: number;
  readonly version: string;
  /** Called by `daemon.shutdown`. Its answer is sent before `close` may be called: do that a moment later. */
  readonly shutdown: (options: { machines: boolean }) => Promise<{ stoppedMachines: string[] }>;
}

export interface Doors {
  /** “http://127.0.0.1:7717/” */
  readonly address: string;
  readonly port: number;
  /** For `mimic up`: an address that signs a browser in once, within 60 seconds. */
  signInAddress(): string;
  /** Answers what is under way for at most a second, then cuts. Idempotent. */
  close(): Promise<void>;
}

const CLOSE_WITHIN_MS = 1000;

/**
 * Opens both doors. Throws `daemon.port_taken`, `daemon.port_refused`, `daemon.path_too_long`, `daemon.run_folder_open`,
 * `daemon.socket_path_taken`, `daemon.running_already`, `daemon.token_exposed`, `daemon.token_unreadable`; then nothing listens.
 */
export async function startDoors(options: DoorOptions): Promise<Doors> {
  const token = await loadToken(options.dataDirectory, options.random);
  const sessions = new Sessions(options.clock, options.random);
  const closing = new AbortController();
  // The rules name the port, and with port 0 that is known only when we listen: no request is read before.
  let port = options.port;
  let rules: GateRules | undefined;
  const makeRules = (): GateRules => {
    const hosts = hostsOf(port);
    return {
      hosts,
      origins: originsOf(hosts),
      cookieName: `mimic-${port}`,
      tokenMatches: (text) => sameSecret(token.reveal(), text),
      sessionKnown: (cookie) => sessions.known(cookie),
      csrfMatches: (cookie, csrf) => sessions.csrfMatches(cookie, csrf),
    };
  };
  const address = () => `http://127.0.0.1:${port}/`;
  const handling: Handling = {
    match: createMatcher(doorRoutes()),
    get rules() {
      rules ??= makeRules();
      return rules;
    },
    callVerb: createVerbs({ workbench: options.workbench, sessions, address, shutdown: options.shutdown }),
    raw: createRawRoutes(options.workbench, options.version),
    web: options.webDirectory === undefined ? undefined : new WebFiles(options.webDirectory),
    ids: new IdMaker(options.clock, options.random),
    log: options.log,
    closing: closing.signal,
  };
  const upgrades = createUpgrades({ workbench: options.workbench, sessions, handling });
  const make = (via: GateRequest["via"]) => makeServer(via, handling, upgrades.upgrade);
  const loopback = await listenLoopback(() => make("tcp"), options.port);
  port = loopback.port;
  const unix = make("unix");
  const servers = [...loopback.servers, unix];
  const portFile = join(options.runDirectory, "port");
  let closed: Promise<void> | undefined;
  const close = async () => {
    closing.abort();
    upgrades.close();
    await Promise.all(servers.map(closeServer));
    await rm(portFile, { force: true });
  };
  try {
    await listenUnix(unix, join(options.runDirectory, "daemon.sock"), options.runDirectory);
    await writeFile(`${portFile}.new`, `${port}\n`, { mode: 0o600 });
    await rename(`${portFile}.new`, portFile);
  } catch (error) {
    await close();
    throw error;
  }
  options.log.info("doors open", { port });
  return {
    address: address(),
    port,
    signInAddress: () => `${address()}#c=${sessions.makeCode()}`,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, via: GateRequest["via"]) => void;

function makeServer(via: GateRequest["via"], handling: Handling, upgrade: OnUpgrade): Server {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    // Uploads take as long as they take; bodies have limits of their own.
    requestTimeout: 0,
    keepAliveTimeout: 15_000,
    connectionsCheckingInterval: 5000,
    // The gate itself answers a request without Host, in Mimic's words.
    requireHostHeader: false,
    insecureHTTPParser: false,
  });
  server.maxHeadersCount = 100;
  server.maxConnections = 256;
  const onRequest = (request: IncomingMessage, response: Parameters<typeof handle>[1]) => void handle(request, response, via, handling);
  server.on("request", onRequest);
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", (_request, response) => {
    const error = new DoorError(417, "daemon.bad_request", "The request expects something unknown.", "Leave out the header “Expect”.");
    sendProblem({ response, requestId: handling.ids.make("req") }, error);
  });
  server.on("upgrade", (request, socket, head) => upgrade(request, socket, head, via));
  server.on("connect", (_request, socket) => socket.destroy());
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => answerBroken(error, socket, handling));
  return server;
}

/** Bytes that are no request of HTTP, or one that came too slowly. */
function answerBroken(error: NodeJS.ErrnoException, socket: Duplex, handling: Handling): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const problem = new DoorError(status, "daemon.bad_request", "This is no request that Mimic can read.", "Send a plain HTTP/1.1 request.");
  socket.end(rawProblem(status, { ...toProblem(problem), requestId: handling.ids.make("req") }), () => socket.destroy());
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS);
  server.close(() => resolve());
  server.closeIdleConnections();
  await promise;
  clearTimeout(cut);
}
