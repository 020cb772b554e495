// Memory for runs. Whoever could not send bytes at once pins the memory they lie in; nobody writes over it until
// the last pin is gone. A buffer that is free again goes back to its pool.

/** Says of borrowed bytes that they are still needed. */
export interface RunMemory {
  /** Over the very memory that runs in it are numbered by; reads words where they lie. */
  readonly view?: DataView | undefined;
  pin(): void;
  unpin(): void;
}

export class RunBuffer implements RunMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #pool: BufferPool;
  #pins = 0;
  #isHeld = true;

  constructor(bytes: Uint8Array, pool: BufferPool) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#pool = pool;
  }

  get isPinned(): boolean {
    return this.#pins > 0;
  }

  pin(): void {
    this.#pins++;
  }

  unpin(): void {
    this.#pins--;
    if (this.#pins === 0 && !this.#isHeld) this.#pool.giveBack(this);
  }

  hold(): void {
    this.#isHeld = true;
  }

  /** Its holder takes another one: when nothing pins it, it is free at once. */
  letGo(): void {
    this.#isHeld = false;
    if (this.#pins === 0) this.#pool.giveBack(this);
  }
}

export class BufferPool {
  readonly #make: () => Uint8Array;
  readonly #keep: number;
  readonly #free: RunBuffer[] = [];

  /** Keeps at most `keep` unused buffers; more are left to the garbage collector. */
  constructor(make: () => Uint8Array, keep: number) {
    this.#make = make;
    this.#keep = keep;
  }

  take(): RunBuffer {
    const buffer = this.#free.pop();
    if (buffer === undefined) return new RunBuffer(this.#make(), this);
    buffer.hold();
    return buffer;
  }

  giveBack(buffer: RunBuffer): void {
    if (this.#free.length < this.#keep) this.#free.push(buffer);
  }
}
