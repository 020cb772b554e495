// What the peer has said that it holds beyond the acknowledged (SACK, RFC 2018), and what follows for loss and for how much
// is still on the way (RFC 6675). The number of remembered ranges is bounded: what a peer says beyond that is passed over,
// which is allowed, since it may take back what it said.
import { distance, earlier, isAfter, isBefore, later } from "./sequence.ts";

const MOST_RANGES = 128;

export class Scoreboard {
  /** Starts and ends, in order, never touching one another. */
  readonly #start = new Int32Array(MOST_RANGES + 1);
  readonly #end = new Int32Array(MOST_RANGES + 1);
  #count = 0;
  /** All that is not held before this is taken for lost. */
  lostBefore = 0;
  /** What is lost has been sent again up to here. */
  resentBefore = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** The end of what the peer holds at most. */
  get highest(): number {
    return this.#end[this.#count - 1] as number;
  }

  reset(at: number): void {
    this.#count = 0;
    this.lostBefore = at;
    this.resentBefore = at;
  }

  /** Answers whether anything new was said. */
  add(start: number, end: number): boolean {
    const starts = this.#start;
    const ends = this.#end;
    let from = 0;
    while (from < this.#count && isBefore(ends[from] as number, start)) from++;
    let to = from;
    let left = start;
    let right = end;
    while (to < this.#count && !isAfter(starts[to] as number, end)) {
      if (!isBefore(start, starts[to] as number) && !isAfter(end, ends[to] as number)) return false;
      left = earlier(left, starts[to] as number);
      right = later(right, ends[to] as number);
      to++;
    }
    if (from === to && this.#count === MOST_RANGES) return false;
    starts.copyWithin(from + 1, to, this.#count);
    ends.copyWithin(from + 1, to, this.#count);
    starts[from] = left;
    ends[from] = right;
    this.#count += 1 - (to - from);
    return true;
  }

  /** All before `una` is acknowledged. */
  advance(una: number): void {
    let gone = 0;
    while (gone < this.#count && !isAfter(this.#end[gone] as number, una)) gone++;
    if (gone > 0) {
      this.#start.copyWithin(0, gone, this.#count);
      this.#end.copyWithin(0, gone, this.#count);
      this.#count -= gone;
    }
    if (this.#count > 0 && isBefore(this.#start[0] as number, una)) this.#start[0] = una;
    this.lostBefore = later(this.lostBefore, una);
    this.resentBefore = later(this.resentBefore, una);
  }

  /** IsLost of RFC 6675 §4: more than `bytes` or at least `ranges` ranges are held above. Moves `lostBefore` on. */
  findLost(bytes: number, ranges: number): void {
    let held = 0;
    for (let i = this.#count - 1; i >= 0; i--) {
      held += distance(this.#start[i] as number, this.#end[i] as number);
      if (held > bytes || this.#count - i >= ranges) {
        this.lostBefore = later(this.lostBefore, this.#start[i] as number);
        return;
      }
    }
  }

  /** Held bytes in [from, to). */
  held(from: number, to: number): number {
    let sum = 0;
    for (let i = 0; i < this.#count; i++) {
      const start = later(this.#start[i] as number, from);
      const end = earlier(this.#end[i] as number, to);
      if (isBefore(start, end)) sum += distance(start, end);
    }
    return sum;
  }

  /** SetPipe of RFC 6675 §4: what is probably still on the way. */
  pipe(una: number, nxt: number): number {
    const notLost = distance(this.lostBefore, nxt) - this.held(this.lostBefore, nxt);
    const resentTo = earlier(this.resentBefore, this.lostBefore);
    const resent = isBefore(una, resentTo) ? distance(una, resentTo) - this.held(una, resentTo) : 0;
    return notLost + resent;
  }

  /** The first hole at or behind `from`: its start; its end is limited by `holeEnd`. */
  holeFrom(from: number): number {
    let at = from;
    for (let i = 0; i < this.#count; i++) {
      if (isBefore(at, this.#start[i] as number)) return at;
      at = later(at, this.#end[i] as number);
    }
    return at;
  }

  /** Where the hole that begins at `start` ends: at what is held next, or at `limit`. */
  holeEnd(start: number, limit: number): number {
    for (let i = 0; i < this.#count; i++) {
      if (isBefore(start, this.#start[i] as number)) return earlier(limit, this.#start[i] as number);
    }
    return limit;
  }
}
