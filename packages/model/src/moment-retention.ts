// How long moments stay that Mimic keeps before something (going back, a risky change).
import { z } from "zod";
import { MOST_DAYS, MOST_KEPT } from "./moment-bounds.ts";

/** `keep`: so many of the last ones stay, however old. `days`: so do those that are not older; 0 = none for that reason. */
export const MomentRetention = z.strictObject({ keep: z.int().min(1).max(MOST_KEPT), days: z.int().min(0).max(MOST_DAYS) });
export type MomentRetention = z.infer<typeof MomentRetention>;

export const MomentRetentionView = MomentRetention.extend({
  /** Some that would go wait, and why. */
  waiting: z.object({ count: z.int().min(1), why: z.string() }).optional(),
});
export type MomentRetentionView = z.infer<typeof MomentRetentionView>;
