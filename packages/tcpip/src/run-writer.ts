// Where frames are written: one buffer, filled with records of a 4-byte big-endian length and a frame each (a *run*), and
// handed on once for a whole batch. Records begin at even places, so that headers can be copied and summed in 16-bit lanes:
// a frame of odd length gets one byte of padding, which Ethernet allows (IEEE 802.3 §3.2.7).

export const RECORD_HEAD = 4;

const MOST_FREE = 8;

/**
 * Takes a run. The memory is written over after it returns, unless it answers false: then it is kept until `giveBack` is called,
 * once, or never.
 */
export type Transmit = (run: Uint8Array, giveBack: () => void) => unknown;

export class RunWriter {
  bytes: Uint8Array;
  halves: Uint16Array;
  /** Frames that found no room: only while input is being read, when nothing may be handed on. */
  dropped = 0;
  frames = 0;
  /** While true, runs are only gathered. */
  isHeld = false;
  readonly #transmit: Transmit;
  /** Memory that came back. */
  readonly #free: Uint8Array[] = [];
  #end = 0;

  constructor(transmit: Transmit, size = 1 << 19) {
    this.bytes = new Uint8Array(size);
    this.halves = new Uint16Array(this.bytes.buffer);
    this.#transmit = transmit;
  }

  /** Makes room for a frame and answers where it begins; -1 = no room, the frame is lost. The caller fills all of it. */
  begin(frameLength: number): number {
    const length = frameLength + (frameLength & 1);
    if (this.#end + RECORD_HEAD + length > this.bytes.length) {
      if (this.isHeld || length + RECORD_HEAD > this.bytes.length) {
        this.dropped++;
        return -1;
      }
      this.flush();
    }
    const { bytes } = this;
    const at = this.#end;
    bytes[at] = length >>> 24;
    bytes[at + 1] = length >>> 16;
    bytes[at + 2] = length >>> 8;
    bytes[at + 3] = length;
    if (length !== frameLength) bytes[at + RECORD_HEAD + frameLength] = 0;
    this.#end = at + RECORD_HEAD + length;
    this.frames++;
    return at + RECORD_HEAD;
  }

  flush(): void {
    if (this.#end === 0 || this.isHeld) return;
    const run = this.bytes.subarray(0, this.#end);
    this.#end = 0;
    const kept = this.bytes;
    const giveBack = (): void => {
      if (this.#free.length < MOST_FREE) this.#free.push(kept);
    };
    if (this.#transmit(run, giveBack) !== false) return;
    this.bytes = this.#free.pop() ?? new Uint8Array(kept.length);
    this.halves = new Uint16Array(this.bytes.buffer);
  }
}
