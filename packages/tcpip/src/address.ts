// An IP address as the endpoint keeps it: its bytes, and four words to compare and to hash. An IPv4 address has the words of
// ::ffff:a.b.c.d, which no packet on a wire may carry as an IPv6 address (RFC 4291 §2.5.5.2), so the two never meet.
import { ipText, parseIp } from "@mimic/wire";

export class IpAddress {
  /** 4 or 16 bytes. Never written to. */
  readonly bytes: Uint8Array;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  #text: string | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const isV4 = bytes.length === 4;
    this.w0 = isV4 ? 0 : wordAt(bytes, 0);
    this.w1 = isV4 ? 0 : wordAt(bytes, 4);
    this.w2 = isV4 ? 0xffff : wordAt(bytes, 8);
    this.w3 = wordAt(bytes, isV4 ? 0 : 12);
  }

  /** A copy of the bytes at a place. */
  static at(bytes: Uint8Array, at: number, length: number): IpAddress {
    return new IpAddress(bytes.slice(at, at + length));
  }

  /** Throws a RangeError when the text is no address: for addresses out of plans, which are checked before. */
  static of(text: string): IpAddress {
    const bytes = parseIp(text);
    if (bytes === undefined) throw new RangeError(`“${text}” is no IP address`);
    return new IpAddress(bytes);
  }

  get version(): 4 | 6 {
    return this.bytes.length === 4 ? 4 : 6;
  }

  get text(): string {
    this.#text ??= ipText(this.bytes);
    return this.#text;
  }

  equals(other: IpAddress): boolean {
    return this.w3 === other.w3 && this.w2 === other.w2 && this.w1 === other.w1 && this.w0 === other.w0;
  }

  /** To be used in a Map. */
  get key(): number | string {
    return this.bytes.length === 4 ? this.w3 : this.text;
  }

  isInPrefix(base: IpAddress, prefixLength: number): boolean {
    if (base.bytes.length !== this.bytes.length) return false;
    for (let bit = 0; bit < prefixLength; bit += 8) {
      const mask = prefixLength - bit >= 8 ? 0xff : (0xff << (8 - (prefixLength - bit))) & 0xff;
      if ((((this.bytes[bit >> 3] ?? 0) ^ (base.bytes[bit >> 3] ?? 0)) & mask) !== 0) return false;
    }
    return true;
  }
}

/** A signed 32-bit number. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}
