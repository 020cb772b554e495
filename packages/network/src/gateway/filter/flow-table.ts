// Flows that were allowed once between segments or networks: their answers come back without a rule of their own, and later
// packets need no second decision. Bounded; the flow that was silent for longest goes first.
import { hexOf } from "@mimic/wire";

export interface FlowEnds {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  /** IP protocol number. */
  readonly protocol: number;
  /** For ICMP echo both are the identifier; 0 where there is none. */
  readonly fromPort: number;
  readonly toPort: number;
}

const IDLE_MS = { tcp: 7_200_000, udp: 180_000, other: 30_000 } as const;
const idleMsOf = (protocol: number): number => (protocol === 6 ? IDLE_MS.tcp : protocol === 17 ? IDLE_MS.udp : IDLE_MS.other);

const keyOf = (ends: FlowEnds): string => `${ends.protocol} ${hexOf(ends.from)} ${ends.fromPort} ${hexOf(ends.to)} ${ends.toPort}`;
const reverseOf = (ends: FlowEnds): FlowEnds => ({ ...ends, from: ends.to, to: ends.from, fromPort: ends.toPort, toPort: ends.fromPort });

export class FlowTable {
  readonly #lastSeen = new Map<string, number>();
  readonly #most: number;
  constructor({ most = 65_536 } = {}) {
    this.#most = most;
  }
  get size(): number {
    return this.#lastSeen.size;
  }
  /** Remembers a flow that was decided to pass. */
  allow(ends: FlowEnds, nowMs: number): void {
    this.#touch(keyOf(ends), nowMs);
  }
  /** Whether the packet answers a flow that was allowed the other way. */
  isAnswer(ends: FlowEnds, nowMs: number): boolean {
    const key = keyOf(reverseOf(ends));
    const seen = this.#lastSeen.get(key);
    if (seen === undefined) return false;
    if (nowMs - seen > idleMsOf(ends.protocol)) {
      this.#lastSeen.delete(key);
      return false;
    }
    this.#touch(key, nowMs);
    return true;
  }
  /** Rules changed: every flow is decided anew. */
  clear(): void {
    this.#lastSeen.clear();
  }
  #touch(key: string, nowMs: number): void {
    this.#lastSeen.delete(key);
    this.#lastSeen.set(key, nowMs);
    for (const oldest of this.#lastSeen.keys()) {
      if (this.#lastSeen.size <= this.#most) break;
      this.#lastSeen.delete(oldest);
    }
  }
}
