// Which files a machine's QEMU needs, before any is opened. QEMU gets open descriptors and never a path,
// so that even a wrong or hostile name inside an image cannot open another file.
import type { BootPlan } from "@mimic/workbench/ports";
import type { FirmwareFiles } from "./firmware.ts";

export interface FileNeed {
  readonly key: string;
  readonly path: string;
  readonly writable: boolean;
  /** Loaded by name through /proc/self/fd, so QEMU's user must be able to read it. */
  readonly reopened?: boolean;
  /** A file of the system, where links are usual (firmware packages); never a file of a machine. */
  readonly systemFile?: boolean;
  /** One layer of a disk: its header is looked at before each start. */
  readonly layer?: { readonly diskId: string; readonly depth: number; readonly format: "qcow2" | "raw"; readonly encrypted?: boolean };
  /** Open already, in memory only: handed on as it is, and closed by whoever holds it. */
  readonly held?: number;
}

export const diskKey = (diskId: string, depth: number): string => `disk:${diskId}:${depth}`;
export const mediumKey = (slot: string): string => `medium:${slot}`;
export const keyKey = (diskId: string): string => `key:${diskId}`;

export function planFiles(plan: BootPlan, firmware: FirmwareFiles | undefined): readonly FileNeed[] {
  const { files } = plan;
  const { hardware } = plan.record;
  const needs: FileNeed[] = [];
  if (firmware) {
    needs.push({ key: "uefi.code", path: firmware.code, writable: false, systemFile: true });
    needs.push({ key: "uefi.vars", path: `${files.nvramDirectory}/efivars.fd`, writable: true });
  }
  if (hardware.directBoot && files.kernel) needs.push({ key: "kernel", path: files.kernel, writable: false, reopened: true });
  if (hardware.directBoot && files.initrd) needs.push({ key: "initrd", path: files.initrd, writable: false, reopened: true });
  for (const disk of hardware.disks) {
    for (const [depth, layer] of (files.disks[disk.id] ?? []).entries()) {
      const writable = depth === 0 && !disk.readOnly;
      const encrypted = depth === 0 && plan.secrets?.[disk.id] !== undefined;
      needs.push({
        key: diskKey(disk.id, depth),
        path: layer.path,
        writable,
        layer: { diskId: disk.id, depth, format: layer.format, encrypted },
      });
    }
  }
  for (const drive of hardware.drives) {
    const path = files.media[drive.slot];
    if (path !== undefined) needs.push({ key: mediumKey(drive.slot), path, writable: false });
  }
  if (plan.resume) needs.push({ key: "state", path: plan.resume.statePath, writable: false });
  return needs;
}

/** Descriptors 0–2 are taken; the files follow in order. */
export const FIRST_FD = 3;
export const numberFiles = (needs: readonly FileNeed[]): ReadonlyMap<string, number> =>
  new Map(needs.map((need, index) => [need.key, FIRST_FD + index]));
