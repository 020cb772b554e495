// The greeting with a display server on its unix socket (RFC 6143 §7.1 to §7.3), bounded in time and size.
import { connect, type Socket } from "node:net";
import { plain } from "@mimic/base";
import { DoorError } from "../../http/problem.ts";
import { VERSION } from "./client-stream.ts";
import { fitsScreen } from "./server-stream.ts";

const WITHIN_MS = 5000;
const NAME_LIMIT = 4096;

export interface ConnectedDisplay {
  /** Paused, with nothing read beyond the greeting. The caller owns it, and has to listen for its errors. */
  readonly socket: Socket;
  readonly width: number;
  readonly height: number;
  /** As the server sent it, with its name made harmless. */
  readonly serverInit: Uint8Array;
}

/** Throws `display.unreachable` or `display.broke_rules`. */
export async function connectDisplay(path: string, gone: AbortSignal): Promise<ConnectedDisplay> {
  const socket = connect({ path });
  const signal = AbortSignal.any([gone, AbortSignal.timeout(WITHIN_MS)]);
  const cut = () => socket.destroy(new Error("too slow, or nobody waits any more"));
  signal.addEventListener("abort", cut, { once: true });
  socket.on("error", () => {});
  try {
    return await greet(socket);
  } catch (error) {
    socket.destroy();
    throw error instanceof DoorError ? error : unreachable(error);
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

async function greet(socket: Socket): Promise<ConnectedDisplay> {
  const version = await read(socket, 12);
  if (!/^RFB 003\.\d{3}\n$/.test(version.toString("latin1")) || version.compare(VERSION) < 0) throw brokeRules("speaks an unknown version");
  socket.write(VERSION);
  const count = (await read(socket, 1))[0] ?? 0;
  if (count === 0) throw brokeRules("refuses viewers");
  if (!(await read(socket, count)).includes(1)) throw brokeRules("wants a password");
  socket.write(Uint8Array.of(1));
  if ((await read(socket, 4)).readUInt32BE() !== 0) throw brokeRules("refuses viewers");
  // Shared: another viewer is never thrown out.
  socket.write(Uint8Array.of(1));
  const head = await read(socket, 24);
  const [width, height, nameLength] = [head.readUInt16BE(0), head.readUInt16BE(2), head.readUInt32BE(20)];
  if (!fitsScreen(width, height)) throw brokeRules("has too large a screen");
  if (nameLength > NAME_LIMIT) throw brokeRules("has too long a name");
  const name = Buffer.from(plain((nameLength === 0 ? Buffer.alloc(0) : await read(socket, nameLength)).toString("utf8"), 100));
  head.writeUInt32BE(name.length, 20);
  return { socket, width, height, serverInit: Buffer.concat([head, name]) };
}

/** Exactly so many bytes; what follows stays in the socket. */
async function read(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes !== null && bytes.length === count) return bytes;
    if (socket.destroyed || socket.readableEnded) throw socket.errored ?? new Error("the connection ended");
    await changed(socket);
  }
}

function changed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ["readable", "end", "close", "error"] as const;
  const done = () => {
    for (const event of events) socket.off(event, done);
    resolve();
  };
  for (const event of events) socket.on(event, done);
  return promise;
}

export const brokeRules = (what: string): DoorError =>
  new DoorError(
    502,
    "display.broke_rules",
    "The machine's screen sent something that makes no sense, so Mimic closed it.",
    "Open it again.",
    what,
  );

const unreachable = (cause: unknown): DoorError =>
  new DoorError(
    502,
    "display.unreachable",
    "The machine's screen does not answer.",
    "Open it again; if it stays, restart the machine.",
    String(cause),
  );
