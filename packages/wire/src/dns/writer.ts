// Puts a DNS message together: big-endian numbers, and names that point back at names written before (RFC 1035 §4.1.4).
import { labelsOfName, splitName } from "./name.ts";

/** Pointers have 14 bits. */
const LAST_POINTER_TARGET = 0x3fff;

export class DnsWriter {
  #bytes: Uint8Array = new Uint8Array(512);
  #size = 0;
  readonly #seen = new Map<string, number>();

  get size(): number {
    return this.#size;
  }
  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#size++] = value;
  }
  u16(value: number): void {
    this.u8((value >> 8) & 0xff);
    this.u8(value & 0xff);
  }
  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }
  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }
  /** Overwrites a number written before, such as a length known only afterwards. */
  setU16(at: number, value: number): void {
    this.#bytes[at] = (value >> 8) & 0xff;
    this.#bytes[at + 1] = value & 0xff;
  }
  /** Takes back everything from `size` on: a record that did not fit. */
  truncate(size: number): void {
    this.#size = size;
    for (const [name, at] of this.#seen) if (at >= size) this.#seen.delete(name);
  }
  /** A name that cannot be written (an empty or too long label) is written as the root: callers check with `labelsOfName`. */
  name(name: string, { compress }: { readonly compress: boolean }): void {
    const labels = labelsOfName(name) ?? [];
    // Keys keep their case: an answer must not change the case of a question's letters (0x20).
    const parts = compress ? splitName(name) : [];
    for (const [index, label] of labels.entries()) {
      const key = compress ? parts.slice(index).join(".") : undefined;
      const seenAt = key === undefined ? undefined : this.#seen.get(key);
      if (seenAt !== undefined) {
        this.u16(0xc000 | seenAt);
        return;
      }
      if (key !== undefined && this.#size <= LAST_POINTER_TARGET) this.#seen.set(key, this.#size);
      this.u8(label.length);
      this.bytes(label);
    }
    this.u8(0);
  }
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #room(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size + more));
    bigger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = bigger;
  }
}
