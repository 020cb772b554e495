// Hard disks: each layer of the chain is a node with an explicit format on a descriptor, and the node above
// names it in `backing`, so the file name in an overlay's header is never followed (null = there is none).
import type { DiskSpec } from "@mimic/model";
import { needDevice } from "../capabilities.ts";
import { diskKey } from "../files.ts";
import { bootIndexOf } from "./boot.ts";
import { type ArgvContext, type ArgvPart, fdOf, json, part, pciAddress, pciBus, SLOT } from "./part.ts";
import { diskPlaces } from "./places.ts";

export interface Layer {
  readonly format: "qcow2" | "raw";
}

const DEVICE = { virtio: "virtio-blk-pci", scsi: "scsi-hd", sata: "ide-hd", ide: "ide-hd", nvme: "nvme" } as const;
const WORDS = { virtio: "virtio", scsi: "SCSI", sata: "SATA", ide: "IDE", nvme: "NVMe" } as const;

export function diskParts(context: ArgvContext, layersOf: (diskId: string) => readonly Layer[]): ArgvPart[] {
  const places = diskPlaces(context.hardware);
  return context.hardware.disks.map((disk, index) => {
    needDevice(context.capabilities, DEVICE[disk.bus], `${WORDS[disk.bus]} disks`);
    const name = `disk${index}`;
    const layers = layersOf(disk.id);
    const blockdevs = layers.map((layer, depth) => layerArgs(context, disk, name, layer, depth, layers.length)).reverse();
    const under = layers.length > 1 ? ` over ${layers.length - 1} read-only image${layers.length > 2 ? "s" : ""}` : "";
    return part(
      `Disk ${index + 1} (${WORDS[disk.bus]}, ${disk.readOnly ? "read-only" : "its own layer"}${under}), by descriptor: QEMU opens no name. It pauses when this computer's disk is full.`,
      ...blockdevs,
      json("-device", {
        driver: DEVICE[disk.bus],
        id: name,
        drive: name,
        ...where(context, disk, index, places),
        bootindex: bootIndexOf(context.hardware, { kind: "disk", index }),
        serial: disk.id.slice(-20),
        ...(disk.bus === "nvme" ? {} : { werror: "stop", rerror: "stop" }),
      }),
    );
  });
}

const nodeName = (name: string, depth: number): string => (depth === 0 ? name : `${name}-base${depth}`);

function layerArgs(context: ArgvContext, disk: DiskSpec, name: string, layer: Layer, depth: number, count: number): readonly string[] {
  const fd = fdOf(context, diskKey(disk.id, depth));
  const node = nodeName(name, depth);
  const readOnly = depth > 0 || disk.readOnly;
  const backing = layer.format === "qcow2" ? { backing: depth + 1 < count ? nodeName(name, depth + 1) : null } : {};
  return [
    "-add-fd",
    `fd=${fd},set=${fd}`,
    ...json("-blockdev", {
      driver: "file",
      "node-name": `${node}-file`,
      filename: `/dev/fdset/${fd}`,
      "read-only": readOnly,
      "auto-read-only": false,
      discard: "unmap",
    }),
    ...json("-blockdev", {
      driver: layer.format,
      "node-name": node,
      file: `${node}-file`,
      "read-only": readOnly,
      discard: "unmap",
      ...backing,
    }),
  ];
}

function where(
  context: ArgvContext,
  disk: DiskSpec,
  index: number,
  places: ReturnType<typeof diskPlaces>,
): Record<string, string | number> {
  if (disk.bus === "virtio" || disk.bus === "nvme") return { bus: pciBus(context), addr: pciAddress(SLOT.firstDisk + index) };
  if (disk.bus === "scsi") return { bus: "scsi0.0", channel: 0, "scsi-id": index, lun: 0 };
  return places.get(disk.id) ?? {};
}
