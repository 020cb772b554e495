// How good or bad a link is, in one direction. Absent members mean: as good as it gets.
import { z } from "zod";

const Probability = z.number().min(0).max(1);

export const LinkQuality = z.strictObject({
  delayMs: z.number().min(0).max(60_000).optional(),
  /** Standard deviation of the delay. Frames keep their order unless `reorder` says otherwise. */
  jitterMs: z.number().min(0).max(60_000).optional(),
  loss: Probability.optional(),
  duplicate: Probability.optional(),
  /** The share of frames that overtake the ones before them (needs a delay to be seen). */
  reorder: Probability.optional(),
  /** The share of frames in which one bit is flipped. */
  corrupt: Probability.optional(),
  bitsPerSecond: z.number().positive().max(1e12).optional(),
  /** Bytes that may wait for their turn before the tail is dropped; counts only with a rate or a delay. */
  queueBytes: z
    .int()
    .min(1514)
    .max(64 * 1024 ** 2)
    .optional(),
});
export type LinkQuality = z.infer<typeof LinkQuality>;

/** A link has two directions, seen from the port's owner: `up` leaves the machine, `down` comes to it. */
export const TwoWayQuality = z.strictObject({ up: LinkQuality.prefault({}), down: LinkQuality.prefault({}) });
export type TwoWayQuality = z.infer<typeof TwoWayQuality>;

export const LinkProfile = z.enum(["perfect", "modem-56k", "isdn", "dsl", "3g", "satellite", "bad-wifi", "lossy"]);
export type LinkProfile = z.infer<typeof LinkProfile>;

const both = (quality: LinkQuality): TwoWayQuality => ({ up: quality, down: quality });

/** What people know by name. A pulled cable is no quality: it is `isUp: false` of the port. */
export const LINK_PROFILES: Readonly<Record<LinkProfile, { readonly words: string; readonly quality: TwoWayQuality }>> = {
  perfect: { words: "As good as it gets", quality: both({}) },
  "modem-56k": {
    words: "A telephone modem of 1998",
    quality: {
      up: { delayMs: 60, jitterMs: 8, bitsPerSecond: 33_600, queueBytes: 16_384 },
      down: { delayMs: 60, jitterMs: 8, bitsPerSecond: 53_000, queueBytes: 32_768 },
    },
  },
  isdn: { words: "ISDN, one channel", quality: both({ delayMs: 15, jitterMs: 1, bitsPerSecond: 64_000, queueBytes: 32_768 }) },
  dsl: {
    words: "DSL of 2005",
    quality: {
      up: { delayMs: 15, jitterMs: 2, bitsPerSecond: 1_000_000, queueBytes: 65_536 },
      down: { delayMs: 15, jitterMs: 2, bitsPerSecond: 16_000_000, queueBytes: 262_144 },
    },
  },
  "3g": {
    words: "A mobile phone of 2010",
    quality: {
      up: { delayMs: 50, jitterMs: 20, loss: 0.005, bitsPerSecond: 384_000, queueBytes: 65_536 },
      down: { delayMs: 50, jitterMs: 20, loss: 0.005, bitsPerSecond: 2_000_000, queueBytes: 131_072 },
    },
  },
  satellite: {
    words: "A satellite far away",
    quality: {
      up: { delayMs: 270, jitterMs: 5, loss: 0.001, bitsPerSecond: 3_000_000, queueBytes: 262_144 },
      down: { delayMs: 270, jitterMs: 5, loss: 0.001, bitsPerSecond: 25_000_000, queueBytes: 1_048_576 },
    },
  },
  "bad-wifi": {
    words: "Wi-Fi two walls away",
    quality: both({ delayMs: 8, jitterMs: 15, loss: 0.04, duplicate: 0.002, reorder: 0.02, bitsPerSecond: 6_000_000, queueBytes: 131_072 }),
  },
  lossy: { words: "One frame in ten is lost", quality: both({ loss: 0.1 }) },
};
