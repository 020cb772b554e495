// From an HTTP upgrade to a live connection: the same gate as for requests, then (for browsers) the CSRF value
// as the first message, and only then anything about machines. Before that value, nothing of a guest flows.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Log, orThrow } from "@mimic/base";
import type { Workbench } from "@mimic/workbench";
import { type WebSocket, WebSocketServer } from "ws";
import { readQuery } from "../http/body.ts";
import type { Asker, GateRequest } from "../http/gate.ts";
import { admit, type Handling } from "../http/handle.ts";
import { DoorError, isBug, statusOf, toProblem } from "../http/problem.ts";
import { rawProblem } from "../http/reply.ts";
import type { Sessions } from "../http/sessions.ts";
import { openDisplay } from "./display.ts";
import { openExec } from "./exec.ts";
import type { LiveCall, MachineCall } from "./live-call.ts";
import { openPackets } from "./packets.ts";
import { openPointer } from "./pointer.ts";
import { openSerial, openShell } from "./serial.ts";
import { openSound } from "./sound.ts";
import { openTcp } from "./tcp.ts";
import { Viewer } from "./viewer.ts";

/** Must listen to the viewer before it returns or first waits; what it throws is told to the viewer. */
type Open =
  | { readonly of: "machine"; readonly open: (call: MachineCall) => Promise<void> | void; readonly query: readonly string[] }
  | { readonly of: "network"; readonly open: (call: LiveCall) => Promise<void> | void; readonly query: readonly string[] };

const OPEN: Readonly<Record<string, Open>> = {
  "live.display": { of: "machine", open: openDisplay, query: ["viewOnly"] },
  "live.pointer": { of: "machine", open: openPointer, query: [] },
  "live.sound": { of: "machine", open: openSound, query: [] },
  "live.serial": { of: "machine", open: openSerial, query: ["port", "viewOnly"] },
  "live.shell": { of: "machine", open: openShell, query: ["viewOnly", "endsMachine"] },
  "live.exec": { of: "machine", open: openExec, query: ["endsMachine"] },
  "live.tcp": { of: "machine", open: openTcp, query: ["port", "nic"] },
  "live.packets": { of: "network", open: openPackets, query: ["port", "vlan", "filter", "drops"] },
};
const VIEWERS_LIMIT = 128;
const CSRF_WITHIN_MS = 10_000;
const ALIVE_EVERY_MS = 25_000;
const MESSAGE_LIMIT = 1024 ** 2;

interface UpgradeOptions {
  readonly workbench: Workbench;
  readonly sessions: Sessions;
  readonly handling: Handling;
}

export interface Upgrades {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, via: GateRequest["via"]): void;
  /** Ends all live connections. */
  close(): void;
}

export function createUpgrades({ workbench, sessions, handling }: UpgradeOptions): Upgrades {
  const wss = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MESSAGE_LIMIT });
  wss.on("wsClientError", (_error, socket) => refuse(socket, notWebSocket(), handling));
  const viewers = new Map<Viewer, Asker>();
  const alive = setInterval(() => {
    for (const viewer of viewers.keys()) viewer.checkAlive();
  }, ALIVE_EVERY_MS);
  alive.unref();
  sessions.onEnd((cookie) => {
    for (const [viewer, asker] of viewers) {
      if (asker.kind === "session" && asker.cookie === cookie) viewer.fail(signedOut());
    }
  });
  const begin = (ws: WebSocket, accepted: Accepted) => {
    const viewer = new Viewer(ws);
    const log = handling.log.child({ live: accepted.id });
    viewers.set(viewer, accepted.asker);
    viewer.gone.addEventListener("abort", () => viewers.delete(viewer), { once: true });
    proveOrigin(viewer, accepted.asker, handling, () => void openLive(viewer, accepted, workbench, log));
  };
  return {
    upgrade(request, socket, head, via) {
      socket.on("error", () => socket.destroy());
      try {
        const accepted = accept(request, via, handling);
        if (viewers.size >= VIEWERS_LIMIT) throw tooMany();
        wss.handleUpgrade(request, socket, head, (ws) => begin(ws, accepted));
      } catch (error) {
        if (isBug(error)) handling.log.error("upgrade failed", { error });
        refuse(socket, error, handling);
      }
    },
    close() {
      clearInterval(alive);
      for (const viewer of viewers.keys()) {
        viewer.close(1001, "daemon.closing");
        setTimeout(() => viewer.terminate(), 500).unref();
      }
    },
  };
}

