// Moments of machines, kept to go back to: of disks alone (snapshot), or of disks, memory and devices (checkpoint).
import { unreachable } from "@mimic/base";
import { z } from "zod";
import type { Growth } from "./growth.ts";
import { HardwareSpec } from "./hardware.ts";
import { Accelerator } from "./isolation.ts";

/** What must be the same for a saved memory to wake up: QEMU checks some of it, and dies or hangs on the rest. */
export const SavedWith = z.strictObject({
  qemuVersion: z.string().max(40),
  accelerator: Accelerator,
  /** The host's processor, where the guest sees it (hardware virtualization); "" when it is emulated. */
  processor: z.string().max(200).default(""),
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
});
export type MomentView = z.infer<typeof MomentView>;

/** How whole its disks are, in words for people. Pure. */
export function consistencyInWords({
  consistency,
  consistencyBecause,
}: Pick<MomentView, "consistency" | "consistencyBecause">): string | undefined {
  switch (consistency) {
    case undefined:
      return undefined;
    case "off":
      return "it was off";
    case "memory":
      return "with its memory";
    case "frozen":
      return "its file systems were held still for it";
    case "cut":
      return `as after a power cut${consistencyBecause ? `: ${consistencyBecause}` : ""}`;
    default:
      return unreachable(consistency);
  }
}

/** Undefined = it can wake up; else why not. Pure. */
export function whyNotWake(saved: SavedWith, here: SavedWith): string | undefined {
  if (saved.accelerator !== here.accelerator)
    return `it was saved with ${saved.accelerator.toUpperCase()}, and machines run with ${here.accelerator.toUpperCase()} here now`;
  if (saved.qemuVersion !== here.qemuVersion) return `it was saved by QEMU ${saved.qemuVersion}, and this is QEMU ${here.qemuVersion}`;
  if (saved.processor !== here.processor) return `it was saved on another processor (${saved.processor})`;
  return undefined;
}

/** Why memory and devices of this hardware cannot be saved; undefined = they can. Asked before anything is done. Pure. */
export function whyNotSave(hardware: HardwareSpec, growth?: Growth): string | undefined {
  const grown = growth?.grown ?? [];
  if (grown.length > 0) return `its ${grown.join(" and ")} changed while it runs, which QEMU puts together anew only at the next start`;
  if (hardware.tpm) return "its security chip (TPM) keeps its state in a program of its own, which cannot be saved with it";
  if (hardware.disks.some((disk) => disk.bus === "nvme")) return "QEMU cannot save the state of NVMe disks";
  return undefined;
}

/** Parents before children, each as deep as it has forebears. Pure. */
export function momentTree(moments: readonly MomentView[]): { readonly moment: MomentView; readonly depth: number }[] {
  const known = new Set(moments.map(({ id }) => id));
  const parentOf = ({ parent }: MomentView): string | undefined => (parent !== undefined && known.has(parent) ? parent : undefined);
  const below = (parent: string | undefined, depth: number): { moment: MomentView; depth: number }[] =>
    moments.filter((moment) => parentOf(moment) === parent).flatMap((moment) => [{ moment, depth }, ...below(moment.id, depth + 1)]);
  return below(undefined, 0);
}
