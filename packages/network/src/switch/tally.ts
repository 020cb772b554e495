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

/** Frames and bytes that were carried in one VLAN, counted where they came in. */
export class VlanTally {
  frames = 0;
  bytes = 0;
}
