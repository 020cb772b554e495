// Frames under way: a binary heap by due time over preallocated arrays. It owns copies, in buffers that are used again; what it
// may hold in all is bounded, and no link can take the room of the others (see `mayTake`).

/** Buffers come in these sizes, so that they fit again. Larger frames get their own. */
const SIZES = [256, 2048, 16_384, 65_664] as const;
/** Free buffers kept per size; the rest goes back to the engine. */
const KEPT_FREE = 512;

export class DelayLine {
  readonly #maxBytes: number;
  // One slot per held frame: when, in which order, for which link, and its bytes.
  #due = new Float64Array(256);
  #order = new Float64Array(256);
  #link = new Int32Array(256);
  #length = new Int32Array(256);
  #bytes: (Uint8Array | undefined)[] = new Array(256);
  #freeSlots: number[] = [];
  /** Slots, as a heap: the first is due next. Equal times keep the order in which they came. */
  #heap = new Int32Array(256);
  #count = 0;
  #sequence = 0;
  #usedBytes = 0;
  readonly #heldOf = new Map<number, number>();
  readonly #freeBuffers: Uint8Array[][] = SIZES.map(() => []);

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
    for (let slot = this.#due.length - 1; slot >= 0; slot--) this.#freeSlots.push(slot);
  }

  get frames(): number {
    return this.#count;
  }
  /** Memory of all held frames, as their buffers are. */
  get usedBytes(): number {
    return this.#usedBytes;
  }
  heldBytes(link: number): number {
    return this.#heldOf.get(link) ?? 0;
  }
  /** Infinity when nothing is held. */
  get nextDueUs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : (this.#due[this.#heap[0] as number] as number);
  }

  /**
   * A link may hold as much as is free (dynamic thresholds, Choudhury and Hahne 1998): alone it gets half of everything, and
   * there is always room for one that holds little.
   */
  mayTake(link: number, frameBytes: number): boolean {
    return this.heldBytes(link) + frameBytes <= this.#maxBytes - this.#usedBytes;
  }

  /** Copies the frame; `change` may alter the copy. Ask `mayTake` first. */
  add(link: number, frame: Uint8Array, dueUs: number, change?: (copy: Uint8Array) => void): void {
    if (this.#freeSlots.length === 0) this.#grow();
    const slot = this.#freeSlots.pop() as number;
    const buffer = this.#buffer(frame.length);
    buffer.set(frame);
    change?.(buffer.subarray(0, frame.length));
    this.#due[slot] = dueUs;
    this.#order[slot] = this.#sequence++;
    this.#link[slot] = link;
    this.#length[slot] = frame.length;
    this.#bytes[slot] = buffer;
    this.#usedBytes += buffer.length;
    this.#heldOf.set(link, this.heldBytes(link) + frame.length);
    this.#heap[this.#count] = slot;
    this.#up(this.#count++);
  }

  /** Hands out what is due, in order of time; the bytes are the receiver's only during the call. Answers how many. */
  release(nowUs: number, deliver: (link: number, frame: Uint8Array) => void): number {
    let released = 0;
    while (this.#count > 0 && this.nextDueUs <= nowUs) {
      const slot = this.#heap[0] as number;
      this.#removeFirst();
      const buffer = this.#bytes[slot] as Uint8Array;
      const link = this.#link[slot] as number;
      const length = this.#length[slot] as number;
      this.#letGo(slot);
      try {
        deliver(link, buffer.subarray(0, length));
      } finally {
        this.#recycle(buffer);
      }
      released++;
    }
    return released;
  }

  /** No frame of the link comes out later than that. */
  hasten(link: number, latestUs: number): void {
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#heap[i] as number;
      if (this.#link[slot] === link && (this.#due[slot] as number) > latestUs) this.#due[slot] = latestUs;
    }
    this.#rebuild();
  }

  /** Forgets what the link holds; answers how many frames. */
  drop(link: number): number {
    let kept = 0;
    const before = this.#count;
    for (let i = 0; i < before; i++) {
      const slot = this.#heap[i] as number;
      if (this.#link[slot] !== link) {
        this.#heap[kept++] = slot;
        continue;
      }
      const buffer = this.#bytes[slot] as Uint8Array;
      this.#letGo(slot);
      this.#recycle(buffer);
    }
    this.#count = kept;
    this.#rebuild();
    return before - kept;
  }

  #isBefore(a: number, b: number): boolean {
    const difference = (this.#due[a] as number) - (this.#due[b] as number);
    return difference === 0 ? (this.#order[a] as number) < (this.#order[b] as number) : difference < 0;
  }

  #up(from: number): void {
    const slot = this.#heap[from] as number;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#heap[parent] as number;
      if (!this.#isBefore(slot, above)) break;
      this.#heap[at] = above;
      at = parent;
    }
    this.#heap[at] = slot;
  }

  #down(from: number): void {
    const slot = this.#heap[from] as number;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#count) break;
      if (child + 1 < this.#count && this.#isBefore(this.#heap[child + 1] as number, this.#heap[child] as number)) child++;
      if (!this.#isBefore(this.#heap[child] as number, slot)) break;
      this.#heap[at] = this.#heap[child] as number;
      at = child;
    }
    this.#heap[at] = slot;
  }

  #removeFirst(): void {
    this.#count--;
    if (this.#count === 0) return;
    this.#heap[0] = this.#heap[this.#count] as number;
    this.#down(0);
  }

  #rebuild(): void {
    for (let at = (this.#count >> 1) - 1; at >= 0; at--) this.#down(at);
  }

  #letGo(slot: number): void {
    const link = this.#link[slot] as number;
    const left = this.heldBytes(link) - (this.#length[slot] as number);
    if (left > 0) this.#heldOf.set(link, left);
    else this.#heldOf.delete(link);
    this.#usedBytes -= (this.#bytes[slot] as Uint8Array).length;
    this.#bytes[slot] = undefined;
    this.#freeSlots.push(slot);
  }

  #grow(): void {
    const old = this.#due.length;
    const wider = <A extends Float64Array | Int32Array>(from: A, to: A): A => {
      to.set(from);
      return to;
    };
    this.#due = wider(this.#due, new Float64Array(old * 2));
    this.#order = wider(this.#order, new Float64Array(old * 2));
    this.#link = wider(this.#link, new Int32Array(old * 2));
    this.#length = wider(this.#length, new Int32Array(old * 2));
    this.#heap = wider(this.#heap, new Int32Array(old * 2));
    for (let slot = old * 2 - 1; slot >= old; slot--) this.#freeSlots.push(slot);
  }

  #buffer(length: number): Uint8Array {
    const index = SIZES.findIndex((size) => length <= size);
    if (index < 0) return new Uint8Array(length);
    return this.#freeBuffers[index]?.pop() ?? new Uint8Array(SIZES[index] as number);
  }

  #recycle(buffer: Uint8Array): void {
    const free = this.#freeBuffers[SIZES.indexOf(buffer.length as 256)];
    if (free !== undefined && free.length < KEPT_FREE) free.push(buffer);
  }
}
