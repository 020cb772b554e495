// Hard disks: each layer of the chain is a node with an explicit format on a descriptor, and the node above
// names it in `backing`, so the file name in an overlay's header is never followed (null = there is none).
// The same nodes and devices are what is plugged in while a machine runs (QMP takes the same JSON).
import { type DiskLimits, type DiskSpec, type HardwareSpec, placeOf } from "@mimic/model";
import { needDevice } from "../capabilities.ts";
import { diskKey, keyKey } from "../files.ts";
import { bootIndexOf } from "./boot.ts";
import { type ArgvContext, type ArgvPart, fdOf, type JsonOptions, json, part, pciAddress, pciBus, SLOT } from "./part.ts";
import { type AtaPlace, diskPlaces } from "./places.ts";

export interface Layer {
  readonly format: "qcow2" | "raw";
}
type Node = JsonOptions & { readonly driver: string; readonly "node-name": string };

const DEVICE = {
  virtio: "virtio-blk-pci",
  scsi: "scsi-hd",
  sata: "ide-hd",
  ide: "ide-hd",
  nvme: "nvme",
  usb: "usb-storage",
} as const satisfies Record<DiskSpec["bus"], string>;
const WORDS = { virtio: "virtio", scsi: "SCSI", sata: "SATA", ide: "IDE", nvme: "NVMe", usb: "USB" } as const;

/** QEMU's name for a disk of this machine, and for the node of its own layer. */
export const diskName = (disks: HardwareSpec["disks"], id: string): string => `disk${placeOf(disks, id)}`;
export const limitGroup = (name: string): string => `${name}-limits`;
export const limitNode = (name: string): string => `${name}-limit`;

export function diskParts(context: ArgvContext, layersOf: (diskId: string) => readonly Layer[]): ArgvPart[] {
  const { disks } = context.hardware;
  const places = diskPlaces(context.hardware);
  return disks.map((disk, index) => {
    needDevice(context.capabilities, DEVICE[disk.bus], `${WORDS[disk.bus]} disks`);
    const name = diskName(disks, disk.id);
    const layers = layersOf(disk.id);
    const blockdevs = layers.map((layer, depth) => layerArgs(context, disk, name, layer, depth, layers.length)).reverse();
    const under = layers.length > 1 ? ` over ${layers.length - 1} read-only image${layers.length > 2 ? "s" : ""}` : "";
    return part(
      `Disk ${index + 1} (${WORDS[disk.bus]}, ${disk.readOnly ? "read-only" : "its own layer"}${under}), by descriptor: QEMU opens no name. It pauses when this computer's disk is full.`,
      ...blockdevs,
      ...limitArgs(disk, name),
      json(
        "-device",
        diskDevice(disk, name, disk.limits ? limitNode(name) : name, {
          ...where(context, disk, placeOf(disks, disk.id), places),
          bootindex: bootIndexOf(context.hardware, { kind: "disk", index }),
        }),
      ),
    );
  });
}

export const limitArgs = (disk: DiskSpec, name: string): readonly (readonly string[])[] =>
  disk.limits ? [json("-object", limitObject(name, disk.limits)), json("-blockdev", limitBlockdev(name))] : [];

/** The device at its place. A full or failing disk of this computer pauses the machine instead of hurting the guest. */
export const diskDevice = (disk: DiskSpec, name: string, drive: string, at: Readonly<Record<string, string | number | undefined>>) => ({
  driver: DEVICE[disk.bus],
  id: name,
  drive,
  ...at,
  serial: disk.id.slice(-20),
  ...(disk.bus === "nvme" ? {} : { werror: "stop", rerror: "stop" }),
});

/** Throttling (docs/throttle.txt of QEMU): a filter node above the disk's own layer, in a group of its own. */
export const limitBlockdev = (name: string): Node => ({
  driver: "throttle",
  "node-name": limitNode(name),
  "throttle-group": limitGroup(name),
  file: name,
});
export const limitObject = (name: string, limits: DiskLimits) => ({
  "qom-type": "throttle-group",
  id: limitGroup(name),
  limits: throttleLimits(limits),
});
export const throttleLimits = ({ bytesPerSecond, operationsPerSecond }: DiskLimits) => ({
  "bps-total": bytesPerSecond,
  "iops-total": operationsPerSecond,
});

/** Name of the node of one layer: 0 is the disk's own. */
export const nodeName = (name: string, depth: number): string => (depth === 0 ? name : `${name}-base${depth}`);

/** File and format node of one layer, for the descriptor set that holds its file. */
export function layerNodes(
  name: string,
  layer: Layer,
  {
    depth,
    count,
    readOnly,
    set,
    key,
  }: {
    readonly depth: number;
    readonly count: number;
    readonly readOnly: boolean;
    readonly set: number;
    /** Encrypted: the name of the secret object that opens it. */
    readonly key?: string | undefined;
  },
): readonly [Node, Node] {
  const node = nodeName(name, depth);
  const backing = layer.format === "qcow2" ? { backing: depth + 1 < count ? nodeName(name, depth + 1) : null } : {};
  return [
    {
      driver: "file",
      "node-name": `${node}-file`,
      filename: `/dev/fdset/${set}`,
      "read-only": readOnly,
      "auto-read-only": false,
      discard: "unmap",
    },
    {
      driver: layer.format,
      "node-name": node,
      file: `${node}-file`,
      "read-only": readOnly,
      discard: "unmap",
      ...(key === undefined ? {} : { encrypt: { format: "luks", "key-secret": key } }),
      ...backing,
    },
  ];
}

export function layerArgs(
  context: ArgvContext,
  disk: DiskSpec,
  name: string,
  layer: Layer,
  depth: number,
  count: number,
): readonly string[] {
  const fd = fdOf(context, diskKey(disk.id, depth));
  const isLocked = depth === 0 && context.encrypted?.has(disk.id) === true;
  const key = isLocked ? `${name}-key` : undefined;
  const nodes = layerNodes(name, layer, { depth, count, readOnly: depth > 0 || disk.readOnly, set: fd, key });
  const secret = key && { "qom-type": "secret", id: key, file: `/proc/self/fd/${fdOf(context, keyKey(disk.id))}` };
  return [...(secret ? json("-object", secret) : []), "-add-fd", `fd=${fd},set=${fd}`, ...nodes.flatMap((node) => json("-blockdev", node))];
}

function where(
  context: ArgvContext,
  disk: DiskSpec,
  place: number,
  places: ReadonlyMap<string, AtaPlace>,
): Record<string, string | number> {
  // Of a machine that goes on from where it was saved: the socket that it was plugged into.
  if (disk.at !== undefined) return { bus: disk.at };
  if (disk.bus === "virtio" || disk.bus === "nvme") return { bus: pciBus(context), addr: pciAddress(SLOT.firstDisk + place) };
  if (disk.bus === "scsi") return scsiPlace(place);
  if (disk.bus === "usb") return { bus: "usb0.0" };
  return { ...places.get(disk.id) };
}

export const scsiPlace = (place: number) => ({ bus: "scsi0.0", channel: 0, "scsi-id": place, lun: 0 });
