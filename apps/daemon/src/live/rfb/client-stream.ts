// What a viewer says, checked before QEMU hears it: the greeting is answered here, wishes for encodings are cut
// to those that the server's stream can be followed in, and a viewer that only watches sends no keys.
import { ByteSource, type Parse } from "./byte-source.ts";
import { isAllowedEncoding, MAX_CUT_TEXT, MAX_SIDE } from "./constants.ts";
import type { PixelSizes, Violation } from "./rectangles.ts";

export interface ClientEars {
  /** To the server. */
  forward(bytes: Uint8Array): void;
  /** Back to the viewer: the rest of the greeting. */
  answer(bytes: Uint8Array): void;
  readonly viewOnly: boolean;
  /** Sent as the server's own first words (RFC 6143 §7.3.2), name and all. */
  readonly serverInit: Uint8Array;
}

export const VERSION = new TextEncoder().encode("RFB 003.008\n");
const SECURITY_NONE = 1;

export class ClientStream {
  readonly #source: ByteSource;
  readonly #parse: Parse<string>;
  #dead: string | undefined;
  #sizes: PixelSizes;

  constructor(ears: ClientEars) {
    this.#source = new ByteSource(ears.forward);
    this.#sizes = sizesOf(ears.serverInit.subarray(4, 20));
    this.#parse = conversation(this.#source, ears, (sizes) => {
      this.#sizes = sizes;
    });
  }

  /** What the viewer chose, which tells how long the server's rectangles are. */
  get sizes(): PixelSizes {
    return this.#sizes;
  }

  /** Answers the broken rule, once there is one. */
  push(bytes: Uint8Array): Violation {
    if (this.#dead !== undefined) return this.#dead;
    this.#source.feed(bytes);
    const step = this.#parse.next();
    if (step.done) this.#dead = step.value;
    this.#source.flush();
    return this.#dead;
  }
}

/** PIXEL_FORMAT, RFC 6143 §7.4. Tight packs 32 bits of depth 24 with full bytes of colour into three. */
export function sizesOf(format: Uint8Array): PixelSizes {
  const pixel = (format[0] ?? 0) / 8;
  const full = [4, 6, 8].every((at) => format[at] === 0 && format[at + 1] === 255);
  return { pixel, tight: pixel === 4 && format[1] === 24 && full ? 3 : pixel };
}

function* conversation(source: ByteSource, ears: ClientEars, choose: (sizes: PixelSizes) => void): Parse<string> {
  const flaw = yield* greeting(source, ears);
  if (flaw !== undefined) return flaw;
  // Updates on their way are in the old format, and nothing marks where the new one begins; so it is chosen first.
  let asked = false;
  for (;;) {
    yield* source.need(1);
    const kind = source.u8(0);
    let broken: Violation;
    if (kind === 0) {
      yield* source.need(20);
      const wrong = wrongFormat(source.bytes.subarray(source.pos + 4, source.pos + 20), asked);
      if (wrong !== undefined) return wrong;
      choose(sizesOf(source.bytes.subarray(source.pos + 4, source.pos + 20)));
      yield* source.pass(20);
    } else if (kind === 2) broken = yield* setEncodings(source, ears);
    else if (kind === 3) {
      asked = true;
      yield* source.need(10);
      yield* source.pass(10);
    } else broken = yield* input(source, ears, kind);
    if (broken !== undefined) return broken;
  }
}

/** RFC 6143 §7.1: version, the one security type, the result, and our own first words. */
function* greeting(source: ByteSource, ears: ClientEars): Parse<Violation> {
  ears.answer(VERSION);
  yield* source.need(12);
  if (Buffer.from(source.bytes.subarray(source.pos, source.pos + 12)).compare(VERSION) !== 0)
    return "viewer speaks another version than 3.8";
  yield* source.drop(12);
  ears.answer(Uint8Array.of(1, SECURITY_NONE));
  yield* source.need(1);
  if (source.u8(0) !== SECURITY_NONE) return "viewer chose a way of signing in that was not offered";
  yield* source.drop(1);
  ears.answer(Uint8Array.of(0, 0, 0, 0));
  // “Shared or alone” was answered for all viewers already: they share.
  yield* source.need(1);
  yield* source.drop(1);
  ears.answer(ears.serverInit);
  return undefined;
}

function wrongFormat(format: Uint8Array, asked: boolean): Violation {
  if (asked) return "viewer changed its pixels in the middle of the picture";
  const [bits = 0, depth = 0, , trueColour = 0] = format;
  if (![8, 16, 32].includes(bits) || depth > bits || trueColour === 0) return "viewer chose pixels that are not supported";
  return undefined;
}

function* setEncodings(source: ByteSource, { forward }: ClientEars): Parse<Violation> {
  yield* source.need(4);
  const count = source.u16(2);
  if (count > 256) return "viewer wishes too many encodings";
  yield* source.need(4 + count * 4);
  const kept: number[] = [];
  for (let at = 0; at < count; at++) {
    const encoding = source.s32(4 + at * 4);
    if (isAllowedEncoding(encoding)) kept.push(encoding);
  }
  yield* source.drop(4 + count * 4);
  forward(encodeSetEncodings(kept));
  return undefined;
}

export function encodeSetEncodings(encodings: readonly number[]): Uint8Array {
  const message = new Uint8Array(4 + encodings.length * 4);
  const view = new DataView(message.buffer);
  message[0] = 2;
  view.setUint16(2, encodings.length);
  for (const [at, encoding] of encodings.entries()) view.setInt32(4 + at * 4, encoding);
  return message;
}

/** Keys, pointer, clipboard, screen size: everything that changes something in the guest. */
function* input(source: ByteSource, { viewOnly }: ClientEars, kind: number): Parse<Violation> {
  const length = yield* inputLength(source, kind);
  if (typeof length === "string") return length;
  // Sound has a connection of its own, so its messages end here.
  const isSound = kind === 255 && source.u8(1) === 1;
  yield* source.need(length);
  if (viewOnly || isSound) yield* source.drop(length);
  else yield* source.pass(length);
  return undefined;
}

function* inputLength(source: ByteSource, kind: number): Parse<number | string> {
  if (kind === 4) return 8;
  if (kind === 5) return 6;
  if (kind === 6) {
    yield* source.need(8);
    const length = source.u32(4);
    return length > MAX_CUT_TEXT ? "viewer's clipboard is too large" : 8 + length;
  }
  if (kind === 251) return yield* screenSizeLength(source);
  if (kind !== 255) return `unknown message ${kind} from the viewer`;
  yield* source.need(4);
  if (source.u8(1) === 0) return 12;
  if (source.u8(1) === 1) return source.u16(2) === 2 ? 10 : 4;
  return `unknown message 255/${source.u8(1)} from the viewer`;
}

function* screenSizeLength(source: ByteSource): Parse<number | string> {
  yield* source.need(8);
  const fits = source.u16(2) <= MAX_SIDE && source.u16(4) <= MAX_SIDE && source.u8(6) <= 16;
  return fits ? 8 + source.u8(6) * 16 : "viewer asks for too large a screen";
}
