// Reads captures: pcap-ng (draft-ietf-opsawg-pcapng-02) and the older pcap (draft-ietf-opsawg-pcap-04), in either byte order, in
// chunks of any size. Files are hostile input: what breaks the format ends the reading with its name, and nothing throws.

/** Blocks and packets beyond that are no capture of a network. */
const MAX_BLOCK = 16 * 1024 ** 2;
const MAX_INTERFACES = 65_536;

export interface CapturedInterface {
  readonly kind: "interface";
  readonly id: number;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly filter: string | undefined;
  /** 1 = Ethernet. */
  readonly linkType: number;
  readonly snapLength: number;
}
export interface CapturedPacket {
  readonly kind: "packet";
  readonly interfaceId: number;
  /** Nanoseconds since 1970; 0 where the file has no time. */
  readonly atNs: bigint;
  /** A view of what was pushed, or of a copy when the packet came in pieces. */
  readonly frame: Uint8Array;
  readonly originalLength: number;
  readonly direction: "unknown" | "inbound" | "outbound";
  readonly comments: readonly string[];
  /** Frames that are missing before this one. */
  readonly lost: number;
}
export interface CapturedStatistics {
  readonly kind: "statistics";
  readonly interfaceId: number;
  readonly received: number | undefined;
  readonly accepted: number | undefined;
  readonly lost: number | undefined;
}
export interface CaptureBroken {
  readonly kind: "malformed";
  readonly malformed:
    | "not_a_capture"
    | "bad_byte_order"
    | "bad_block_length"
    | "block_too_large"
    | "packet_too_large"
    | "unknown_interface"
    | "too_many_interfaces"
    | "truncated";
  /** Bytes from the beginning of the file. */
  readonly at: number;
}
export type CaptureItem = CapturedInterface | CapturedPacket | CapturedStatistics | CaptureBroken;

/** All of a file at once. */
export function readCapture(bytes: Uint8Array): CaptureItem[] {
  const reader = new CaptureReader();
  return [...reader.push(bytes), ...reader.end()];
}

interface Resolution {
  /** Units of a time stamp in a second. */
  readonly perSecond: bigint;
}

const decoder = new TextDecoder("utf-8", { fatal: false });

export class CaptureReader {
  #rest: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #format: "unknown" | "pcapng" | "pcap" | "broken" = "unknown";
  #isLittle = true;
  #interfaces: Resolution[] = [];
  #snapLengths: number[] = [];

