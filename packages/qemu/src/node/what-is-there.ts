// After a daemon was ended in the middle of a change, its last note of a running machine may be behind by one step. The
// running QEMU knows: disks and USB devices are looked up by their names in it.
import type { Waiting } from "@mimic/base";
import type { DiskSpec, HardwareSpec } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import { diskName, usbName } from "../argv/index.ts";
import { busOf, deviceIds } from "./hotplug.ts";

/** `noted` = what run.json says that it has; `wanted` = what the record asks for, where a disk just plugged in stands already. */
export async function whatIsThere(monitor: QmpSession, noted: HardwareSpec, wanted: HardwareSpec, options: Waiting): Promise<HardwareSpec> {
  const ids = new Set(await deviceIds(monitor, options));
  const disks: DiskSpec[] = noted.disks.filter((disk) => ids.has(diskName(noted.disks, disk.id)));
  const places = new Set(disks.map((disk) => diskName(noted.disks, disk.id)));
  for (const disk of wanted.disks) {
    const name = `disk${disk.place}`;
    // Without a place of its own it is from the start of the machine, and noted if it was there.
    if (disk.place === undefined || !ids.has(name) || places.has(name) || noted.disks.some(({ id }) => id === disk.id)) continue;
    const bus = await busOf(monitor, name, options);
    disks.push({ ...disk, at: bus?.startsWith("port") ? bus : undefined });
  }
  const usb = [...noted.usb, ...wanted.usb.filter(({ id }) => !noted.usb.some((one) => one.id === id))].filter(({ id }) =>
    ids.has(usbName(id)),
  );
  return { ...noted, disks, usb };
}
