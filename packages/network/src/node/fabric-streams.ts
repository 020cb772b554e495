// Connections of the control socket that carry bytes, as the fabric's callers see them.
import { onAbort } from "@mimic/base";
import type { FabricConnection } from "@mimic/workbench/ports";
import type { Opened } from "./control-client.ts";

/** The bytes until the reader stops or the signal says so. */
export async function* streamOf({ socket, rest }: Opened, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  using _ = onAbort(signal, () => socket.destroy());
  try {
    if (rest.length > 0) yield rest;
    for await (const bytes of socket) yield bytes as Uint8Array;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    socket.destroy();
  }
}

export function connectionOf({ socket, rest }: Opened): FabricConnection {
  socket.on("error", () => {});
  return {
    readable: (async function* () {
      if (rest.length > 0) yield rest;
      for await (const bytes of socket) yield bytes as Uint8Array;
    })(),
    write: async (bytes) => {
      if (socket.write(bytes)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.once("drain", resolve).once("close", resolve);
      await promise;
    },
    end: async () => void socket.end(),
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  };
}
