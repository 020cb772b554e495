// From a wish to hardware: what the system asks for, what the person asked for, sensible otherwise. Pure.
import { formatSize, gib, type Refusal, refusal } from "@mimic/base";
import {
  type DiskBus,
  type DiskSpec,
  ERAS,
  foreignBoard,
  HardwareSpec,
  type ImageRecord,
  type MediaDrive,
  misfit,
  type Readiness,
  type System,
  usualHardware,
} from "@mimic/model";
import type { CreateWish } from "../workbench.ts";

export interface Composed {
  readonly hardware: HardwareSpec;
  readonly readiness: Readiness;
  /** Disks to make: over an image, or empty. */
  readonly disks: readonly { readonly spec: DiskSpec; readonly from: ImageRecord | undefined }[];
}

const DEFAULT_DISK = gib(20);
const UNKNOWN_READY: Readiness = { sign: { kind: "none" }, withinMs: 300_000 };

export interface ComposeInput {
  readonly wish: CreateWish;
  readonly system: System | undefined;
  readonly image: ImageRecord | undefined;
  newDiskId(): string;
}

export function compose({ wish, system, image, newDiskId }: ComposeInput): Composed | Refusal {
  // A wish that was left out must not wipe out what the system asks for.
  const wished = Object.fromEntries(Object.entries(wish.hardware ?? {}).filter(([, value]) => value !== undefined));
  const era = wish.era && ERAS[wish.era];
  const architecture = wish.hardware?.architecture ?? era?.hardware.architecture ?? system?.architecture ?? "x86_64";
  // A computer of its time has as much memory as its system needs: later ones took more.
  const ofItsTime = era && { ...era.hardware, memoryMiB: Math.max(era.hardware.memoryMiB ?? 0, system?.minimum.memoryMiB ?? 0) };
  const base = HardwareSpec.parse({ ...usualHardware(architecture), ...system?.hardware, architecture, ...ofItsTime, ...wished });
  const short = tooLittle(system, base);
  if (short) return short;
  if (wish.kernelWords !== undefined && image?.kind !== "boot" && system?.source.way !== "assemble")
    return refusal(
      "machine.no_kernel",
      "Words for a kernel were given, but nothing that is started is a kernel of its own.",
      "Bring one: mimic image import FILE --kernel. A system on a disk or CD has its own words for its kernel.",
    );
  const bus: DiskBus =
    (era ? "ide" : system?.disk?.bus) ?? foreignBoard(base)?.diskBuses[0] ?? (base.board === "i440fx" ? "ide" : system ? "virtio" : "sata");
  const disks: { spec: DiskSpec; from: ImageRecord | undefined }[] = [];
  const drives: MediaDrive[] = [...base.drives];
  let directBoot = base.directBoot;

  if (image?.kind === "disk") {
    const sizeBytes = Math.max(image.virtualBytes, wish.diskBytes ?? era?.diskBytes ?? system?.disk?.sizeBytes ?? 0);
    if (wish.diskBytes !== undefined && wish.diskBytes < image.virtualBytes) {
      return refusal(
        "disk.too_small",
        `The image needs a disk of ${formatSize(image.virtualBytes)}; ${formatSize(wish.diskBytes)} was asked for.`,
        "Ask for at least as much.",
      );
    }
    disks.push({
      spec: { id: newDiskId(), bus, format: "qcow2", sizeBytes, base: wish.fullCopy ? undefined : image.digest, readOnly: false },
      from: image,
    });
  } else if (image?.kind === "cd" || image?.kind === "floppy") {
    const medium = { from: "image" as const, digest: image.digest };
    const there = drives.findIndex((drive) => drive.kind === image.kind);
    if (there >= 0) drives[there] = { ...(drives[there] as MediaDrive), medium };
    else drives.push({ slot: `${image.kind}0`, kind: image.kind, medium });
  } else if (image?.kind === "boot") {
    const has = (name: string) => image.parts.some((part) => part.name === name);
    directBoot = {
      image: image.digest,
      kernel: "kernel",
      initrd: has("initrd") ? "initrd" : undefined,
      commandLine: wish.kernelWords ?? commandLineOf(system),
    };
  }
  const needsDisk =
    image?.kind !== "disk" && (wish.diskBytes !== undefined || system?.disk !== undefined || (!system && image?.kind !== "boot"));
  if (needsDisk)
    disks.push({
      spec: {
        id: newDiskId(),
        bus,
        format: "qcow2",
        sizeBytes: wish.diskBytes ?? era?.diskBytes ?? system?.disk?.sizeBytes ?? DEFAULT_DISK,
        readOnly: false,
      },
      from: undefined,
    });
  for (const more of wish.moreDisks ?? [])
    disks.push({
      spec: { id: newDiskId(), bus: more.bus ?? bus, format: "qcow2", sizeBytes: more.sizeBytes, readOnly: false },
      from: undefined,
    });

  if (system?.seed === "nocloud") drives.push({ slot: freeSlot(drives, "cd"), kind: "cd", medium: { from: "own" } });
  // A drive to put something into, as every PC has one.
  if (!era && !drives.some((drive) => drive.kind === "cd")) drives.push({ slot: "cd0", kind: "cd", medium: null });
  const bootOrder =
    image?.kind === "cd"
      ? (["cd", "disk", "floppy"] as const)
      : image?.kind === "floppy"
        ? (["floppy", "disk", "cd"] as const)
        : base.bootOrder;

  const hardware = HardwareSpec.parse({
    ...base,
    disks: disks.map((disk) => disk.spec),
    drives,
    directBoot,
    bootOrder: [...bootOrder],
  });
  const why = misfit(hardware);
  if (why !== undefined) return refusal("hardware.misfit", why, "Leave that part out: each board brings what fits it.");
  return {
    hardware,
    readiness: system?.readiness ?? UNKNOWN_READY,
    disks,
  };
}

function tooLittle(system: System | undefined, hardware: HardwareSpec): Refusal | undefined {
  if (!system || hardware.memoryMiB >= system.minimum.memoryMiB) return undefined;
  return refusal(
    "machine.too_little_memory",
    `${system.name} does not work with less than ${system.minimum.memoryMiB} MiB of memory; ${hardware.memoryMiB} MiB was asked for.`,
    `Give it ${system.minimum.memoryMiB} MiB or more.`,
  );
}

function commandLineOf(system: System | undefined): string {
  return system?.source.way === "assemble" ? (system.source.options.commandLine ?? "") : "";
}

export function freeSlot(drives: readonly MediaDrive[], kind: "cd" | "floppy"): string {
  for (let n = 0; ; n++) if (!drives.some((drive) => drive.slot === `${kind}${n}`)) return `${kind}${n}`;
}
