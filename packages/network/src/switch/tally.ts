// What a port has counted. Plain numbers in one array: adding costs next to nothing, and up to 2^53 they are exact.
import { DropReason, type PortCounters } from "@mimic/model";

export const REASONS: readonly DropReason[] = DropReason.options;
const INDEX = new Map(REASONS.map((reason, index) => [reason, index]));

export class Tally {
  receivedFrames = 0;
  receivedBytes = 0;
  sentFrames = 0;
  sentBytes = 0;
  broadcasts = 0;
  readonly #drops = new Float64Array(REASONS.length);

  drop(reason: DropReason, frames: number): void {
    const index = INDEX.get(reason) as number;
    this.#drops[index] = (this.#drops[index] as number) + frames;
  }

  read(port: string, queuedBytes: number): PortCounters {
    const drops: Partial<Record<DropReason, number>> = {};
    for (const [index, count] of this.#drops.entries()) if (count > 0) drops[REASONS[index] as DropReason] = count;
    return {
      port,
      received: { frames: this.receivedFrames, bytes: this.receivedBytes },
      sent: { frames: this.sentFrames, bytes: this.sentBytes },
      broadcasts: this.broadcasts,
      drops,
      queuedBytes,
    };
  }
}

class VlanTally {
  readonly vlan: number;
  frames = 0;
  bytes = 0;

  constructor(vlan: number) {
    this.vlan = vlan;
  }
}

/** Frames and bytes that were carried in each VLAN, counted where they came in. */
export class VlanTallies {
  readonly #all = new Map<number, VlanTally>();
  /** Run after run mostly belongs to the same VLAN. */
  #last = new VlanTally(-1);

  count(vlan: number, frames: number, bytes: number): void {
    if (this.#last.vlan !== vlan) this.#last = this.#of(vlan);
    this.#last.frames += frames;
    this.#last.bytes += bytes;
  }

  has(vlan: number): boolean {
    return this.#all.has(vlan);
  }

  vlans(): Iterable<number> {
    return this.#all.keys();
  }

  read(): { vlan: number; frames: number; bytes: number }[] {
    return [...this.#all.values()].map((tally) => ({ ...tally })).sort((a, b) => a.vlan - b.vlan);
  }

  #of(vlan: number): VlanTally {
    let tally = this.#all.get(vlan);
    if (tally === undefined) {
      tally = new VlanTally(vlan);
      this.#all.set(vlan, tally);
    }
    return tally;
  }
}
