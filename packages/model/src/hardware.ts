// The computer a machine pretends to be, as a person would list its parts.
// Every field has a default: `HardwareSpec.parse({})` is a sensible PC of today.
import { formatSize, mib } from "@mimic/base";
import { z } from "zod";
import { NicSpec } from "./network/nic.ts";
import { StorageId } from "./storage.ts";

/** Processors that QEMU can stand in for; what each is good for stands in architectures.ts. */
export const Architecture = z.enum([
  "x86_64",
  "i386",
  "aarch64",
  "arm",
  "riscv64",
  "ppc64le",
  "ppc",
  "s390x",
  "mips",
  "mipsel",
  "mips64el",
  "m68k",
  "sparc",
  "loongarch64",
]);
export type Architecture = z.infer<typeof Architecture>;

/** q35 = a PC of the last fifteen years (PCI Express); i440fx = a PC of the nineties (ISA and PCI); the others are no PCs. */
export const Board = z.enum(["q35", "i440fx", "virt", "pseries", "mac99", "g3beige", "s390-ccw", "malta", "ss5"]);
export type Board = z.infer<typeof Board>;

export const Firmware = z.enum(["bios", "uefi"]);
export const DiskBus = z.enum(["virtio", "sata", "ide", "scsi", "nvme", "usb"]);
export type DiskBus = z.infer<typeof DiskBus>;
export const DiskFormat = z.enum(["qcow2", "raw"]);
export type DiskFormat = z.infer<typeof DiskFormat>;
export const DisplayAdapter = z.enum(["vga", "virtio", "cirrus", "none"]);
/** speaker = the beeper that every PC has, and nothing else. */
export const SoundCard = z.enum(["none", "hda", "ac97", "sb16", "speaker"]);

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const SlotName = z.string().regex(/^[a-z][a-z0-9]{0,15}$/);

/** At most this much, reading and writing together; 0 = no limit. */
export const DiskLimits = z.strictObject({
  bytesPerSecond: z
    .int()
    .min(0)
    .max(2 ** 40)
    .default(0),
  operationsPerSecond: z.int().min(0).max(10_000_000).default(0),
});
export type DiskLimits = z.infer<typeof DiskLimits>;
/** A frozen layer of disks: `layers/<id>.<format>` in the data directory or in a storage, shared by whoever stands on it. */
export const LayerId = z.string().regex(/^lay_[0-9a-z]{26}$/);
export const LayerRef = z.strictObject({ id: LayerId, format: DiskFormat, storage: StorageId.optional() });
export type LayerRef = z.infer<typeof LayerRef>;

/** A hard disk. Its file is `disks/<id>.<format>` in the machine's folder; `base` is the image under it. */
export const DiskSpec = z.strictObject({
  id: z.string().regex(/^dsk_[0-9a-z]{26}$/),
  bus: DiskBus,
  format: DiskFormat.default("qcow2"),
  sizeBytes: z
    .int()
    .min(512)
    .max(2 ** 50),
  /** The immutable image that this disk is a layer over; absent for a full copy or an empty disk. */
  base: Sha256.optional(),
  readOnly: z.boolean().default(false),
  limits: DiskLimits.optional(),
  /** Its slot, for ever the same, so that the guest finds it where it was; absent = its position in the list. */
  place: z.int().min(0).max(31).optional(),
  /** Only of what runs: the socket (“port2”) that it was plugged into while the machine ran. */
  at: z
    .string()
    .regex(/^port\d{1,2}$/)
    .optional(),
  /** Its own file's name, once a layer was laid over the first: `disks/<head>.<format>`. */
  head: LayerId.optional(),
  /** Where its own file lies; absent = in the data directory. */
  storage: StorageId.optional(),
  /** Frozen layers between its own file and `base`, top to bottom. */
  layers: z.array(LayerRef).max(64).optional(),
  /** Of a machine that begins anew: this disk does not. “home” = its system puts it where people keep what is theirs. */
  keeps: z.enum(["disk", "home"]).optional(),
});
export type DiskSpec = z.infer<typeof DiskSpec>;

/** The same disk for another machine: its own file is a new one, in the data directory. */
export const withoutFile = (disk: DiskSpec): DiskSpec => ({ ...disk, head: undefined, storage: undefined });