interface Accepted {
  readonly id: string;
  readonly asker: Asker;
  /** Of the machine or network. */
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
}

function accept(request: IncomingMessage, via: GateRequest["via"], handling: Handling): Accepted {
  const { found, asker, search } = admit(request, via, true, handling);
  if (found.route === undefined || found.route.kind !== "live") throw notWebSocket();
  const query = readQuery(search);
  const known = OPEN[found.route.id]?.query ?? [];
  const extra = Object.keys(query).find((name) => !known.includes(name));
  if (extra !== undefined) {
    throw new DoorError(
      400,
      "input.invalid",
      `This connection knows no “${extra.slice(0, 60)}”.`,
      "The API's description is at /api/v1/docs.",
    );
  }
  return { id: found.route.id, asker, name: found.parameters.machine ?? found.parameters.network ?? "", query };
}

/** A browser's first message must be {"csrf": …}: the cookie and the Origin alone open nothing. */
function proveOrigin(viewer: Viewer, asker: Asker, handling: Handling, proven: () => void): void {
  if (asker.kind !== "session") {
    proven();
    return;
  }
  const late = setTimeout(() => viewer.fail(csrfMissing()), CSRF_WITHIN_MS);
  viewer.gone.addEventListener("abort", () => clearTimeout(late), { once: true });
  let done = false;
  const wrong = () => {
    if (!done) viewer.fail(csrfMissing());
    done = true;
  };
  viewer.hear({
    binary: wrong,
    text(message) {
      if (done) return;
      const csrf = message?.csrf;
      if (typeof csrf !== "string" || !handling.rules.csrfMatches(asker.cookie, csrf)) return wrong();
      done = true;
      clearTimeout(late);
      proven();
    },
  });
}

async function openLive(viewer: Viewer, { id, name, query }: Accepted, workbench: Workbench, log: Log): Promise<void> {
  log.debug("live connection opened");
  viewer.gone.addEventListener("abort", () => log.debug("live connection ended"), { once: true });
  try {
    const how = OPEN[id] as Open;
    const call = { viewer, name, query, workbench, log };
    if (how.of === "network") return await how.open(call);
    const machine = orThrow(workbench.running(name));
    // Whoever uses a disposable machine may be ended in any way: then it goes too. An ordinary one is refused, and stays.
    if (query.endsMachine === "1")
      viewer.gone.addEventListener("abort", () => void Promise.resolve(workbench.disposables.discard({ machine: name })).catch(() => {}), {
        once: true,
      });
    const news = machine.listen((what) => {
      if (what.kind === "exited") viewer.fail(machineOff());
    });
    viewer.gone.addEventListener("abort", () => news[Symbol.dispose](), { once: true });
    await how.open({ ...call, machine });
  } catch (error) {
    if (isBug(error) && !viewer.gone.aborted) log.error("live connection failed", { error });
    viewer.fail(error);
  }
}

function refuse(socket: Duplex, error: unknown, handling: Handling): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = { ...toProblem(error), requestId: handling.ids.make("req") };
  socket.end(rawProblem(statusOf(error), problem), () => socket.destroy());
}

const notWebSocket = () =>
  new DoorError(
    400,
    "daemon.bad_request",
    "There is no live connection (WebSocket) to open here.",
    "The API's description is at /api/v1/docs.",
  );
const tooMany = () =>
  new DoorError(503, "daemon.too_many_viewers", "Too many live connections are open already.", "Close a few consoles and try again.");
const csrfMissing = () =>
  new DoorError(401, "daemon.csrf_missing", "The page did not prove that it is Mimic's own.", "Load the page again.");
const signedOut = () =>
  new DoorError(401, "daemon.not_signed_in", "This page was signed out.", "Sign in with the address that “mimic open” prints.");
const machineOff = () => new DoorError(409, "machine.went_off", "The machine is off now.", "Start it again to go on.");
