// How one knows that a machine is usable: by its agent, or by a sign that a recipe names.
import { z } from "zod";

export const ReadySign = z.discriminatedUnion("kind", [
  /** The guest agent answers `guest-ping`. */
  z.strictObject({ kind: z.literal("agent") }),
  /** This text appears on the first serial port. */
  z.strictObject({ kind: z.literal("serial"), text: z.string().min(1).max(200) }),
  /** This text stands on a text-mode screen (read from video memory). */
  z.strictObject({ kind: z.literal("screen-text"), text: z.string().min(1).max(200) }),
  /** A picture of at least this size that has not changed for `stillMs`. */
  z.strictObject({
    kind: z.literal("screen-still"),
    minWidth: z.int().min(1).max(8192),
    minHeight: z.int().min(1).max(8192),
    stillMs: z.int().min(500).max(60_000),
    /** Its PNG is at least so large: an empty desktop or a lone banner stands still too, but packs smaller. */
    minPictureBytes: z.int().min(0).max(100_000_000).optional(),
  }),
  /** Nothing tells: the machine counts as usable once it runs. */
  z.strictObject({ kind: z.literal("none") }),
]);
export type ReadySign = z.infer<typeof ReadySign>;

export const Readiness = z.strictObject({
  sign: ReadySign,
  /** How long a person should wait before something is wrong, under TCG. */
  withinMs: z.int().min(1000).max(3_600_000).default(300_000),
});
export type Readiness = z.infer<typeof Readiness>;

/** “the guest agent answered” */
export function signInWords(sign: ReadySign): string {
  switch (sign.kind) {
    case "agent":
      return "the guest agent answered";
    case "serial":
      return `“${sign.text}” appeared on the serial console`;
    case "screen-text":
      return `“${sign.text}” appeared on the screen`;
    case "screen-still":
      return "the screen shows a finished picture";
    case "none":
      return "the machine runs; nothing tells more about this system";
  }
}
