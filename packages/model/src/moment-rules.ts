// The rules of moments: what can be saved and woken up, and in which words. Apart from the schemas, so that a page which only
// asks brings none of them along.
import { unreachable } from "@mimic/base";
import type { Growth } from "./growth.ts";
import type { HardwareSpec } from "./hardware.ts";
import type { MomentView, SavedWith } from "./moment.ts";
import type { VolumeDifference } from "./moment-comparison.ts";

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

/** Where both are known. */
const differs = (one: string | undefined, other: string | undefined): boolean => one !== undefined && other !== undefined && one !== other;

/** Undefined = it can wake up; else why not. Pure. */
export function whyNotWake(saved: SavedWith, here: SavedWith): string | undefined {
  if (saved.accelerator !== here.accelerator)
    return `it was saved with ${saved.accelerator.toUpperCase()}, and machines run with ${here.accelerator.toUpperCase()} here now`;
  if (saved.qemuVersion !== here.qemuVersion) return `it was saved by QEMU ${saved.qemuVersion}, and this is QEMU ${here.qemuVersion}`;
  if (saved.processor !== here.processor) return `it was saved on another processor (${saved.processor})`;
  if (differs(saved.machineType, here.machineType))
    return `it was saved with the board “${saved.machineType}”, and would get “${here.machineType}” here`;
  if (differs(saved.cpuModel, here.cpuModel))
    return `it was saved with the processor “${saved.cpuModel}”, and would get “${here.cpuModel}” here`;
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

/** What does not come back with the memory of this hardware, in words for people; undefined = everything does. Pure. */
export function memoryLacks({ sound }: Pick<HardwareSpec, "sound">): string | undefined {
  // QEMU writes nothing down of the AdLib that stands beside a Sound Blaster 16.
  return sound === "sb16" ? "music of the AdLib may be silent until the program sets it again" : undefined;
}

/** Parents before children, each as deep as it has forebears. Pure. */
export function momentTree(moments: readonly MomentView[]): { readonly moment: MomentView; readonly depth: number }[] {
  const known = new Set(moments.map(({ id }) => id));
  const parentOf = ({ parent }: MomentView): string | undefined => (parent !== undefined && known.has(parent) ? parent : undefined);
  const below = (parent: string | undefined, depth: number): { moment: MomentView; depth: number }[] =>
    moments.filter((moment) => parentOf(moment) === parent).flatMap((moment) => [{ moment, depth }, ...below(moment.id, depth + 1)]);
  return below(undefined, 0);
}

/** “disk 1, part 2 (ext4)”; `index` counts disks from 0. Pure. */
export function volumeInWords(index: number, { part, system }: Pick<VolumeDifference, "part" | "system">): string {
  return `disk ${index + 1}${part === 0 ? "" : `, part ${part}`} (${system})`;
}
