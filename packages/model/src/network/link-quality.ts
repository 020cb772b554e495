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
  /** The share of frames in which one bit behind the Ethernet header is flipped (real cards drop frames with a broken header). */
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

export const LinkProfile = z.enum(["perfect", "modem-56k", "isdn", "dsl", "3g", "satellite", "bad-wifi", "lossy", "unplugged"]);
export type LinkProfile = z.infer<typeof LinkProfile>;
