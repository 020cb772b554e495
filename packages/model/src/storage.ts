// Where disks may lie beside the data directory: folders on other drives, which a person named.
import { z } from "zod";
import { Name } from "./name.ts";

export const StorageId = z.string().regex(/^sto_[0-9a-z]{26}$/);

export const StorageRecord = z.strictObject({
  id: StorageId,
  name: Name,
  /** Absolute, without links. Mimic keeps to a folder of its own in it. */
  folder: z.string().min(2).max(4096).startsWith("/"),
  addedAt: z.iso.datetime(),
});
export type StorageRecord = z.infer<typeof StorageRecord>;

export const StorageView = z.object({
  /** “main” for the data directory itself. */
  id: z.string(),
  name: z.string(),
  folder: z.string(),
  isThere: z.boolean(),
  /** Why it is not there, in words. */
  because: z.string().optional(),
  freeBytes: z.number().optional(),
  /** Machines that have something in it. */
  machines: z.array(z.string()),
});
export type StorageView = z.infer<typeof StorageView>;
