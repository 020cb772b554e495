// Where ATA disks and CD drives sit: an allocation that depends on the list alone, so a guest's drives stay put.
// q35 has six SATA connectors (disks from the first up, CDs from the last down), i440fx two IDE cables of two.
import { MimicError } from "@mimic/base";
import type { HardwareSpec, MediaDrive } from "@mimic/model";

export type AtaPlace = { readonly bus: string; readonly unit: number };

/** CDs sit where the disks do: a guest kernel that knows only virtio must find its CD too. */
export function cdBus(hardware: HardwareSpec): "scsi" | "ata" {
  const modern = hardware.disks.length > 0 && hardware.disks.every((d) => d.bus === "virtio" || d.bus === "scsi");
  return modern ? "scsi" : "ata";
}

export const cdDrives = (hardware: HardwareSpec): readonly MediaDrive[] => hardware.drives.filter((d) => d.kind === "cd");

/** SATA on i440fx, or beyond q35's six connectors, needs a controller card of its own. */
export const needsSataCard = (hardware: HardwareSpec): boolean =>
  hardware.board === "i440fx" && hardware.disks.some((d) => d.bus === "sata");

export const needsScsi = (hardware: HardwareSpec): boolean =>
  hardware.disks.some((d) => d.bus === "scsi") || (cdBus(hardware) === "scsi" && cdDrives(hardware).length > 0);

export function diskPlaces(hardware: HardwareSpec): ReadonlyMap<string, AtaPlace> {
  const places = new Map<string, AtaPlace>();
  const ata = hardware.disks.filter((d) => d.bus === "sata" || d.bus === "ide");
  const cds = cdBus(hardware) === "ata" ? cdDrives(hardware) : [];
  if (hardware.board === "q35") {
    if (ata.length + cds.length > 6) throw tooMany("six SATA connectors");
    for (const [i, disk] of ata.entries()) places.set(disk.id, { bus: `ide.${i}`, unit: 0 });
    for (const [i, cd] of cds.entries()) places.set(cd.slot, { bus: `ide.${5 - i}`, unit: 0 });
    return places;
  }
  const sata = ata.filter((d) => d.bus === "sata");
  if (sata.length > 6) throw tooMany("six SATA connectors");
  for (const [i, disk] of sata.entries()) places.set(disk.id, { bus: `sata0.${i}`, unit: 0 });
  // The second cable's first place is where a PC of the nineties has its CD drive.
  const free: AtaPlace[] = [at(0, 0), at(0, 1), at(1, 1), at(1, 0)];
  const ide = ata.filter((d) => d.bus === "ide");
  if (ide.length + cds.length > 4) throw tooMany("four IDE places");
  const cdOrder = [at(1, 0), at(1, 1), at(0, 1), at(0, 0)];
  for (const [i, cd] of cds.entries()) places.set(cd.slot, cdOrder[i] as AtaPlace);
  for (const disk of ide) {
    const place = free.find((p) => ![...places.values()].some((q) => q.bus === p.bus && q.unit === p.unit)) as AtaPlace;
    places.set(disk.id, place);
  }
  return places;
}

const at = (bus: number, unit: number): AtaPlace => ({ bus: `ide.${bus}`, unit });

const tooMany = (what: string): MimicError =>
  new MimicError("qemu.too_many_drives", `This board has ${what}, and the machine's disks and CD drives need more.`, {
    hint: "Use virtio for some of the disks, or take a drive out.",
  });