/** A drive whose medium can be changed: CD or floppy. `image` is what is in it, null = empty. */
export const MediaDrive = z.strictObject({
  slot: SlotName, // cd0, cd1, floppy0
  kind: z.enum(["cd", "floppy"]),
  /** Images made for this machine alone (a cloud-init seed) live in its folder as `media/<slot>.img`. */
  medium: z
    .discriminatedUnion("from", [z.strictObject({ from: z.literal("image"), digest: Sha256 }), z.strictObject({ from: z.literal("own") })])
    .nullable()
    .default(null),
});
export type MediaDrive = z.infer<typeof MediaDrive>;

/** Something on a USB cable beside the machine's own keyboard and pointer. USB disks stand among the disks. */
export const UsbDevice = z.strictObject({
  id: z.string().regex(/^usb_[0-9a-z]{26}$/),
  kind: z.enum(["tablet", "keyboard", "mouse"]),
});
export type UsbDevice = z.infer<typeof UsbDevice>;

/** Kernel and initrd loaded by QEMU itself, from members of an image in the store (`parts`). */
export const DirectBoot = z.strictObject({
  image: Sha256,
  kernel: z.string().max(100),
  initrd: z.string().max(100).optional(),
  commandLine: z.string().max(2000).default(""),
});

export const ClockSpec = z.strictObject({
  /** "utc" for most systems, "local" for DOS and Windows. */
  base: z.enum(["utc", "local"]).default("utc"),
  /** A fixed date at each power-on, ISO 8601 without zone (QEMU `-rtc base=`). */
  startAt: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
    .optional(),
  /** Seconds added to this computer's time at each power-on. */
  offsetSeconds: z.int().min(-4e9).max(4e9).default(0),
});

export const HardwareSpec = z.strictObject({
  architecture: Architecture.default("x86_64"),
  board: Board.default("q35"),
  /** QEMU's versioned machine type, written at the first start so that an upgrade changes nothing under a guest. */
  machineType: z
    .string()
    .regex(/^[a-z0-9.-]{1,40}$/)
    .optional(),
  firmware: Firmware.default("bios"),
  secureBoot: z.boolean().default(false),
  tpm: z.boolean().default(false),
  /** QEMU's `-cpu` model, or one that is chosen for this computer (AUTOMATIC_CPU_MODELS). */
  cpuModel: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,40}$/)
    .default("quick"),
  cpus: z.int().min(1).max(64).default(1),
  memoryMiB: z.int().min(1).max(1_048_576).default(1024),
  disks: z.array(DiskSpec).max(16).default([]),
  drives: z.array(MediaDrive).max(4).default([]),
  nics: z.array(NicSpec).max(8).default([]),
  usb: z.array(UsbDevice).max(5).default([]),
  /** At most this much of this computer's processors: 100 = one whole core; 0 = no limit. */
  cpuLimitPercent: z.int().min(0).max(12_800).default(0),
  display: DisplayAdapter.default("vga"),
  /** What its pretended monitor prefers. */
  displaySize: z
    .strictObject({ width: z.int().min(320).max(8192), height: z.int().min(200).max(8192) })
    .default({ width: 1280, height: 800 }),
  sound: SoundCard.default("none"),
  /** "usb" tablet and keyboard follow the pointer exactly; "ps2" is what old systems know. */
  input: z.enum(["usb", "ps2"]).default("usb"),
  serialPorts: z.int().min(0).max(2).default(1),
  /** The channel for the guest agent; false = no such device in the machine. */
  agent: z.boolean().default(true),
  clock: ClockSpec.prefault({}),
  bootOrder: z
    .array(z.enum(["disk", "cd", "floppy", "network"]))
    .max(4)
    .default(["disk", "cd", "floppy"]),
  directBoot: DirectBoot.optional(),
});
export type HardwareSpec = z.infer<typeof HardwareSpec>;

export const emptyHardware = (): HardwareSpec => HardwareSpec.parse({});

/** “2 cores, 2 GiB memory, 20 GiB disk”: the machine in one sentence. */
export function hardwareInWords(hardware: HardwareSpec): string {
  const parts = [`${hardware.cpus} ${hardware.cpus === 1 ? "core" : "cores"}`, `${formatSize(mib(hardware.memoryMiB))} memory`];
  for (const disk of hardware.disks) parts.push(`${formatSize(disk.sizeBytes)} disk`);
  if (hardware.disks.length === 0) parts.push("no disk");
  return parts.join(", ");
}
