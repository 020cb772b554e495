// A TCP socket of this computer as the NAT's host side. What it reads lands in one buffer that all of them share: reading is
// synchronous, and whoever gets the bytes copies them before the next socket reads.
import { connect, type Socket } from "node:net";
import type { DialFailure, DialTarget, HostStream, HostStreamEvents } from "../../nat/host-side.ts";

const SHARED = Buffer.allocUnsafeSlow(1 << 16);

export function dialHost(to: DialTarget, events: HostStreamEvents): HostStream {
  const stream: SocketStream = new SocketStream(events);
  const socket = connect({
    host: to.address,
    port: to.port,
    allowHalfOpen: true,
    noDelay: true,
    // Otherwise Node would try other addresses than the one that was decided upon.
    autoSelectFamily: false,
    onread: { buffer: SHARED, callback: (count) => stream.read(SHARED.subarray(0, count)) },
  });
  stream.take(socket, true);
  return stream;
}

/** Of a listener; it comes paused. */
export function acceptedStream(socket: Socket, events: HostStreamEvents): HostStream {
  const stream: SocketStream = new SocketStream(events);
  stream.take(socket, false);
  socket.on("data", (bytes: Buffer) => {
    if (!stream.read(bytes)) socket.pause();
  });
  socket.pause();
  return stream;
}

class SocketStream implements HostStream {
  readonly #events: HostStreamEvents;
  #socket: Socket | undefined;
  #isConnected = false;
  #isBusy = false;

  constructor(events: HostStreamEvents) {
    this.#events = events;
  }

  take(socket: Socket, isDialled: boolean): void {
    const events = this.#events;
    this.#socket = socket;
    this.#isConnected = !isDialled;
    let error: NodeJS.ErrnoException | undefined;
    socket.on("connect", () => {
      this.#isConnected = true;
      events.connected();
    });
    socket.on("end", () => events.ended());
    socket.on("error", (thrown: NodeJS.ErrnoException) => (error = thrown));
    socket.on("close", (isError) => {
      if (this.#socket === undefined) return;
      this.#socket = undefined;
      if (this.#isConnected) events.closed(isError);
      else events.failed(failureOf(error?.code));
    });
  }

  read(bytes: Uint8Array): boolean {
    return this.#socket === undefined ? false : this.#events.data(bytes);
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    // Gone: nobody needs the bytes.
    if (socket === undefined || socket.destroyed) return true;
    socket.write(bytes, this.#onWritten);
    this.#isBusy = socket.writableLength > 0;
    return !this.#isBusy;
  }

  readonly #onWritten = (): void => {
    if (!this.#isBusy || (this.#socket && this.#socket.writableLength > 0)) return;
    this.#isBusy = false;
    this.#events.drained();
  };

  end(): void {
    this.#socket?.end();
  }

  resume(): void {
    this.#socket?.resume();
  }

  reset(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (this.#isConnected) socket?.resetAndDestroy();
    else socket?.destroy();
  }
}

const FAILURES: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "refused",
  EHOSTUNREACH: "hostUnreachable",
  EHOSTDOWN: "hostUnreachable",
  ENETUNREACH: "networkUnreachable",
  ENETDOWN: "networkUnreachable",
  EADDRNOTAVAIL: "networkUnreachable",
  EACCES: "prohibited",
  EPERM: "prohibited",
  ETIMEDOUT: "timeout",
};

export const failureOf = (code: string | undefined): DialFailure => FAILURES[code ?? ""] ?? "unknown";
