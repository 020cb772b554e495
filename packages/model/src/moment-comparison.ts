// What differs between two moments of a machine: disk by disk, and file by file where the file system is known.
import { z } from "zod";

const bytes = z.number().min(0);

/** `attributes`: rights, owner or time alone. */
export const FileChange = z.object({
  path: z.string().max(64 * 1024),
  kind: z.enum(["file", "folder", "link", "other"]),
  change: z.enum(["added", "removed", "changed", "attributes"]),
  sizeBefore: bytes.optional(),
  sizeAfter: bytes.optional(),
});
export type FileChange = z.infer<typeof FileChange>;

const count = z.int().min(0);

export const VolumeDifference = z.object({
  /** As its table numbers it; 0 = the disk as a whole. */
  part: count,
  /** “ext4”, “FAT32”, or what else it is. */
  system: z.string().max(80),
  /** At most so much of it differs: places that were written since both were the same. */
  writtenBytes: bytes,
  /** Why it was not compared by files. */
  why: z.string().max(300).optional(),
  files: z
    .object({
      changes: z.array(FileChange).max(2000),
      added: count,
      removed: count,
      changed: count,
      attributes: count,
      /** There are more than are listed. */
      isCut: z.boolean(),
      /** Written to and taken to differ: there was too much to look at byte by byte. */
      unread: count,
      /** Damaged parts that were passed over. */
      problems: count,
    })
    .optional(),
});
export type VolumeDifference = z.infer<typeof VolumeDifference>;

export const DiskDifference = z.object({
  disk: z.string(),
  change: z.enum(["same", "changed", "added", "removed"]),
  writtenBytes: bytes,
  volumes: z.array(VolumeDifference).max(260),
});
export type DiskDifference = z.infer<typeof DiskDifference>;

const Side = z.object({
  /** Undefined = the present. */
  moment: z.string().optional(),
  name: z.string(),
  at: z.iso.datetime(),
});

export const MomentComparison = z.object({ from: Side, to: Side, disks: z.array(DiskDifference) });
export type MomentComparison = z.infer<typeof MomentComparison>;
