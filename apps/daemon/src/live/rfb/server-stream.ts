// What a display server (QEMU, that is: the guest) says, followed message by message and handed on as it is
// validated. Dropped: clipboard, and everything that was not asked for. A broken rule is named, never thrown;
// after that the stream is dead, because nobody knows where its next message would begin.
import { ByteSource, type Parse } from "./byte-source.ts";
import { ENCODING, MAX_AUDIO_MESSAGE, MAX_SIDE } from "./constants.ts";
import { type PixelSizes, type Rect, readRect, type Violation, wrongRect } from "./rectangles.ts";

export interface ServerEars {
  forward(bytes: Uint8Array): void;
  /** QEMU's sound messages; without this they are dropped. “ready” = the server can send sound. */
  readonly audio?: { ready(): void; begin(): void; end(): void; data(bytes: Uint8Array): void };
  /** The sizes that hold for what comes now. */
  readonly sizes: () => PixelSizes;
}

export class ServerStream {
  readonly #source: ByteSource;
  readonly #parse: Parse<string>;
  #dead: string | undefined;

  constructor(ears: ServerEars) {
    this.#source = new ByteSource(ears.forward);
    this.#parse = messages(this.#source, ears);
  }

  /** Answers the broken rule, once there is one; from then on every call does. */
  push(bytes: Uint8Array): Violation {
    if (this.#dead !== undefined) return this.#dead;
    this.#source.feed(bytes);
    const step = this.#parse.next();
    if (step.done) this.#dead = step.value;
    this.#source.flush();
    return this.#dead;
  }
}

/** RFC 6143 §7.6. Returns only when a rule is broken. */
function* messages(source: ByteSource, ears: ServerEars): Parse<string> {
  for (;;) {
    yield* source.need(1);
    const kind = source.u8(0);
    let flaw: Violation;
    if (kind === 0) flaw = yield* framebufferUpdate(source, ears);
    else if (kind === 1) flaw = yield* colourMap(source);
    else if (kind === 2) yield* source.pass(1);
    else if (kind === 3) flaw = yield* cutText(source);
    else if (kind === 255) flaw = yield* qemuMessage(source, ears);
    else flaw = `unknown message ${kind}`;
    if (flaw !== undefined) return flaw;
  }
}

function* framebufferUpdate(source: ByteSource, ears: ServerEars): Parse<Violation> {
  yield* source.need(4);
  const count = source.u16(2);
  yield* source.pass(4);
  for (let at = 0; at < count; at++) {
    yield* source.need(12);
    const rect: Rect = { width: source.u16(4), height: source.u16(6), encoding: source.s32(8) };
    const flaw = wrongRect(source.u16(0), source.u16(2), rect);
    if (flaw !== undefined) return flaw;
    if (rect.encoding === ENCODING.audio && ears.audio === undefined) return "sound that nobody asked for";
    yield* source.pass(12);
    if (rect.encoding === ENCODING.lastRect) return undefined;
    const broken = yield* readRect(source, rect, ears.sizes());
    if (broken !== undefined) return broken;
    if (rect.encoding === ENCODING.audio) ears.audio?.ready();
  }
  return undefined;
}

function* colourMap(source: ByteSource): Parse<Violation> {
  yield* source.need(6);
  yield* source.pass(6 + source.u16(4) * 6);
  return undefined;
}

/** The guest's clipboard never reaches a page. A negative length is the extended form. */
function* cutText(source: ByteSource): Parse<Violation> {
  yield* source.need(8);
  const length = Math.abs(source.s32(4));
  if (length > 64 * 1024 ** 2) return "clipboard too large";
  yield* source.drop(8 + length);
  return undefined;
}

/** QEMU's own messages (ui/vnc.c, “QEMU Audio Server Message”). */
function* qemuMessage(source: ByteSource, { audio }: ServerEars): Parse<Violation> {
  yield* source.need(4);
  if (source.u8(1) !== 1) return `unknown message 255/${source.u8(1)}`;
  const what = source.u16(2);
  if (what === 0 || what === 1) {
    yield* source.drop(4);
    if (what === 1) audio?.begin();
    else audio?.end();
    return undefined;
  }
  if (what !== 2) return `unknown sound message ${what}`;
  yield* source.need(8);
  const length = source.u32(4);
  if (length > MAX_AUDIO_MESSAGE) return "sound message too large";
  yield* source.drop(8);
  if (audio === undefined) {
    yield* source.drop(length);
    return undefined;
  }
  // Gathered whole: a sample cut in two would be noise for the rest of the connection.
  const data = new Uint8Array(length);
  let filled = 0;
  yield* source.drop(length, (bytes) => {
    data.set(bytes, filled);
    filled += bytes.length;
  });
  audio.data(data);
  return undefined;
}

/** The largest screen that is let through; checked on the server's first words and on each change. */
export const fitsScreen = (width: number, height: number): boolean => width <= MAX_SIDE && height <= MAX_SIDE;
