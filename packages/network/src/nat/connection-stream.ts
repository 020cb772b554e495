// A TCP connection of the endpoint as an async stream, for services of the gateway and for the daemon's own connections to
// guests. At most what the window holds waits for a reader.

import type { TcpClosing, TcpConnection } from "@mimic/tcpip";
import type { FabricConnection } from "@mimic/workbench/ports";
import type { ServedStream } from "../gateway/uplink.ts";

export interface ConnectionStream extends ServedStream {
  /** Resolves once the handshake is complete; rejects with the reason when it does not come to that. */
  readonly opened: Promise<void>;
}

/** Takes over the connection's events. */
export function streamOf(connection: TcpConnection): ConnectionStream {
  let closed: TcpClosing | undefined;
  let wake: () => void = () => {};
  let writable: () => void = () => {};
  const opened = Promise.withResolvers<void>();
  // Nobody may be waiting for it.
  opened.promise.catch(() => {});
  connection.events = {
    opened: () => opened.resolve(),
    readable: () => wake(),
    writable: () => writable(),
    closed: (why) => {
      closed = why;
      opened.reject(new Error(why));
      wake();
      writable();
    },
  };
  async function* read(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const view = connection.read();
      if (view.length > 0) {
        const bytes = view.slice();
        connection.consume(view.length);
        yield bytes;
      } else if (connection.hasEnded || closed === "done") return;
      else if (closed !== undefined || connection.isClosed) throw new Error(`the connection ended: ${closed ?? "reset"}`);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    opened: opened.promise,
    readable: read(),
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        if (connection.isClosed) throw new Error(`the connection ended: ${closed ?? "reset"}`);
        const taken = connection.room > 0 ? connection.write(bytes.subarray(at)) : 0;
        at += taken;
        if (at < bytes.length && connection.room > 0 && taken === 0) throw new Error("there is no memory for what is to be sent");
        if (connection.room <= 0 && !connection.isClosed) await new Promise<void>((resolve) => (writable = resolve));
      }
    },
    end: () => connection.end(),
    destroy: () => {
      connection.reset();
      closed ??= "reset";
      wake();
      writable();
    },
  };
}

export function fabricConnectionOf(stream: ConnectionStream): FabricConnection {
  return {
    readable: stream.readable,
    write: (bytes) => stream.write(bytes),
    async end() {
      stream.end();
    },
    async [Symbol.asyncDispose]() {
      stream.destroy();
    },
  };
}
