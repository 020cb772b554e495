// A window over bytes that come in pieces, for parsers written as generators: `yield` means “more, please”.
// What was consumed and not dropped goes on to `forward`, uncopied, as soon as the piece ends. At most one
// unfinished header is held back, so memory does not depend on what the other side sends.

export type Parse<T> = Generator<void, T, void>;

const NOTHING = new Uint8Array(0);

export class ByteSource {
  bytes: Uint8Array = NOTHING;
  pos = 0;
  #keep = 0;
  readonly #forward: (bytes: Uint8Array) => void;

  constructor(forward: (bytes: Uint8Array) => void) {
    this.#forward = forward;
  }

  /** A new piece, behind what is still unread. */
  feed(piece: Uint8Array): void {
    const rest = this.bytes.subarray(this.pos);
    if (rest.length === 0) this.bytes = piece;
    else {
      this.bytes = new Uint8Array(rest.length + piece.length);
      this.bytes.set(rest);
      this.bytes.set(piece, rest.length);
    }
    this.pos = 0;
    this.#keep = 0;
  }

  /** Hands on what was consumed. Called at the end of each piece. */
  flush(): void {
    if (this.pos > this.#keep) this.#forward(this.bytes.subarray(this.#keep, this.pos));
    this.#keep = this.pos;
  }

  /** Until `count` bytes lie ahead; keep it small: they are held. */
  *need(count: number): Parse<void> {
    while (this.bytes.length - this.pos < count) yield;
  }

  /** Consumes and forwards; any size. */
  *pass(count: number): Parse<void> {
    let left = count;
    for (;;) {
      const step = Math.min(left, this.bytes.length - this.pos);
      this.pos += step;
      left -= step;
      if (left === 0) return;
      yield;
    }
  }

  /** Consumes without forwarding; any size. `take` sees the pieces. */
  *drop(count: number, take?: (bytes: Uint8Array) => void): Parse<void> {
    this.flush();
    let left = count;
    for (;;) {
      const step = Math.min(left, this.bytes.length - this.pos);
      if (step > 0) take?.(this.bytes.subarray(this.pos, this.pos + step));
      this.pos += step;
      this.#keep = this.pos;
      left -= step;
      if (left === 0) return;
      yield;
    }
  }

  u8(at: number): number {
    return this.bytes[this.pos + at] ?? 0;
  }
  u16(at: number): number {
    return (this.u8(at) << 8) | this.u8(at + 1);
  }
  u32(at: number): number {
    return this.u16(at) * 65_536 + this.u16(at + 2);
  }
  s32(at: number): number {
    return this.u32(at) | 0;
  }
}
