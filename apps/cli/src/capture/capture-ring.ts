// A capture in files: one that ends when it is full, or a ring of them of which the oldest goes when a new one begins. Pure:
// bytes of a capture in, steps out. Each file is a capture of its own: it begins with the section and the interfaces that
// came before.

/** Types of the blocks that each new file begins with (pcapng §4.1, §4.2). */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;

export interface CaptureRingOptions {
  /** Bytes of a file; one more block may follow before the next file begins. 0 = no limit. */
  readonly maxFileBytes: number;
  /** Files that are kept; 1 = no ring: the capture ends when the file is full. */
  readonly maxFiles: number;
}

/** Files are numbered from 1. */
export type RingStep =
  | { readonly step: "open"; readonly file: number }
  | { readonly step: "write"; readonly bytes: Uint8Array }
  | { readonly step: "close" }
  | { readonly step: "remove"; readonly file: number }
  /** The only file is full; nothing more is taken. */
  | { readonly step: "full" };

export class CaptureRing {
  readonly #options: CaptureRingOptions;
  #file = 0;
  #fileBytes = 0;
  #isFull = false;
  /** The section's head and the interfaces so far: what each new file begins with. */
  #head: Uint8Array[] = [];
  #headBytes = 0;

  constructor(options: CaptureRingOptions) {
    this.#options = options;
  }

  /** `bytes`: whole blocks, little-endian, as a CaptureStream gives them. What `write` steps hold are views of them. */
  push(bytes: Uint8Array): RingStep[] {
    const steps: RingStep[] = [];
    let from = 0;
    for (let at = 0; at + 12 <= bytes.length && !this.#isFull; ) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at);
      const end = Math.min(bytes.length, at + Math.max(12, view.getUint32(4, true)));
      const type = view.getUint32(0, true);
      if (this.#file === 0) this.#open(steps);
      else if (this.#mustTurn()) {
        if (at > from) steps.push({ step: "write", bytes: bytes.subarray(from, at) });
        from = at;
        this.#turn(steps);
      }
      if (type === SECTION || type === INTERFACE) this.#remember(bytes.slice(at, end));
      this.#fileBytes += end - at;
      at = end;
    }
    if (!this.#isFull && bytes.length > from) steps.push({ step: "write", bytes: bytes.subarray(from) });
    return steps;
  }

  end(): RingStep[] {
    if (this.#file === 0 || this.#isFull) return [];
    this.#isFull = true;
    return [{ step: "close" }];
  }

  /** A file that holds nothing but its head is not full, however small the limit is. */
  #mustTurn(): boolean {
    const { maxFileBytes } = this.#options;
    return maxFileBytes > 0 && this.#fileBytes >= maxFileBytes && this.#fileBytes > this.#headBytes;
  }

  #turn(steps: RingStep[]): void {
    steps.push({ step: "close" });
    if (this.#options.maxFiles === 1) {
      this.#isFull = true;
      steps.push({ step: "full" });
      return;
    }
    const oldest = this.#file + 1 - this.#options.maxFiles;
    if (oldest >= 1) steps.push({ step: "remove", file: oldest });
    this.#open(steps);
  }

  #open(steps: RingStep[]): void {
    this.#file++;
    this.#fileBytes = this.#headBytes;
    steps.push({ step: "open", file: this.#file });
    for (const block of this.#head) steps.push({ step: "write", bytes: block });
  }

  #remember(block: Uint8Array): void {
    this.#head.push(block);
    this.#headBytes += block.length;
  }
}
