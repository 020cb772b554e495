// Packets that come in pieces (RFC 791 §3.2, RFC 8200 §4.5). Bounded in number, bytes and time. Pieces that overlap make the
// whole packet vanish (RFC 5722): no honest sender makes them, and they have been used to get past filters.
import { IPV4_HEADER, IPV6_HEADER, parseIpv6Packet, readU16, writeU16 } from "@mimic/wire";
import type { Packet } from "./packet.ts";

const MOST_PACKETS = 64;
const MOST_BYTES = 1 << 20;
const MOST_PIECES = 64;
const LIFE_MS = 30_000;

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

interface Partial {
  readonly pieces: Piece[];
  /** The headers before what was cut up; from the piece at 0. */
  head: Uint8Array | undefined;
  protocol: number;
  total: number | undefined;
  have: number;
  readonly untilMs: number;
  /** Overlapped: swallows the rest. */
  isPoisoned: boolean;
}

interface Cut {
  readonly key: string;
  readonly head: Uint8Array;
  readonly protocol: number;
  readonly offset: number;
  readonly more: boolean;
}

export class Fragments {
  readonly #partials = new Map<string, Partial>();
  #bytes = 0;
  /** Packets that were never complete, or overlapped. */
  dropped = 0;

  get size(): number {
    return this.#partials.size;
  }

  /** The whole packet once its last piece has come. */
  add(packet: Packet, nowMs: number): Uint8Array | undefined {
    const cut = packet.version === 4 ? cutOfV4(packet) : cutOfV6(packet);
    if (cut === undefined) return undefined;
    const bytes = packet.payload;
    // All but the last are multiples of eight.
    if (bytes.length === 0 || (cut.more && bytes.length % 8 !== 0)) return undefined;
    const partial = this.#partials.get(cut.key) ?? this.#begin(cut.key, nowMs);
    if (partial.isPoisoned) return undefined;
    if (!this.#fits(partial, cut, bytes.length)) {
      this.#poison(partial);
      return undefined;
    }
    this.#keep(partial, cut, bytes);
    if (partial.total !== partial.have || partial.head === undefined) return undefined;
    this.#remove(cut.key, partial);
    return assemble(partial, packet.version);
  }

  expire(nowMs: number): void {
    for (const [key, partial] of this.#partials) {
      if (partial.untilMs > nowMs) break;
      this.dropped++;
      this.#remove(key, partial);
    }
  }

  #begin(key: string, nowMs: number): Partial {
    while (this.#partials.size >= MOST_PACKETS || this.#bytes > MOST_BYTES) this.#dropOldest();
    const partial: Partial = {
      pieces: [],
      head: undefined,
      protocol: 0,
      total: undefined,
      have: 0,
      untilMs: nowMs + LIFE_MS,
      isPoisoned: false,
    };
    this.#partials.set(key, partial);
    return partial;
  }

  #dropOldest(): void {
    for (const [key, partial] of this.#partials) {
      this.dropped++;
      this.#remove(key, partial);
      return;
    }
  }

  #fits(partial: Partial, { offset, more }: Cut, length: number): boolean {
    const end = offset + length;
    if (partial.pieces.length >= MOST_PIECES || end > 65_535) return false;
    if (partial.total !== undefined && (end > partial.total || (!more && end !== partial.total))) return false;
    return (
      partial.pieces.every(({ start, bytes }) => end <= start || offset >= start + bytes.length) && (more || this.#isLast(partial, end))
    );
  }

  #isLast = (partial: Partial, end: number): boolean => partial.pieces.every(({ start, bytes }) => start + bytes.length <= end);

  #keep(partial: Partial, cut: Cut, bytes: Uint8Array): void {
    partial.pieces.push({ start: cut.offset, bytes: bytes.slice() });
    partial.have += bytes.length;
    this.#bytes += bytes.length;
    if (!cut.more) partial.total = cut.offset + bytes.length;
    if (cut.offset === 0) {
      partial.head = cut.head.slice();
      partial.protocol = cut.protocol;
    }
  }

  #poison(partial: Partial): void {
    this.dropped++;
    this.#bytes -= partial.have;
    partial.have = 0;
    partial.pieces.length = 0;
    partial.isPoisoned = true;
  }

  #remove(key: string, partial: Partial): void {
    this.#bytes -= partial.have;
    this.#partials.delete(key);
  }
}

/** RFC 791: source, destination, protocol and identification belong together. */
function cutOfV4(packet: Packet): Cut {
  const { bytes, at } = packet;
  const control = readU16(bytes, at + 6);
  return {
    key: `4 ${bytes.subarray(at + 12, at + 20).join()} ${packet.protocol} ${readU16(bytes, at + 4)}`,
    head: bytes.subarray(at, at + IPV4_HEADER),
    protocol: packet.protocol,
    offset: (control & 0x1fff) * 8,
    more: (control & 0x2000) !== 0,
  };
}

function cutOfV6(packet: Packet): Cut | undefined {
  const parsed = parseIpv6Packet(packet.whole);
  if ("malformed" in parsed || parsed.fragment === undefined) return undefined;
  const { identification, offset, moreFragments } = parsed.fragment;
  return {
    key: `6 ${packet.bytes.subarray(packet.at + 8, packet.at + 40).join()} ${identification}`,
    head: packet.whole.subarray(0, IPV6_HEADER),
    protocol: parsed.protocol,
    offset,
    more: moreFragments,
  };
}

/** Without options and extension headers: whoever reads it next wants only what it carries. */
function assemble(partial: Partial, version: 4 | 6): Uint8Array {
  const head = partial.head as Uint8Array;
  const whole = new Uint8Array(head.length + partial.have);
  whole.set(head);
  for (const { start, bytes } of partial.pieces) whole.set(bytes, head.length + start);
  if (version === 4) {
    whole[0] = 0x45;
    writeU16(whole, 2, Math.min(whole.length, 0xffff));
    writeU16(whole, 6, 0);
  } else {
    writeU16(whole, 4, Math.min(partial.have, 0xffff));
    whole[6] = partial.protocol;
  }
  return whole;
}
