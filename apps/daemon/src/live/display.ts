// A machine's screen for one viewer: QEMU's RFB on a unix socket, both directions followed and bounded, bytes
// handed on in the turn in which they come. Each side waits for the other: a slow viewer makes QEMU wait, and
// QEMU then sends fewer pictures instead of old ones.
import type { Socket } from "node:net";
import { DoorError } from "../http/problem.ts";
import type { MachineCall } from "./live-call.ts";
import { ClientStream } from "./rfb/client-stream.ts";
import { brokeRules, connectDisplay } from "./rfb/connect.ts";
import { ServerStream } from "./rfb/server-stream.ts";
import type { Viewer } from "./viewer.ts";

export async function openDisplay({ viewer, machine, query, log }: MachineCall): Promise<void> {
  if (machine.displaySocket === undefined) {
    throw new DoorError(409, "display.none", "This machine has no screen.", "Use its console: mimic console");
  }
  // The viewer speaks only after our greeting, which is sent when QEMU's is over.
  viewer.hear({ binary() {}, text() {} });
  const { socket, serverInit } = await connectDisplay(machine.displaySocket, viewer.gone);
  const breach = (who: string, what: string) => {
    log.warn("display broke the rules", { who, what });
    socket.destroy();
    viewer.fail(brokeRules(what));
  };
  const client = new ClientStream({
    forward: (bytes) => toServer(socket, viewer, bytes),
    answer: (bytes) => viewer.send(bytes),
    viewOnly: query.viewOnly === "1",
    serverInit,
  });
  const server = new ServerStream({ forward: (bytes) => viewer.send(bytes), sizes: () => client.sizes });
  viewer.hear({
    binary(bytes) {
      const flaw = client.push(bytes);
      if (flaw !== undefined) breach("viewer", flaw);
    },
    text() {},
  });
  const opening = client.push(new Uint8Array(0));
  if (opening !== undefined) breach("viewer", opening);
  socket.on("data", (bytes: Buffer) => {
    const flaw = server.push(bytes);
    if (flaw !== undefined) breach("server", flaw);
    else if (viewer.full) waitForViewer(socket, viewer);
  });
  tie(socket, viewer);
}

function toServer(socket: Socket, viewer: Viewer, bytes: Uint8Array): void {
  if (socket.destroyed || socket.write(bytes)) return;
  viewer.pause();
  socket.once("drain", () => viewer.resume());
}

export function waitForViewer(socket: Socket, viewer: Viewer): void {
  socket.pause();
  viewer.whenLow(() => socket.resume());
}

/** When one goes, the other does. */
export function tie(socket: Socket, viewer: Viewer): void {
  socket.on("close", () => {
    if (!viewer.gone.aborted) {
      viewer.fail(
        new DoorError(409, "display.closed", "The machine's screen has gone.", "The machine is off, or restarts: open the screen again."),
      );
    }
  });
  if (viewer.gone.aborted) socket.destroy();
  else viewer.gone.addEventListener("abort", () => socket.destroy(), { once: true });
}
