// A capture over the control socket: pcap-ng bytes until the reader goes. A reader that is too slow loses frames, which the
// bytes say; the switch never waits for it.
import type { Socket } from "node:net";
import { isRefusal, RefusedError } from "@mimic/base";
import type { CaptureWish } from "@mimic/workbench/ports";
import { CaptureStream, type CaptureTime, captureTime, compileFilter } from "../../capture/index.ts";
import { unknownPort } from "../../errors.ts";
import { CaptureTap } from "../../switch/capture-tap.ts";
import type { NetworkHost } from "./network-host.ts";

/** Frames are handed on together: often enough to look live, seldom enough to cost little. */
const TOGETHER_MS = 4;
/** Busier than that (a few Gbit/s), and carrying frames comes first: handing on then gets only this share of the time. */
const BUFFER_BYTES = 2 * 1024 ** 2;
const BUSY = 0.15;
const SHARE_WHEN_BUSY = 0.01;

/** Throws `capture.bad_filter` and `network.unknown_port` before anything is said. */
export function serveCapture(socket: Socket, network: NetworkHost, wish: CaptureWish, welcome: () => void): void {
  const filter = compileFilter(wish.filter);
  if (isRefusal(filter)) throw new RefusedError(filter);
  const port = wish.what.of === "port" ? wish.what.port : undefined;
  if (port !== undefined && network.lan.port(port) === undefined) throw unknownPort(port);
  let timer: NodeJS.Timeout | undefined;
  let last = performance.eventLoopUtilization();
  const pump = (): void => {
    timer = undefined;
    if (socket.destroyed || socket.writableNeedDrain) return;
    const now = performance.eventLoopUtilization();
    const isBusy = performance.eventLoopUtilization(now, last).utilization > BUSY;
    last = now;
    const began = performance.now();
    for (let bytes = stream.take(); bytes !== undefined; bytes = stream.take()) {
      const taken = bytes;
      const mayGoOn = socket.write(taken, () => stream.giveBack(taken));
      if (!mayGoOn || isBusy) break;
    }
    if (!isBusy) return;
    // What does not fit meanwhile is lost to the capture, and it says how much.
    const tookMs = performance.now() - began;
    timer = setTimeout(pump, Math.min(1000, Math.max(TOGETHER_MS, tookMs / SHARE_WHEN_BUSY)));
  };
  const stream: CaptureStream = new CaptureStream({
    bufferBytes: BUFFER_BYTES,
    snapLength: wish.snapLength,
    filter: wish.filter,
    onReadable: () => {
      timer ??= setTimeout(pump, TOGETHER_MS);
    },
  });
  welcome();
  const tap = network.lan.tap(new CaptureTap({ stream, filter, wish, now: captureNow }), port);
  socket.on("drain", () => {
    if (timer === undefined) pump();
  });
  // The reader says by its end that it wants no more, and still gets what was seen until then.
  socket.on("end", () => {
    tap[Symbol.dispose]();
    stream.close(captureNow());
    clearTimeout(timer);
    for (let bytes = stream.take(); bytes !== undefined; bytes = stream.take()) socket.write(bytes);
    socket.end();
  });
  socket.on("close", () => {
    tap[Symbol.dispose]();
    clearTimeout(timer);
  });
  socket.resume();
}

function captureNow(): CaptureTime {
  const ms = performance.timeOrigin + performance.now();
  const seconds = Math.floor(ms / 1000);
  return captureTime(seconds, Math.floor((ms - seconds * 1000) * 1e6));
}
