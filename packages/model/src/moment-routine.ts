// A routine: how often Mimic keeps moments of a machine by itself, and how many of them stay.
import { z } from "zod";
import { MOST_KEPT } from "./moment-bounds.ts";

export const Rhythm = z.strictObject({
  everyMinutes: z
    .int()
    .min(1)
    .max(366 * 24 * 60),
  keep: z.int().min(1).max(MOST_KEPT),
});
export type Rhythm = z.infer<typeof Rhythm>;

export const Rhythms = z
  .array(Rhythm)
  .max(6)
  .refine((all) => new Set(all.map(({ everyMinutes }) => everyMinutes)).size === all.length, "each rhythm only once");

/** What a machine's record says of it. */
export const MomentRoutine = z.strictObject({
  kind: z.enum(["snapshot", "checkpoint"]),
  rhythms: Rhythms.min(1),
  /** When it kept a moment last. */
  lastAt: z.iso.datetime().optional(),
});
export type MomentRoutine = z.infer<typeof MomentRoutine>;

export const MomentRoutineView = z.object({
  kind: z.enum(["snapshot", "checkpoint"]),
  rhythms: z.array(Rhythm),
  lastAt: z.iso.datetime().optional(),
  /** In the past = it is due, and waits for what `skipped` says. */
  nextAt: z.iso.datetime(),
  skipped: z.object({ at: z.iso.datetime(), why: z.string() }).optional(),
});
export type MomentRoutineView = z.infer<typeof MomentRoutineView>;
