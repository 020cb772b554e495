// Which address was seen at which port: open addressing over typed arrays, keyed by VLAN and MAC, so that a frame costs no
// allocation. Deleting shifts back what follows, so no tombstones gather. The seed keeps a guest from choosing
// addresses that collide.

/** A MAC in two integers: the upper 16 and the lower 32 bits (signed, as V8 likes them). */
export interface MacEntry {
  readonly vlan: number;
  readonly high: number;
  readonly low: number;
  readonly port: number;
  /** In the table's own ticks. */
  readonly seen: number;
}

const FREE = -1;
const FIRST_SLOTS = 256;

export class MacTable {
  readonly #seed: number;
  readonly #most: number;
  #mask = FIRST_SLOTS - 1;
  #tag = new Int32Array(FIRST_SLOTS);
  #low = new Int32Array(FIRST_SLOTS);
  #port = new Int16Array(FIRST_SLOTS).fill(FREE);
  #seen = new Int32Array(FIRST_SLOTS);
  #count = 0;

  /** Holds at most `most` addresses, in a table that is never more than half full. */
  constructor({ seed, most }: { readonly seed: number; readonly most: number }) {
    this.#seed = seed | 1;
    this.#most = most;
  }

  get size(): number {
    return this.#count;
  }

  /** The port of an address, or -1. `vlan` below 4096, `high` 16 bits, `low` as a signed 32-bit integer. */
  find(vlan: number, high: number, low: number): number {
    return this.#port[this.#slot((vlan << 16) | high, low)] as number;
  }

  /**
   * Notes that the address was seen at `port` now. Answers the port where it was before (-1: unknown until now), or -2 when the
   * table is full and nothing was noted.
   */
  learn(at: { readonly vlan: number; readonly high: number; readonly low: number; readonly port: number; readonly seen: number }): number {
    const tag = (at.vlan << 16) | at.high;
    const slot = this.#slot(tag, at.low);
    const before = this.#port[slot] as number;
    if (before === FREE) {
      if (this.#count >= this.#most) return -2;
      this.#tag[slot] = tag;
      this.#low[slot] = at.low;
      this.#count++;
    }
    this.#port[slot] = at.port;
    this.#seen[slot] = at.seen;
    if (before === FREE && this.#count * 2 > this.#mask) this.#grow();
    return before;
  }

  /** Forgets what `isStale` names. Answers how many went. */
  forget(isStale: (entry: MacEntry) => boolean): number {
    const gone = [...this].filter(isStale);
    for (const { vlan, high, low } of gone) this.#remove(this.#slot((vlan << 16) | high, low));
    return gone.length;
  }

  *[Symbol.iterator](): Generator<MacEntry, void, void> {
    for (let slot = 0; slot <= this.#mask; slot++) {
      const port = this.#port[slot] as number;
      if (port === FREE) continue;
      const tag = this.#tag[slot] as number;
      yield { vlan: tag >>> 16, high: tag & 0xffff, low: this.#low[slot] as number, port, seen: this.#seen[slot] as number };
    }
  }

  #slot(tag: number, low: number): number {
    let slot = this.#home(tag, low);
    while (this.#port[slot] !== FREE && (this.#low[slot] !== low || this.#tag[slot] !== tag)) slot = (slot + 1) & this.#mask;
    return slot;
  }

  #home(tag: number, low: number): number {
    let mixed = Math.imul(low ^ Math.imul(tag, 0x85eb_ca6b) ^ this.#seed, 0x9e37_79b1);
    mixed ^= mixed >>> 15;
    return (Math.imul(mixed, this.#seed) >>> 8) & this.#mask;
  }

  #remove(slot: number): void {
    let hole = slot;
    this.#port[hole] = FREE;
    this.#count--;
    for (let next = (hole + 1) & this.#mask; this.#port[next] !== FREE; next = (next + 1) & this.#mask) {
      const home = this.#home(this.#tag[next] as number, this.#low[next] as number);
      // It may move back into the hole unless its home lies behind the hole, up to where it stands.
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      this.#tag[hole] = this.#tag[next] as number;
      this.#low[hole] = this.#low[next] as number;
      this.#port[hole] = this.#port[next] as number;
      this.#seen[hole] = this.#seen[next] as number;
      this.#port[next] = FREE;
      hole = next;
    }
  }

  #grow(): void {
    const entries = [...this];
    const slots = (this.#mask + 1) * 2;
    this.#mask = slots - 1;
    this.#tag = new Int32Array(slots);
    this.#low = new Int32Array(slots);
    this.#port = new Int16Array(slots).fill(FREE);
    this.#seen = new Int32Array(slots);
    for (const { vlan, high, low, port, seen } of entries) {
      const slot = this.#slot((vlan << 16) | high, low);
      this.#tag[slot] = (vlan << 16) | high;
      this.#low[slot] = low;
      this.#port[slot] = port;
      this.#seen[slot] = seen;
    }
  }
}
