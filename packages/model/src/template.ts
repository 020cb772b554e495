// Templates: machines that others are made from, in a moment. A template never changes; a newer one is a new generation.
import { z } from "zod";
import { HardwareSpec } from "./hardware.ts";
import { MachineRecord } from "./machine.ts";
import { SavedWith } from "./moment.ts";
import { Name } from "./name.ts";
import { TemplateCheck } from "./template-check.ts";

export const TemplateIdText = z.string().regex(/^tpl_[0-9a-z]{26}$/);

export const Generation = z.strictObject({
  number: z.int().min(1),
  madeAt: z.iso.datetime(),
  /** Machine type, processor, places of devices: all that a machine made from it must have too. */
  hardware: HardwareSpec,
  /** Present when memory and devices were kept too: machines made from it go on from there. */
  saved: z.strictObject({ with: SavedWith, memorySha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
  /** Why they were not, in words. */
  diskOnlyBecause: z.string().max(300).optional(),
  /** Layer id → SHA-256 of its bytes. */
  seals: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)).default({}),
  /** Name in its folder (“state”, “nvram/…”, “media/…”) → SHA-256. Absent = made before these were sealed. */
  files: z.record(z.string().max(120), z.string().regex(/^[0-9a-f]{64}$/)).optional(),
});
export type Generation = z.infer<typeof Generation>;

/** `template.json`. */
export const TemplateRecord = z.strictObject({
  id: TemplateIdText,
  name: Name,
  note: z.string().max(2000).default(""),
  system: MachineRecord.shape.system,
  readiness: MachineRecord.shape.readiness,
  login: MachineRecord.shape.login,
  /** Newest last; never empty. */
  generations: z.array(Generation).min(1).max(100),
  /** Made by Mimic for `mimic run`, from this image of the system. */
  automatic: z.strictObject({ image: z.string().max(64) }).optional(),
  /** How many machines wait ready at all times; absent = as it is used. */
  warm: z.int().min(0).max(32).optional(),
  /** What the last verification found. Files of later generations are not in it. */
  checked: TemplateCheck.optional(),
});
export type TemplateRecord = z.infer<typeof TemplateRecord>;

export const TemplateView = z.object({
  id: TemplateIdText,
  name: Name,
  note: z.string(),
  system: z.string().optional(),
  systemName: z.string().optional(),
  automatic: z.boolean(),
  madeAt: z.iso.datetime(),
  generation: z.int(),
  generations: z.int(),
  /** All that are kept, newest first. */
  history: z.array(
    z.object({
      number: z.int(),
      madeAt: z.iso.datetime(),
      hardwareInWords: z.string(),
      isInstant: z.boolean(),
      because: z.string().optional(),
      /** Why nothing is made from it any more: a file is not what it was. */
      damage: z.string().optional(),
      usedBy: z.array(z.string()),
    }),
  ),
  hardwareInWords: z.string(),
  /** Machines made from it go on where it was; otherwise they are switched on. */
  isInstant: z.boolean(),
  /** Why not, in words. */
  because: z.string().optional(),
  /** Why nothing is made from its newest generation any more. */
  damage: z.string().optional(),
  /** When its files were last compared with their seals. */
  checkedAt: z.iso.datetime().optional(),
  sizeBytes: z.number(),
  usedBy: z.array(z.string()),
  /** Machines that wait ready now, and how many are wanted. */
  warm: z.int(),
  warmWanted: z.int().optional(),
  /** What each that waits takes for itself, beside the memory that all share: of members that there were, else estimated. */
  memberBytes: z.number(),
  isMemberMeasured: z.boolean(),
});
export type TemplateView = z.infer<typeof TemplateView>;

export const newest = (template: TemplateRecord): Generation => template.generations.at(-1) as Generation;
