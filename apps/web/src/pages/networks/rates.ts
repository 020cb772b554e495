// Bits per second out of two readings of the counters, and how fast the dashes of a cable run for them.
import type { DropReason } from "@mimic/model";

/** What a port's counters say that the picture needs; `received` came from the port's owner. */
export interface Reading {
  readonly received: { readonly frames: number; readonly bytes: number };
  readonly sent: { readonly frames: number; readonly bytes: number };
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}
export interface Rate {
  /** From the machine into the network. */
  readonly upBits: number;
  readonly downBits: number;
  readonly upFrames: number;
  readonly downFrames: number;
  /** All frames dropped at this port so far, and since the reading before. */
  readonly dropped: number;
  readonly droppedNow: number;
}
export const NO_RATE: Rate = { upBits: 0, downBits: 0, upFrames: 0, downFrames: 0, dropped: 0, droppedNow: 0 };

export const dropsIn = (drops: Reading["drops"]): number => Object.values(drops).reduce((sum: number, count) => sum + (count ?? 0), 0);

/** Counters that went back (the switch began anew) count as nothing passed. */
export function rateBetween(before: Reading | undefined, after: Reading, seconds: number): Rate {
  const dropped = dropsIn(after.drops);
  if (!before || seconds <= 0) return { ...NO_RATE, dropped };
  const per = (now: number, then: number) => Math.max(0, now - then) / seconds;
  return {
    upBits: per(after.received.bytes, before.received.bytes) * 8,
    downBits: per(after.sent.bytes, before.sent.bytes) * 8,
    upFrames: per(after.received.frames, before.received.frames),
    downFrames: per(after.sent.frames, before.sent.frames),
    dropped,
    droppedNow: Math.max(0, dropped - dropsIn(before.drops)),
  };
}

/** Units of the picture that dashes move in a second: nothing for nothing, 12 for a trickle, 170 for 10 Gbit/s. */
export function dashSpeed(bitsPerSecond: number): number {
  if (!Number.isFinite(bitsPerSecond) || bitsPerSecond < 8) return 0;
  return Math.round(12 + 158 * Math.min(1, Math.log10(bitsPerSecond / 8) / 9));
}
