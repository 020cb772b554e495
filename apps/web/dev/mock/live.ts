// What the daemon that does not exist sends over WebSockets: screens, consoles, sound, packets.
import { liveRoutes } from "@mimic/api/routes";
import type { WebSocket } from "ws";
import { servePackets } from "../network-mock.ts";
import { serveRfb } from "../rfb.ts";
import type { MockDaemon } from "./daemon.ts";
import { pattern } from "./http.ts";

export function openLive(daemon: MockDaemon, path: string, query: URLSearchParams, socket: WebSocket): void {
  const door = Object.entries(liveRoutes).find(([, each]) => pattern(each).test(path))?.[0];
  if (door === "packets") {
    servePackets(daemon.world, query, socket);
    return;
  }
  if (door === "display") serveRfb(socket, path.length, daemon.world.desktopName);
  if (door === "serial" || door === "shell") {
    socket.send(Buffer.from(daemon.world.serial));
    if (door === "serial") socket.send(JSON.stringify({ live: true }));
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) socket.send(Buffer.from(data.toString().replaceAll("\r", "\r\n")));
    });
    return;
  }
  if (door === "sound") {
    socket.send(JSON.stringify({ sound: "begin" }));
    let at = 0;
    const timer = setInterval(() => {
      const piece = Buffer.alloc(4410 * 4);
      for (let n = 0; n < 4410; n++, at++) piece.writeInt16LE(Math.round(6000 * Math.sin(at / 16)), n * 4);
      socket.send(piece);
    }, 100);
    socket.on("close", () => clearInterval(timer));
    return;
  }
  if (door !== "display") socket.close();
}
