// Watches a running machine until its sign of readiness is seen. Never decides that it took too long:
// whoever waits has a time limit of its own, and the machine may still get there.
import { type Clock, unreachable, type Waiting } from "@mimic/base";
import { type ReadySign, signInWords } from "@mimic/model";
import type { RunningMachine, SerialPort } from "../ports/index.ts";

const LOOK_EVERY_MS = 700;

/** Resolves with the sign in words; rejects with the signal's reason. */
export async function watchReady(running: RunningMachine, sign: ReadySign, options: Waiting & { clock: Clock }): Promise<string> {
  switch (sign.kind) {
    case "agent":
      if (!running.agent) return "the machine runs; it has no channel for a guest agent";
      await running.agent.waitUntilReady(options);
      return signInWords(sign);
    case "serial": {
      const [port] = running.serial;
      if (!port) return "the machine runs; it has no serial port to look at";
      await untilSerial(port, sign.text, options.signal);
      return signInWords(sign);
    }
    case "screen-text":
      for (;;) {
        if ((await running.screenText(options))?.includes(sign.text)) return signInWords(sign);
        await options.clock.sleep(LOOK_EVERY_MS, options);
      }
    case "screen-still":
      await untilStill(running, sign, options);
      return signInWords(sign);
    case "none":
      return signInWords(sign);
    default:
      return unreachable(sign);
  }
}

/** Keeps only as many characters as could be the beginning of the text. */
async function untilSerial(port: SerialPort, text: string, signal: AbortSignal): Promise<void> {
  const decoder = new TextDecoder();
  let tail = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const hear = (bytes: Uint8Array) => {
    tail += decoder.decode(bytes, { stream: true });
    if (tail.includes(text)) resolve();
    tail = tail.slice(-text.length);
  };
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  using _ = port.listen(hear);
  hear(port.history());
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function untilStill(
  running: RunningMachine,
  sign: Extract<ReadySign, { kind: "screen-still" }>,
  options: Waiting & { clock: Clock },
): Promise<void> {
  let before: Uint8Array | undefined;
  let sinceMs = options.clock.monotonicMs();
  for (;;) {
    const picture = await running.screenshot(options);
    const now = options.clock.monotonicMs();
    const { width, height } = sizeOfPng(picture);
    const finished = width >= sign.minWidth && height >= sign.minHeight && picture.length >= (sign.minPictureBytes ?? 0);
    if (!finished || !before || !sameBytes(before, picture)) sinceMs = now;
    before = picture;
    if (finished && now - sinceMs >= sign.stillMs) return;
    await options.clock.sleep(LOOK_EVERY_MS, options);
  }
}

/** Width and height stand at bytes 16 to 24 (PNG specification, IHDR). */
export function sizeOfPng(png: Uint8Array): { width: number; height: number } {
  if (png.length < 24) return { width: 0, height: 0 };
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
