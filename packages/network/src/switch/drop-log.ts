// The last dropped frames, for “why?”. A frame's beginning is copied into memory that was laid out before: a flood of
// bad frames allocates nothing, it only pushes older notes out. Words are made when somebody asks.
import type { DropNote, DropReason } from "@mimic/model";
import { describeFrame } from "@mimic/wire";

/** Enough for Ethernet, two tags, IPv6 with an extension header and the transport's ports. */
const KEPT_BYTES = 128;

interface Slot {
  atMs: number;
  port: string;
  reason: DropReason;
  rule: string | undefined;
  kept: number;
  wireLength: number;
}

export class DropLog {
  readonly #most: number;
  readonly #bytes: Uint8Array;
  readonly #slots: Slot[] = [];
  #next = 0;

  constructor(most: number) {
    this.#most = most;
    this.#bytes = new Uint8Array(most * KEPT_BYTES);
  }

  /** `bytes[at, at + length)` is the frame; may be shorter than a frame should be. */
  note(
    drop: { atMs: number; port: string; reason: DropReason; rule?: string | undefined },
    bytes: Uint8Array,
    at: number,
    length: number,
  ): void {
    const kept = Math.min(length, KEPT_BYTES, bytes.length - at);
    const slot = this.#slots[this.#next];
    const full = { ...drop, rule: drop.rule, kept, wireLength: length };
    if (slot === undefined) this.#slots.push(full);
    else Object.assign(slot, full);
    const to = this.#next * KEPT_BYTES;
    for (let i = 0; i < kept; i++) this.#bytes[to + i] = bytes[at + i] as number;
    this.#next = (this.#next + 1) % this.#most;
  }

  /** Newest last. */
  read(port?: string): readonly DropNote[] {
    const inOrder = [...this.#slots.keys()].map((_, i) => (this.#slots.length < this.#most ? i : (this.#next + i) % this.#most));
    return inOrder.flatMap((index) => {
      const slot = this.#slots[index] as Slot;
      if (port !== undefined && slot.port !== port) return [];
      const start = index * KEPT_BYTES;
      return {
        at: new Date(slot.atMs).toISOString(),
        port: slot.port,
        reason: slot.reason,
        frame: describeFrame(this.#bytes.subarray(start, start + slot.kept), slot.wireLength),
        ...(slot.rule !== undefined && { rule: slot.rule }),
      };
    });
  }
}
