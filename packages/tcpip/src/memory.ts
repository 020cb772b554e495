// Memory for what has been received and not read, or written and not acknowledged. There is a limit for all connections of
// an endpoint together; pieces that are free again are kept for the next connection, since making them costs page faults.

const SMALLEST = 1 << 14;
const LARGEST_KEPT = 1 << 18;
const MOST_KEPT_BYTES = 8 << 20;

export class Memory {
  readonly #limit: number;
  #used = 0;
  #kept = 0;
  readonly #free = new Map<number, Uint8Array[]>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** More than half is in use: nobody's share should grow any more. */
  get isTight(): boolean {
    return this.#used > this.#limit / 2;
  }

  /** A piece of at least that size, a power of two; undefined when the limit is reached. */
  take(atLeast: number): Uint8Array | undefined {
    let size = SMALLEST;
    while (size < atLeast) size *= 2;
    if (this.#used + size > this.#limit) return undefined;
    this.#used += size;
    const kept = this.#free.get(size)?.pop();
    if (kept === undefined) return new Uint8Array(size);
    this.#kept -= size;
    return kept;
  }

  /** `isClean`: nobody holds a view of it any more, so it may serve another connection. */
  give(piece: Uint8Array, isClean: boolean): void {
    const size = piece.length;
    this.#used -= size;
    if (!isClean || size > LARGEST_KEPT || this.#kept + size > MOST_KEPT_BYTES) return;
    this.#kept += size;
    const pieces = this.#free.get(size);
    if (pieces) pieces.push(piece);
    else this.#free.set(size, [piece]);
  }
}
