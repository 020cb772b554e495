// Moments of machines, kept to go back to: of disks alone (snapshot), or of disks, memory and devices (checkpoint).
import { z } from "zod";
import { HardwareSpec } from "./hardware.ts";
import { Accelerator } from "./isolation.ts";

/** What must be the same for a saved memory to wake up: QEMU checks some of it, and dies or hangs on the rest. */
export const SavedWith = z.strictObject({
  qemuVersion: z.string().max(40),
  accelerator: Accelerator,
  /** The host's processor, where the guest sees it (hardware virtualization); "" when it is emulated. */
  processor: z.string().max(200).default(""),
  /** What QEMU called the board and the processor that it had; absent in what was saved before these were written down. */
  machineType: z.string().max(60).optional(),
  cpuModel: z.string().max(60).optional(),
});
export type SavedWith = z.infer<typeof SavedWith>;

export const MomentIdText = z.string().regex(/^mom_[0-9a-z]{26}$/);
export const MomentKind = z.enum(["snapshot", "checkpoint"]);
export type MomentKind = z.infer<typeof MomentKind>;

/**
 * How whole its disks are: the machine was off; the memory is there with them; the guest had put its file systems in order
 * and held them still; or as a power cut would have left them.
 */
export const MomentConsistency = z.enum(["off", "memory", "frozen", "cut"]);
export type MomentConsistency = z.infer<typeof MomentConsistency>;

/** One of those that were kept at the same moment, of another machine. */
export const MomentSibling = z.strictObject({ machine: z.string().max(40), name: z.string().max(80), moment: MomentIdText });
export type MomentSibling = z.infer<typeof MomentSibling>;

/** `moment.json`. */
export const MomentRecord = z.strictObject({
  id: MomentIdText,
  kind: MomentKind,
  name: z.string().min(1).max(80),
  note: z.string().max(2000).default(""),
  takenAt: z.iso.datetime(),
  /** The moment that it came after. */
  parent: MomentIdText.optional(),
  /** The whole hardware as it was; its disks name the layers that hold them. */
  hardware: HardwareSpec,
  savedWith: SavedWith.optional(),
  /** Made by Mimic, and why: may be cleared away by Mimic too. */
  automatic: z.string().max(200).optional(),
  isProtected: z.boolean().default(false),
  pausedMs: z.number().min(0).optional(),
  /** Kept by its machine's routine. */
  byRoutine: z.boolean().optional(),
  /** Since when looks have found that it need not stay for its age. */
  dueSince: z.iso.datetime().optional(),
  consistency: MomentConsistency.optional(),
  /** Why its file systems were not held still for it. */
  consistencyBecause: z.string().max(300).optional(),
  /** Kept together with these. */
  siblings: z.array(MomentSibling).max(63).optional(),
});
export type MomentRecord = z.infer<typeof MomentRecord>;

export const MomentView = z.object({
  id: MomentIdText,
  kind: MomentKind,
  name: z.string(),
  note: z.string(),
  takenAt: z.iso.datetime(),
  parent: z.string().optional(),
  automatic: z.string().optional(),
  isProtected: z.boolean(),
  pausedMs: z.number().optional(),
  consistency: MomentConsistency.optional(),
  consistencyBecause: z.string().optional(),
  siblings: z.array(MomentSibling).optional(),
  /** Bytes on this computer that only this moment keeps alive. */
  sizeBytes: z.number(),
  hasPicture: z.boolean(),
  /** The present stands on this one. */
  isPresent: z.boolean(),
  /** Why its memory cannot wake up here; its disks can always be gone back to. */
  onlyDisksBecause: z.string().optional(),
  /** What does not come back with its memory. */
  memoryLacks: z.string().optional(),
});
export type MomentView = z.infer<typeof MomentView>;
