// Bad links that people know by name. Data alone, apart from the schemas: the browser uses it without them.
import type { LinkProfile, LinkQuality, TwoWayQuality } from "./link-quality.ts";

const both = (quality: LinkQuality): TwoWayQuality => ({ up: quality, down: quality });

/** What people know by name. Only the cable says whether a link is there at all: see `linkLike`. */
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
  unplugged: { words: "The cable is out", quality: both({}) },
};

interface Link {
  readonly isUp: boolean;
  readonly quality: TwoWayQuality;
}

/**
 * A port whose link is to be as that profile. Unplugged is no quality, it is the cable: whoever is at the port sees that, and
 * what was set comes back with the cable. Every other profile has the cable in.
 */
export function linkLike(profile: LinkProfile, before: Link): Link {
  if (profile === "unplugged") return { isUp: false, quality: before.quality };
  return { isUp: true, quality: LINK_PROFILES[profile].quality };
}
