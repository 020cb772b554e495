// Which pieces behind the next expected byte are already here (RFC 9293 §3.10.7.4), and what is told the peer about them
// (RFC 2018 §4: the block of the newest segment first; RFC 2883: a duplicate before all others). The bytes lie in the ring.
import { distance, earlier, isAfter, isBefore, later } from "./sequence.ts";

/** A peer that needs more pieces than these is told nothing of the others, and sends them again. */
const MOST_PIECES = 64;

export class Reassembly {
  readonly #start = new Int32Array(MOST_PIECES + 1);
  readonly #end = new Int32Array(MOST_PIECES + 1);
  /** The order in which they grew last. */
  readonly #stamp = new Float64Array(MOST_PIECES + 1);
  #stamps = 0;
  count = 0;
  /** What came twice: told once. Both 0 = nothing. */
  duplicateStart = 0;
  duplicateEnd = 0;

  /** False when there are too many pieces: then the segment is to be thrown away. */
  add(start: number, end: number): boolean {
    let from = 0;
    while (from < this.count && isBefore(this.#end[from] as number, start)) from++;
    let to = from;
    let left = start;
    let right = end;
    while (to < this.count && !isAfter(this.#start[to] as number, end)) {
      if (!isBefore(start, this.#start[to] as number) && !isAfter(end, this.#end[to] as number)) {
        this.duplicateStart = start;
        this.duplicateEnd = end;
      }
      left = earlier(left, this.#start[to] as number);
      right = later(right, this.#end[to] as number);
      to++;
    }
    if (from === to && this.count === MOST_PIECES) return false;
    for (const list of [this.#start, this.#end, this.#stamp]) list.copyWithin(from + 1, to, this.count);
    this.#start[from] = left;
    this.#end[from] = right;
    this.#stamp[from] = ++this.#stamps;
    this.count += 1 - (to - from);
    return true;
  }

  /** The first piece, when it reaches to `next` or beyond: answers how far, and forgets it. Otherwise `next`. */
  take(next: number): number {
    let reached = next;
    let gone = 0;
    while (gone < this.count && !isAfter(this.#start[gone] as number, reached)) {
      reached = later(reached, this.#end[gone] as number);
      gone++;
    }
    if (gone > 0) {
      for (const list of [this.#start, this.#end, this.#stamp]) list.copyWithin(0, gone, this.count);
      this.count -= gone;
    }
    return reached;
  }

  /** The furthest byte that is here, from `next` on. */
  extent(next: number): number {
    return this.count === 0 ? 0 : distance(next, this.#end[this.count - 1] as number);
  }

  /** Blocks to tell, at most `most`, as pairs in `into`; answers how many. */
  blocks(into: Int32Array, most: number): number {
    let told = 0;
    if (this.duplicateStart !== this.duplicateEnd && most > 0) {
      into[0] = this.duplicateStart;
      into[1] = this.duplicateEnd;
      this.duplicateStart = this.duplicateEnd = 0;
      told = 1;
    }
    let below = Infinity;
    while (told < most) {
      let best = -1;
      for (let i = 0; i < this.count; i++) {
        const stamp = this.#stamp[i] as number;
        if (stamp < below && (best < 0 || stamp > (this.#stamp[best] as number))) best = i;
      }
      if (best < 0) break;
      below = this.#stamp[best] as number;
      into[2 * told] = this.#start[best] as number;
      into[2 * told + 1] = this.#end[best] as number;
      told++;
    }
    return told;
  }
}
