// What ssh starts as its ProxyCommand: bytes from standard input to a TCP port of a machine, and back.
import { liveRoutes } from "@mimic/api/routes";
import type { Door } from "./door.ts";
import type { Io } from "./io.ts";
import { openLive } from "./live-socket.ts";

export async function pipeTcp(
  [machine = "", port = "22"]: readonly string[],
  { io, door }: { readonly io: Io; readonly door: Door },
): Promise<number> {
  await door.ensure();
  await using live = await openLive(
    { socket: door.socket, route: liveRoutes.tcp, machine, query: { port } },
    { onBytes: (bytes) => io.out.writeBytes(bytes), onText() {} },
  );
  const send = async () => {
    for await (const bytes of io.input.chunks()) await live.send(bytes);
    live.tell({ eof: true });
  };
  // Ends when the machine has said all; what is still typed then reaches nobody.
  await Promise.race([live.closed, send().then(() => live.closed)]);
  return 0;
}
