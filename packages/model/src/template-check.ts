// What became of a template's files: each is sealed by its digest when the template is made, and compared with it again
// when a person asks (`mimic template verify`).
import { z } from "zod";
import { Name } from "./name.ts";

/** Memory and devices are what machines go on from; all others are what any machine made from it stands on. */
export const SealedKind = z.enum(["memory", "devices", "firmware", "medium", "layer", "image"]);
export type SealedKind = z.infer<typeof SealedKind>;

/**
 * `added`: there, but it was not when the template was sealed. `sealed`: made before such files were sealed, so nothing
 * could be said; from now on it can. `away`: its drive is not there. `unchecked`: nobody has looked since it was made.
 */
export const SealOutcome = z.enum(["whole", "changed", "missing", "unreadable", "added", "away", "sealed", "unchecked"]);
export type SealOutcome = z.infer<typeof SealOutcome>;

export const CheckedFile = z.strictObject({
  kind: SealedKind,
  /** A layer's id, an image's digest, or its place in the template's folder (“g2/memory”). */
  id: z.string().max(160),
  /** That need it. */
  generations: z.array(z.int().min(1)).min(1).max(100),
  /** As it is now; absent when that is not known. */
  sizeBytes: z.number().min(0).optional(),
  outcome: SealOutcome,
  /** Why it could not be read. */
  why: z.string().max(300).optional(),
});
export type CheckedFile = z.infer<typeof CheckedFile>;

export const TemplateCheck = z.strictObject({ at: z.iso.datetime(), files: z.array(CheckedFile).max(10_000) });
export type TemplateCheck = z.infer<typeof TemplateCheck>;

/** File by file, for people. */
export const TemplateVerification = z.object({
  template: Name,
  /** Absent = never verified. */
  checkedAt: z.iso.datetime().optional(),
  files: z.array(
    CheckedFile.extend({
      /** “memory of generation 2” */
      words: z.string(),
      /** “as it was”, “changed” … */
      outcomeInWords: z.string(),
      /** Where it is on this computer. */
      path: z.string(),
      /** Machines that stand on it. */
      usedBy: z.array(z.string()),
      /** What it means and what to do, when it is not what it was. */
      advice: z.string().optional(),
    }),
  ),
});
export type TemplateVerification = z.infer<typeof TemplateVerification>;
