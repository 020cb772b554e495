// What was removed and can still come back.
import { z } from "zod";

export const TrashView = z.object({
  id: z.string(),
  name: z.string(),
  machineId: z.string(),
  trashedAt: z.iso.datetime(),
  /** When Mimic may forget it by itself. */
  expiresAt: z.iso.datetime(),
  diskBytes: z.number(),
});
export type TrashView = z.infer<typeof TrashView>;
