// A queue of bytes in a ring that grows when it must. Bytes can also be placed behind its end and joined on later: so
// segments that come out of order are put together where they will be read.
import type { Memory } from "./memory.ts";

const NOTHING = new Uint8Array(0);

export class Ring {
  /** Bytes in the queue. */
  length = 0;
  readonly #memory: Memory;
  #bytes: Uint8Array = NOTHING;
  #head = 0;
  /** A view was given out since the queue was last empty. */
  #isSeen = false;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Makes room for `needed` bytes from the head on, of which `used` are to be kept. False when there is no memory. */
  ensure(needed: number, used: number): boolean {
    if (needed <= this.#bytes.length) return true;
    const bigger = this.#memory.take(needed);
    if (bigger === undefined) return false;
    const old = this.#bytes;
    if (old.length > 0) {
      const first = Math.min(used, old.length - this.#head);
      bigger.set(old.subarray(this.#head, this.#head + first), 0);
      if (first < used) bigger.set(old.subarray(0, used - first), first);
      this.#memory.give(old, !this.#isSeen);
    }
    this.#bytes = bigger;
    this.#head = 0;
    return true;
  }

  /** Writes at `offset` from the head, also behind the end; the caller has ensured the room. */
  place(offset: number, source: Uint8Array, at: number, length: number): void {
    const size = this.#bytes.length;
    const start = (this.#head + offset) & (size - 1);
    const first = Math.min(length, size - start);
    this.#bytes.set(source.subarray(at, at + first), start);
    if (first < length) this.#bytes.set(source.subarray(at + first, at + length), 0);
  }

  /** `length` bytes that were placed behind the end now belong to the queue. */
  join(length: number): void {
    this.length += length;
  }

  /** False when there is no memory; nothing has been written then. */
  write(source: Uint8Array, at: number, length: number): boolean {
    if (!this.ensure(this.length + length, this.length)) return false;
    this.place(this.length, source, at, length);
    this.length += length;
    return true;
  }

  /** The longest piece from `offset` on that lies together: a view, valid until it is consumed. */
  view(offset = 0): Uint8Array {
    if (offset >= this.length) return NOTHING;
    this.#isSeen = true;
    const size = this.#bytes.length;
    const start = (this.#head + offset) & (size - 1);
    return this.#bytes.subarray(start, start + Math.min(this.length - offset, size - start));
  }

  copyTo(offset: number, target: Uint8Array, at: number, length: number): void {
    const size = this.#bytes.length;
    const start = (this.#head + offset) & (size - 1);
    const first = Math.min(length, size - start);
    target.set(this.#bytes.subarray(start, start + first), at);
    if (first < length) target.set(this.#bytes.subarray(0, length - first), at + first);
  }

  consume(length: number): void {
    this.length -= length;
    this.#head = (this.#head + length) & (this.#bytes.length - 1);
    if (this.length === 0) this.#isSeen = false;
  }

  /** Gives the memory back. The queue is empty then, and can be used again. */
  release(): void {
    if (this.#bytes.length === 0) return;
    // Whoever got a view and has not consumed it may still read from it.
    this.#memory.give(this.#bytes, !this.#isSeen);
    this.#bytes = NOTHING;
    this.#head = 0;
    this.length = 0;
  }
}
