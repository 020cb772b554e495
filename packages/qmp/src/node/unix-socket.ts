// QMP over a unix socket. QEMU serves one client per monitor: a second one is accepted by the kernel but
// never greeted, so the time limit of the caller's signal matters.
import { connect, type Socket } from "node:net";
import { MimicError, onAbort, type Waiting } from "@mimic/base";
import { libc } from "@mimic/base/node";
import { qmpUnreachable } from "../errors.ts";
import { QmpSession } from "../session.ts";

/**
 * Connects and shakes hands; the caller owns the session and closes it. Throws `qmp.unreachable`,
 * `qmp.disconnected`, `qmp.bad_message`. `patienceMs` = how long a socket that is not there yet is awaited.
 */
export async function connectQmp(path: string, options: Waiting & { readonly patienceMs?: number }): Promise<QmpSession> {
  const socket = await connectWhenThere(path, options.patienceMs ?? 0, options.signal);
  const session = new QmpSession({
    send: (bytes, descriptor) => (descriptor === undefined ? void socket.write(bytes) : sendDescriptor(socket, bytes, descriptor)),
    close: () => socket.destroy(),
  });
  socket.on("data", (bytes: Buffer) => session.receive(bytes));
  socket.on("error", (error) => session.ended(error.message, error));
  socket.on("close", () => session.ended("the socket was closed"));
  session.begin();
  using _ = onAbort(options.signal, () => session.close());
  try {
    await session.ready;
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  }
  return session;
}

/** Connects to a unix socket that may not exist yet; asks again every few milliseconds. */
export async function connectWhenThere(path: string, patienceMs: number, signal: AbortSignal): Promise<Socket> {
  const until = performance.now() + patienceMs;
  for (;;) {
    signal.throwIfAborted();
    const outcome = await tryConnect(path);
    if (!(outcome instanceof Error)) return outcome;
    const code = (outcome as NodeJS.ErrnoException).code;
    if ((code !== "ENOENT" && code !== "ECONNREFUSED") || performance.now() >= until) throw qmpUnreachable(outcome.message, outcome);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

function tryConnect(path: string): Promise<Socket | Error> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const failed = (error: Error): void => resolve(error);
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

function sendDescriptor(socket: Socket, bytes: Uint8Array, descriptor: number): void {
  const c = libc();
  if (c === undefined)
    throw new MimicError("qmp.no_descriptors", "This Node cannot hand an open file to QEMU.", {
      hint: "Start Mimic by its launcher (./mimic): it brings a Node that can.",
    });
  c.sendDescriptor(socket, bytes, descriptor);
}
