// How long a rectangle of each encoding is, found by following its bytes (RFC 6143 §7.7, rfbproto.rst for Tight).
// Each function consumes exactly one rectangle's body, or says what is wrong with it.
import type { ByteSource, Parse } from "./byte-source.ts";
import { ENCODING, MAX_CURSOR_SIDE, MAX_RECT_BYTES, MAX_SIDE } from "./constants.ts";

/** What breaks the rules, in a few words for the log; undefined = all is well. */
export type Violation = string | undefined;

export interface PixelSizes {
  /** Bytes of a pixel in the format that the viewer chose. */
  readonly pixel: number;
  /** Bytes of a pixel in Tight: 3 for 32 bits with depth 24, else as above. */
  readonly tight: number;
}

export interface Rect {
  readonly width: number;
  readonly height: number;
  readonly encoding: number;
}

export function* readRect(source: ByteSource, { width, height, encoding }: Rect, sizes: PixelSizes): Parse<Violation> {
  const pixels = width * height;
  switch (encoding) {
    case ENCODING.raw:
      return yield* bounded(source, pixels * sizes.pixel, "raw rectangle");
    case ENCODING.copyRect:
      return yield* bounded(source, 4, "copied rectangle");
    case ENCODING.hextile:
      return yield* hextile(source, width, height, sizes.pixel);
    case ENCODING.zlib:
    case ENCODING.zrle:
      return yield* counted(source);
    case ENCODING.tight:
    case ENCODING.tightPng:
      return yield* tight(source, width, height, { sizes, png: encoding === ENCODING.tightPng });
    case ENCODING.cursor:
      if (width > MAX_CURSOR_SIDE || height > MAX_CURSOR_SIDE) return "cursor too large";
      return yield* bounded(source, pixels * sizes.pixel + Math.ceil(width / 8) * height, "cursor");
    case ENCODING.ledState:
      return yield* bounded(source, 1, "led state");
    case ENCODING.extendedDesktopSize:
      yield* source.need(4);
      return yield* bounded(source, 4 + source.u8(0) * 16, "list of screens");
    case ENCODING.desktopSize:
    case ENCODING.extendedKey:
    case ENCODING.audio:
      return undefined;
    default:
      return `unknown encoding ${encoding}`;
  }
}

/** Positions of pseudo-rectangles mean other things; only real pictures have an area that must fit. */
export function wrongRect(x: number, y: number, rect: Rect): Violation {
  if (rect.encoding === ENCODING.cursor || rect.encoding === ENCODING.extendedDesktopSize) {
    return rect.width > MAX_SIDE || rect.height > MAX_SIDE ? "screen too large" : undefined;
  }
  return x + rect.width > MAX_SIDE || y + rect.height > MAX_SIDE ? "rectangle outside of the largest screen" : undefined;
}

function* bounded(source: ByteSource, bytes: number, what: string): Parse<Violation> {
  if (bytes > MAX_RECT_BYTES) return `${what} too large`;
  yield* source.pass(bytes);
  return undefined;
}

function* counted(source: ByteSource): Parse<Violation> {
  yield* source.need(4);
  const length = source.u32(0);
  if (length > MAX_RECT_BYTES) return "compressed rectangle too large";
  yield* source.pass(4 + length);
  return undefined;
}

/** RFC 6143 §7.7.4: tiles of 16 × 16. */
function* hextile(source: ByteSource, width: number, height: number, pixel: number): Parse<Violation> {
  for (let y = 0; y < height; y += 16) {
    for (let x = 0; x < width; x += 16) {
      const flaw = yield* hextileTile(source, Math.min(16, width - x) * Math.min(16, height - y), pixel);
      if (flaw !== undefined) return flaw;
    }
  }
  return undefined;
}

function* hextileTile(source: ByteSource, pixels: number, pixel: number): Parse<Violation> {
  yield* source.need(1);
  const kind = source.u8(0);
  if (kind > 31) return "hextile of an unknown kind";
  if (kind & 1) {
    yield* source.pass(1 + pixels * pixel);
    return undefined;
  }
  const head = 1 + (kind & 2 ? pixel : 0) + (kind & 4 ? pixel : 0);
  if (!(kind & 8)) {
    yield* source.pass(head);
    return undefined;
  }
  yield* source.need(head + 1);
  yield* source.pass(head + 1 + source.u8(head) * (kind & 16 ? pixel + 2 : 2));
  return undefined;
}

interface TightOptions {
  readonly sizes: PixelSizes;
  readonly png: boolean;
}

/** rfbproto.rst, “Tight Encoding”: fill, JPEG, PNG, or zlib with a filter. */
function* tight(source: ByteSource, width: number, height: number, { sizes, png }: TightOptions): Parse<Violation> {
  yield* source.need(1);
  const control = source.u8(0) >> 4;
  if (control === 8) return yield* bounded(source, 1 + sizes.tight, "fill");
  if (control === 9 || (control === 10 && png)) {
    yield* source.pass(1);
    return yield* compact(source);
  }
  if (control > 7 || png) return "tight rectangle of an unknown kind";
  if (!(control & 4)) {
    yield* source.pass(1);
    return yield* tightData(source, width * height * sizes.tight);
  }
  yield* source.need(2);
  const filter = source.u8(1);
  if (filter === 0 || filter === 2) {
    yield* source.pass(2);
    return yield* tightData(source, width * height * sizes.tight);
  }
  if (filter !== 1) return "tight filter unknown";
  yield* source.need(3);
  const colours = source.u8(2) + 1;
  yield* source.pass(3 + colours * sizes.tight);
  return yield* tightData(source, colours === 2 ? Math.ceil(width / 8) * height : width * height);
}

/** Less than 12 bytes are sent as they are; more are compressed and carry their length. */
function* tightData(source: ByteSource, plainBytes: number): Parse<Violation> {
  if (plainBytes > MAX_RECT_BYTES) return "tight rectangle too large";
  if (plainBytes >= 12) return yield* compact(source);
  yield* source.pass(plainBytes);
  return undefined;
}

/** One to three bytes of length, seven bits each, lowest first; then so many bytes. At most 4 MiB by its form. */
function* compact(source: ByteSource): Parse<Violation> {
  let length = 0;
  let used = 0;
  for (; used < 3; used++) {
    yield* source.need(used + 1);
    const byte = source.u8(used);
    length |= (used === 2 ? byte : byte & 0x7f) << (7 * used);
    if (used === 2 || byte < 0x80) break;
  }
  yield* source.pass(Math.min(used + 1, 3) + length);
  return undefined;
}
