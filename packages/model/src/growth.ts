// What a machine is started with so that it can be changed while it runs. The same numbers build QEMU's command line
// and answer “can this be changed now?”, so that neither promises what the other does not keep.
import { z } from "zod";
import type { HardwareSpec } from "./hardware.ts";

/** PCI Express sockets for what is plugged in later. */
export const SOCKETS = 6;
/** Processors that a machine of one or two can grow to. */
export const SPARE_CPUS = 4;
export const MEMORY_SLOTS = 8;
/** Smaller machines get no places for more memory: these cost a small guest real memory (Linux sets 64 MiB aside). */
export const GROWABLE_FROM_MIB = 1024;

/** What one running QEMU was prepared for. */
export const Growth = z.strictObject({
  sockets: z.int().min(0),
  maxCpus: z.int().min(1),
  maxMemoryMiB: z.int().min(1),
  /** What it was switched on with. */
  startCpus: z.int().min(1),
  startMemoryMiB: z.int().min(1),
  /** Places for USB devices beside its own keyboard and pointer. */
  usbPorts: z.int().min(0),
  /** What came while it ran and a new start would not put at the same place: then memory and devices cannot be saved. */
  grown: z.array(z.enum(["memory", "processors", "SCSI controller", "USB devices"])).default([]),
});
export type Growth = z.infer<typeof Growth>;

export const maxCpus = (hardware: HardwareSpec): number => (hardware.board === "q35" ? Math.max(hardware.cpus, SPARE_CPUS) : hardware.cpus);

/** Four times what it has, at least 16 GiB: a ceiling costs nothing on the host. */
export const maxMemoryMiB = (hardware: HardwareSpec): number =>
  hardware.board === "q35" && hardware.memoryMiB >= GROWABLE_FROM_MIB ? Math.max(16_384, hardware.memoryMiB * 4) : hardware.memoryMiB;

/** USB ports of the controller that a machine has, its own keyboard and pointer taken off. */
export const freeUsbPorts = (hardware: HardwareSpec): number => (hardware.input === "usb" && hardware.board === "q35" ? 6 : 0);

/** How a machine of this hardware is prepared when it is started now. */
export const growthOf = (hardware: HardwareSpec): Growth => ({
  sockets: hardware.board === "q35" ? SOCKETS : 0,
  maxCpus: maxCpus(hardware),
  maxMemoryMiB: maxMemoryMiB(hardware),
  startCpus: hardware.cpus,
  startMemoryMiB: hardware.memoryMiB,
  usbPorts: freeUsbPorts(hardware),
  grown: [],
});

/** The slot of a disk: its own, or its position in a list from before there were slots. */
export const placeOf = (disks: HardwareSpec["disks"], id: string): number => {
  const at = disks.findIndex((disk) => disk.id === id);
  return disks[at]?.place ?? at;
};

/** Writes down where each disk sits, before one comes or goes: the others must not move. */
export const withPlaces = (disks: HardwareSpec["disks"]): HardwareSpec["disks"] =>
  disks.map((disk) => ({ ...disk, place: placeOf(disks, disk.id) }));

/** The lowest slot that is free in all of these lists. */
export function freePlace(...lists: readonly HardwareSpec["disks"][]): number {
  const taken = new Set(lists.flatMap((disks) => disks.map((disk) => placeOf(disks, disk.id))));
  for (let place = 0; ; place++) if (!taken.has(place)) return place;
}
