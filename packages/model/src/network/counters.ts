// What the switch counts, and why it drops. One closed list of reasons: each has words, and a way to change it.
import { z } from "zod";

/** Stable names; `DROP_WORDS` beside this file says each in a sentence. */
export const DropReason = z.enum([
  // the port
  "portDown",
  "noPeer",
  "queueFull",
  // the frame
  "tooShort",
  "tooLong",
  "malformed",
  // VLANs
  "tagNotAllowed",
  "vlanNotAllowed",
  "untaggedNotAllowed",
  "doubleTag",
  "privateVlan",
  // guards
  "macSpoofed",
  "ipSpoofed",
  "arpSpoofed",
  "rogueDhcp",
  "rogueRouterAdvertisement",
  "broadcastLimit",
  "rateLimit",
  "macLimit",
  "mirrorMaySendNothing",
  // forwarding
  "sameSegment",
  "loopBlocked",
  "reservedAddress",
  // quality
  "linkLoss",
  "linkQueueFull",
  // the gateway
  "firewall",
  "destinationFiltered",
  "noRoute",
  "ttlExpired",
  "unknownProtocol",
  "cannotPing",
]);
export type DropReason = z.infer<typeof DropReason>;

export const Traffic = z.object({ frames: z.number(), bytes: z.number() });

/** `received`: by the switch, from the port's owner. `sent`: to it. */
export const PortCounters = z.object({
  port: z.string(),
  received: Traffic,
  sent: Traffic,
  broadcasts: z.number(),
  drops: z.partialRecord(DropReason, z.number()),
  queuedBytes: z.number(),
});
export type PortCounters = z.infer<typeof PortCounters>;

/** What was carried in one VLAN, counted where it came in. */
export const VlanCounters = z.object({ vlan: z.number(), frames: z.number(), bytes: z.number() });
export type VlanCounters = z.infer<typeof VlanCounters>;

/** One dropped frame, for “why?”. */
export const DropNote = z.object({
  at: z.iso.datetime(),
  port: z.string(),
  reason: DropReason,
  /** The frame in a line: “10.0.2.15 → 10.0.2.2 TCP 445 SYN”. Harmless text. */
  frame: z.string(),
  /** The rule that decided, when one did. */
  rule: z.string().optional(),
});
export type DropNote = z.infer<typeof DropNote>;
