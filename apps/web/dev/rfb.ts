// A screen for a machine that does not exist: the least RFB server (RFC 6143) that noVNC is content with.
// It paints a picture and, where the viewer's last key is drawn, a block whose colour the key chooses.
import type { WebSocket } from "ws";
import { screenPixel } from "./png.ts";

const WIDTH = 640;
const HEIGHT = 400;

export function serveRfb(socket: WebSocket, look: number, desktopName: string): void {
  let stage = 0;
  let waiting = Buffer.alloc(0);
  let key = 0;
  let tick = 0;
  const send = (bytes: Uint8Array) => socket.readyState === socket.OPEN && socket.send(bytes);
  send(Buffer.from("RFB 003.008\n"));
  const take = (count: number): Buffer | undefined => {
    if (waiting.length < count) return undefined;
    const part = waiting.subarray(0, count);
    waiting = waiting.subarray(count);
    return part;
  };
  const picture = () => {
    const pixel = screenPixel(look, tick++);
    const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, WIDTH >> 8, WIDTH & 255, HEIGHT >> 8, HEIGHT & 255, 0, 0, 0, 0]);
    const body = Buffer.alloc(WIDTH * HEIGHT * 4);
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++)
        body.writeUInt32LE(key && x > 600 && y > 370 ? (key * 2654435) & 0xffffff : pixel(x, y), (y * WIDTH + x) * 4);
    send(Buffer.concat([head, body]));
  };
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (!isBinary) return;
    waiting = Buffer.concat([waiting, data]);
    for (;;) {
      if (stage === 0) {
        if (!take(12)) return;
        send(Buffer.from([1, 1]));
      } else if (stage === 1) {
        if (!take(1)) return;
        send(Buffer.from([0, 0, 0, 0]));
      } else if (stage === 2) {
        if (!take(1)) return;
        const name = Buffer.from(desktopName);
        const init = Buffer.alloc(24);
        init.writeUInt16BE(WIDTH, 0);
        init.writeUInt16BE(HEIGHT, 2);
        init.set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0], 4);
        init.writeUInt32BE(name.length, 20);
        send(Buffer.concat([init, name]));
      } else {
        const kind = waiting[0];
        if (kind === undefined) return;
        const length =
          kind === 2
            ? waiting.length < 4
              ? Number.POSITIVE_INFINITY
              : 4 + 4 * waiting.readUInt16BE(2)
            : kind === 6
              ? waiting.length < 8
                ? Number.POSITIVE_INFINITY
                : 8 + Math.abs(waiting.readInt32BE(4))
              : ({ 0: 20, 3: 10, 4: 8, 5: 6 }[kind] ?? 1);
        const message = take(length);
        if (!message) return;
        if (kind === 3) setTimeout(picture, message[1] ? 400 : 0);
        if (kind === 4 && message[1]) key = message.readUInt32BE(4);
        continue;
      }
      stage++;
    }
  });
}
