// The switch's control socket. Each connection says first what it is for. Several may be open at once: the daemon's own,
// and one for each capture. A connection that ends takes nothing along but its capture.
import { lstatSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { MimicError, messageOf } from "@mimic/base";
import type { SwitchNews } from "@mimic/workbench/ports";
import { FirstLine, jsonOf, LineReader } from "../../control/lines.ts";
import { CONTROL_PROTOCOL, type ControlProblem, LONGEST_LINE, Opening, Question } from "../../control/messages.ts";
import { noGateway } from "../../errors.ts";
import { serveCapture } from "./serve-capture.ts";
import type { SwitchHost } from "./switch-host.ts";

export interface ControlServer extends AsyncDisposable {
  tell(news: SwitchNews): void;
}

/** A reader of news that falls so far behind is let go; the next daemon asks anew. */
const MOST_UNREAD_BYTES = 8 * 1024 * 1024;

export async function openControlServer(path: string, host: () => SwitchHost, ended: () => void): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const listeners = new Set<Socket>();
  // A connection into the network has two directions, and one may end before the other.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("end", () => {
      if (!ownEnd.has(socket)) socket.end();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      listeners.delete(socket);
    });
    greet(socket, host(), { listeners, ended });
  });
  removeStale(path);
  await listening(server, path);
  return {
    tell: (news) => {
      for (const socket of listeners) send(socket, { news });
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Connections that carry bytes say themselves what becomes of them when the other side has said all. */
const ownEnd = new WeakSet<Socket>();

interface Around {
  readonly listeners: Set<Socket>;
  readonly ended: () => void;
}

function greet(socket: Socket, host: SwitchHost, around: Around): void {
  const first = new FirstLine(65_536);
  const heard = (bytes: Buffer): void => {
    const got = first.push(bytes);
    if (got === undefined) return;
    socket.off("data", heard);
    const opening = got === "too long" ? undefined : Opening.safeParse(jsonOf(got.line));
    if (got === "too long" || !opening?.success) {
      socket.destroy();
      return;
    }
    open(socket, opening.data, got.rest, host, around).catch((error: unknown) => {
      send(socket, { ok: false, protocol: CONTROL_PROTOCOL, problem: problemOf(error) });
      socket.end();
    });
  };
  socket.on("data", heard);
}

async function open(socket: Socket, opening: Opening, rest: Uint8Array, host: SwitchHost, around: Around): Promise<void> {
  const welcome = { ok: true, protocol: CONTROL_PROTOCOL, pid: process.pid, networks: host.networks };
  if (opening.protocol !== CONTROL_PROTOCOL && opening.open !== "control") {
    socket.destroy();
    return;
  }
  switch (opening.open) {
    case "control":
      send(socket, welcome);
      around.listeners.add(socket);
      converse(socket, rest, host, around);
      return;
    case "capture":
      ownEnd.add(socket);
      serveCapture(socket, host.network(opening.network), opening.wish, () => send(socket, welcome));
      return;
    case "connect": {
      const { gateway } = host.network(opening.network);
      if (gateway === undefined) throw noGateway(opening.network);
      const ended = new AbortController();
      socket.once("close", () => ended.abort());
      ownEnd.add(socket);
      const connection = await gateway.connect({ address: opening.address, port: opening.port }, { signal: ended.signal });
      send(socket, welcome);
      await splice(socket, rest, connection);
      return;
    }
    default:
      opening satisfies never;
  }
}

function converse(socket: Socket, rest: Uint8Array, host: SwitchHost, around: Around): void {
  const reader = new LineReader(LONGEST_LINE);
  let inTurn = Promise.resolve();
  const heard = (bytes: Uint8Array): void => {
    const lines = reader.push(bytes);
    if (lines === undefined) {
      socket.destroy();
      return;
    }
    for (const line of lines) inTurn = inTurn.then(() => reply(socket, line, host, around));
  };
  socket.on("data", heard);
  heard(rest);
}

async function reply(socket: Socket, line: string, host: SwitchHost, around: Around): Promise<void> {
  const said = jsonOf(line);
  const question = Question.safeParse(said);
  if (!question.success) {
    const id = (said as { id?: unknown } | undefined)?.id;
    send(socket, {
      id: typeof id === "number" ? id : 0,
      problem: { code: "network.switch_failed", message: "The switch did not understand the question.", hint: "Restart Mimic." },
    });
    return;
  }
  const { id, body } = question.data;
  try {
    send(socket, { id, answer: await host.answer(body) });
  } catch (error) {
    send(socket, { id, problem: problemOf(error) });
  }
  if (body.ask === "end") socket.end(around.ended);
}

async function splice(
  socket: Socket,
  rest: Uint8Array,
  connection: Awaited<ReturnType<NonNullable<ReturnType<SwitchHost["network"]>["gateway"]>["connect"]>>,
): Promise<void> {
  await using held = connection;
  const outward = (async () => {
    if (rest.length > 0) await held.write(rest);
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) await held.write(bytes as Uint8Array);
    await held.end();
  })();
  const inward = (async () => {
    for await (const bytes of held.readable) if (!socket.write(bytes)) await drained(socket);
    socket.end();
  })();
  await Promise.allSettled([outward, inward]);
  socket.destroy();
}

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once("drain", resolve);
    socket.once("close", resolve);
  });

function send(socket: Socket, message: unknown): void {
  if (socket.writableLength > MOST_UNREAD_BYTES) socket.destroy();
  else if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

const problemOf = (error: unknown): ControlProblem =>
  error instanceof MimicError
    ? { code: error.code, message: error.message, hint: error.hint }
    : {
        code: "network.switch_failed",
        message: `The switch failed: ${messageOf(error)}.`,
        hint: "This is a fault in Mimic; the log of the switch says more.",
      };

function listening(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(path, resolve);
  return promise;
}

function removeStale(path: string): void {
  try {
    if (lstatSync(path).isSocket()) rmSync(path);
  } catch {
    // Nothing is there.
  }
}
