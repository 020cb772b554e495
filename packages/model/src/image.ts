// Images: immutable, named by the digest of their bytes, shared by machines.
import { z } from "zod";
import { Architecture, DiskFormat } from "./hardware.ts";

/**
 * disk: a hard disk (qcow2 or raw) · cd, floppy: a medium (raw) · boot: a folder of parts
 * (kernel, initrd) that QEMU loads itself; its digest is that of its manifest.
 */
export const ImageKind = z.enum(["disk", "cd", "floppy", "boot"]);
export type ImageKind = z.infer<typeof ImageKind>;

export const ImagePart = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  sha256: z.string(),
  sizeBytes: z.number(),
});

/** `image.json` beside the bytes. */
export const ImageRecord = z.strictObject({
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().min(1).max(120),
  kind: ImageKind,
  /** Stored, never probed. */
  format: DiskFormat,
  sizeBytes: z.number(),
  virtualBytes: z.number(),
  parts: z.array(ImagePart).default([]),
  architecture: Architecture.optional(),
  system: z.string().optional(),
  /** Of the recipe that it was made by; absent = 1. */
  revision: z.int().min(1).optional(),
  addedAt: z.iso.datetime(),
  /** Where it came from, in words: a URL, a file's name, “assembled from 24 Debian packages”. */
  source: z.string().max(2000),
  /** How its genuineness was checked, in words. */
  verifiedBy: z.string().max(500),
});
export type ImageRecord = z.infer<typeof ImageRecord>;

export const ImageView = ImageRecord.extend({ usedBy: z.array(z.string()) });
export type ImageView = z.infer<typeof ImageView>;