  /** What the bytes that came so far hold. After a “malformed” nothing more comes. */
  push(chunk: Uint8Array): CaptureItem[] {
    if (this.#format === "broken") return [];
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk);
    const items: CaptureItem[] = [];
    let at = 0;
    for (;;) {
      const before = at;
      at = this.#step(bytes, at, items);
      if (at === before) break;
    }
    this.#offset += at;
    this.#rest = bytes.subarray(at);
    // What waits for more must not keep a large chunk alive, nor change under us.
    if (this.#rest.length > 0) this.#rest = this.#rest.slice();
    return items;
  }

  /** The file is over. */
  end(): CaptureItem[] {
    if (this.#format === "broken") return [];
    if (this.#rest.length > 0 || this.#format === "unknown") {
      return [this.#broken(this.#format === "unknown" ? "not_a_capture" : "truncated", 0)];
    }
    return [];
  }

  #broken(malformed: CaptureBroken["malformed"], at: number): CaptureBroken {
    this.#format = "broken";
    return { kind: "malformed", malformed, at: this.#offset + at };
  }

  /** Reads one block or packet; answers where the next begins, or the same place when more bytes are needed. */
  #step(bytes: Uint8Array, at: number, items: CaptureItem[]): number {
    if (this.#format === "broken") return at;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    if (this.#format === "unknown") return this.#begin(bytes, view, at, items);
    return this.#format === "pcap" ? this.#pcapPacket(bytes, view, at, items) : this.#block(bytes, view, at, items);
  }

  #begin(bytes: Uint8Array, view: DataView, at: number, items: CaptureItem[]): number {
    if (view.byteLength < 4) return at;
    const magic = view.getUint32(0, true);
    if (magic === 0x0a0d0d0a) {
      this.#format = "pcapng";
      return this.#block(bytes, view, at, items);
    }
    const known = PCAP_MAGIC.get(magic);
    if (known === undefined) {
      items.push(this.#broken("not_a_capture", at));
      return at;
    }
    if (view.byteLength < 24) return at;
    this.#format = "pcap";
    this.#isLittle = known.isLittle;
    this.#interfaces = [{ perSecond: known.perSecond }];
    const snapLength = view.getUint32(16, known.isLittle);
    const linkType = view.getUint32(20, known.isLittle) & 0x0fff_ffff;
    items.push({ kind: "interface", id: 0, name: undefined, description: undefined, filter: undefined, linkType, snapLength });
    return at + 24;
  }

  #block(bytes: Uint8Array, view: DataView, at: number, items: CaptureItem[]): number {
    if (view.byteLength < 12) return at;
    const isSection = view.getUint32(0, true) === 0x0a0d0d0a;
    if (isSection && !this.#readByteOrder(view)) {
      items.push(this.#broken("bad_byte_order", at));
      return at;
    }
    const length = view.getUint32(4, this.#isLittle);
    const problem = length < 12 || length % 4 !== 0 ? "bad_block_length" : length > MAX_BLOCK ? "block_too_large" : undefined;
    if (problem !== undefined) {
      items.push(this.#broken(problem, at));
      return at;
    }
    if (view.byteLength < length) return at;
    if (view.getUint32(length - 4, this.#isLittle) !== length) {
      items.push(this.#broken("bad_block_length", at));
      return at;
    }
    const type = view.getUint32(0, this.#isLittle);
    const body = new Body(bytes.subarray(at + 8, at + length - 4), this.#isLittle);
    const item = isSection ? this.#newSection() : this.#itemOf(type, body, at);
    if (item !== undefined) items.push(item);
    return item?.kind === "malformed" ? at : at + length;
  }

  #readByteOrder(view: DataView): boolean {
    const magic = view.getUint32(8, true);
    if (magic !== 0x1a2b3c4d && magic !== 0x4d3c2b1a) return false;
    this.#isLittle = magic === 0x1a2b3c4d;
    return true;
  }

  #newSection(): undefined {
    this.#interfaces = [];
    this.#snapLengths = [];
    return undefined;
  }

  #itemOf(type: number, body: Body, at: number): CaptureItem | undefined {
    switch (type) {
      case 1:
        return this.#interface(body, at);
      case 3:
        return this.#simplePacket(body, at);
      case 5:
        return this.#statistics(body, at);
      case 6:
        return this.#enhancedPacket(body, at);
      default:
        // Names, secrets, and what others add: not ours to read.
        return undefined;
    }
  }

  #interface(body: Body, at: number): CaptureItem {
    if (body.length < 8) return this.#broken("bad_block_length", at);
    if (this.#interfaces.length >= MAX_INTERFACES) return this.#broken("too_many_interfaces", at);
    let perSecond = 1_000_000n;
    let [name, description, filter]: (string | undefined)[] = [];
    for (const { code, value } of body.options(8)) {
      if (code === 2) name = decoder.decode(value);
      if (code === 3) description = decoder.decode(value);
      if (code === 9 && value.length === 1) perSecond = perSecondOf(value[0] as number);
      if (code === 11 && value[0] === 0) filter = decoder.decode(value.subarray(1));
    }
    const snapLength = body.u32(4);
    this.#snapLengths.push(snapLength);
    const id = this.#interfaces.push({ perSecond }) - 1;
    return { kind: "interface", id, name, description, filter, linkType: body.u16(0), snapLength };
  }

  #enhancedPacket(body: Body, at: number): CaptureItem {
    if (body.length < 20) return this.#broken("bad_block_length", at);
    const interfaceId = body.u32(0);
    const resolution = this.#interfaces[interfaceId];
    if (resolution === undefined) return this.#broken("unknown_interface", at);
    const captured = body.u32(12);
    if (20 + captured > body.length) return this.#broken("bad_block_length", at);
    const comments: string[] = [];
    let direction: CapturedPacket["direction"] = "unknown";
    let lost = 0;
    for (const { code, value } of body.options(20 + ((captured + 3) & ~3))) {
      const number = new Body(value, this.#isLittle);
      if (code === 1) comments.push(decoder.decode(value));
      if (code === 2 && value.length === 4)
        direction = (["unknown", "inbound", "outbound", "unknown"] as const)[number.u32(0) & 3] ?? "unknown";
      if (code === 4 && value.length === 8) lost = number.u64(0);
    }
    const units = (BigInt(body.u32(4)) << 32n) | BigInt(body.u32(8));
    return {
      kind: "packet",
      interfaceId,
      atNs: (units * 1_000_000_000n) / resolution.perSecond,
      frame: body.bytes.subarray(20, 20 + captured),
      originalLength: body.u32(16),
      direction,
      comments,
      lost,
    };
  }

  #simplePacket(body: Body, at: number): CaptureItem {
    if (body.length < 4) return this.#broken("bad_block_length", at);
    if (this.#interfaces.length === 0) return this.#broken("unknown_interface", at);
    const originalLength = body.u32(0);
    const captured = Math.min(originalLength, body.length - 4, this.#snapLengths[0] || originalLength);
    return {
      kind: "packet",
      interfaceId: 0,
      atNs: 0n,
      frame: body.bytes.subarray(4, 4 + captured),
      originalLength,
      direction: "unknown",
      comments: [],
      lost: 0,
    };
  }

  #statistics(body: Body, at: number): CaptureItem {
    if (body.length < 12) return this.#broken("bad_block_length", at);
    const found = new Map<number, number>();
    for (const { code, value } of body.options(12)) if (value.length === 8) found.set(code, new Body(value, this.#isLittle).u64(0));
    return { kind: "statistics", interfaceId: body.u32(0), received: found.get(4), accepted: found.get(6), lost: found.get(5) };
  }

  #pcapPacket(bytes: Uint8Array, view: DataView, at: number, items: CaptureItem[]): number {
    if (view.byteLength < 16) return at;
    const captured = view.getUint32(8, this.#isLittle);
    if (captured > MAX_BLOCK) {
      items.push(this.#broken("packet_too_large", at));
      return at;
    }
    if (view.byteLength < 16 + captured) return at;
    const perSecond = this.#interfaces[0]?.perSecond ?? 1_000_000n;
    items.push({
      kind: "packet",
      interfaceId: 0,
      atNs:
        BigInt(view.getUint32(0, this.#isLittle)) * 1_000_000_000n +
        (BigInt(view.getUint32(4, this.#isLittle)) * 1_000_000_000n) / perSecond,
      frame: bytes.subarray(at + 16, at + 16 + captured),
      originalLength: view.getUint32(12, this.#isLittle),
      direction: "unknown",
      comments: [],
      lost: 0,
    });
    return at + 16 + captured;
  }
}

/** Seen as little-endian. */
const PCAP_MAGIC: ReadonlyMap<number, { readonly isLittle: boolean; readonly perSecond: bigint }> = new Map([
  [0xa1b2c3d4, { isLittle: true, perSecond: 1_000_000n }],
  [0xd4c3b2a1, { isLittle: false, perSecond: 1_000_000n }],
  [0xa1b23c4d, { isLittle: true, perSecond: 1_000_000_000n }],
  [0x4d3cb2a1, { isLittle: false, perSecond: 1_000_000_000n }],
]);

/** if_tsresol: a power of ten, or of two when its first bit is set; beyond sense it is taken as the usual microseconds. */
function perSecondOf(code: number): bigint {
  const power = code & 0x7f;
  if (power > 63) return 1_000_000n;
  return (code & 0x80) !== 0 ? 1n << BigInt(power) : 10n ** BigInt(power);
}

/** A block's body; numbers behind its end are 0, and its callers have looked at the length. */
class Body {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #isLittle: boolean;
  constructor(bytes: Uint8Array, isLittle: boolean) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isLittle = isLittle;
  }
  get length(): number {
    return this.bytes.length;
  }
  u16(at: number): number {
    return at + 2 > this.length ? 0 : this.#view.getUint16(at, this.#isLittle);
  }
  u32(at: number): number {
    return at + 4 > this.length ? 0 : this.#view.getUint32(at, this.#isLittle);
  }
  u64(at: number): number {
    const [first, second] = [this.u32(at), this.u32(at + 4)];
    return this.#isLittle ? first + second * 2 ** 32 : second + first * 2 ** 32;
  }
  /** Options from `at` on; the first that does not fit ends them. */
  *options(at: number): Generator<{ readonly code: number; readonly value: Uint8Array }, void, void> {
    let place = at;
    while (place + 4 <= this.length) {
      const code = this.u16(place);
      const end = place + 4 + this.u16(place + 2);
      if (code === 0 || end > this.length) return;
      yield { code, value: this.bytes.subarray(place + 4, end) };
      place = place + 4 + ((end - place - 4 + 3) & ~3);
    }
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
