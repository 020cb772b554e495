// Decides what a person's file is and whether it may come in. Default: no.
import { formatSize, plain, quoted, type Refusal, refusal } from "@mimic/base";
import type { ImageKind } from "@mimic/model";
import { inspectQcow2 } from "./qcow2.ts";
import { type Container, type Recognised, recognise, type Wrapper } from "./recognise.ts";
import type { DiskImageFormat, Inspected, Verdict } from "./types.ts";
import { inspectVdi } from "./vdi.ts";
import { inspectVhd } from "./vhd.ts";
import { inspectVhdx } from "./vhdx.ts";
import { inspectVmdk } from "./vmdk.ts";

export const FLOPPY_MAX_BYTES = 2_949_120;

/** Grows with our knowledge; kept with each import. */
export const INSPECTOR_VERSION = 1;

export interface Decision {
  readonly kind: Exclude<ImageKind, "boot">;
  readonly format: DiskImageFormat;
  readonly virtualBytes: number;
  readonly notes: readonly string[];
}

export interface Wishes {
  /** As people say it: “qcow2”, “vhd”, “iso”, “img”… */
  readonly format?: string | undefined;
  readonly kind?: ImageKind | undefined;
  readonly maxVirtualBytes: number;
  /** The file's name, for messages. */
  readonly name: string;
}

const INSPECTORS: Readonly<Record<Container, (file: Inspected) => Promise<Verdict>>> = {
  qcow2: inspectQcow2,
  vmdk: inspectVmdk,
  vdi: inspectVdi,
  vpc: inspectVhd,
  vhdx: inspectVhdx,
};

const WORDS: Readonly<Record<string, string>> = {
  vpc: "VHD",
  iso: "a CD (ISO)",
  mbr: "a disk with partitions",
  gpt: "a disk with partitions",
  zip: "a ZIP archive",
};
const inWords = (name: string): string => WORDS[name] ?? name.toUpperCase();

const BY_NAME: Readonly<Record<string, DiskImageFormat>> = {
  qcow2: "qcow2",
  vmdk: "vmdk",
  vdi: "vdi",
  vhd: "vpc",
  vpc: "vpc",
  vhdx: "vhdx",
  raw: "raw",
  img: "raw",
  iso: "raw",
};

const HINTS: Readonly<Record<string, string>> = {
  "image.names_other_file":
    "Ask for the whole disk in one file, or convert it where its other files are: qemu-img convert -O qcow2 DISK whole.qcow2",
  "image.encrypted": "Decrypt it first where its password is known, then import the result.",
  "image.unsupported": "Convert it to qcow2 or raw with the program that made it, then import the result.",
  "image.malformed": "The file is damaged or cut off. Get it again from where it came from.",
};

function tooLarge(wishes: Wishes, virtualBytes: number): Refusal | undefined {
  if (virtualBytes <= wishes.maxVirtualBytes) return undefined;
  const size = Number.isFinite(virtualBytes) ? formatSize(virtualBytes) : "impossibly much";
  return refusal(
    "image.too_large",
    `${quoted(wishes.name)} was not imported: its header says that the disk holds ${size}; at most ${formatSize(wishes.maxVirtualBytes)} is accepted.`,
    "If that is right, make the disk smaller first.",
  );
}

function kindOf(found: Recognised, format: DiskImageFormat, sizeBytes: number, wishes: Wishes): Decision["kind"] {
  if (wishes.kind !== undefined && wishes.kind !== "boot") return wishes.kind;
  if (format !== "raw") return "disk";
  if (wishes.format === "iso" || found.raw.includes("iso")) return "cd";
  return sizeBytes <= FLOPPY_MAX_BYTES ? "floppy" : "disk";
}

const ambiguous = (wishes: Wishes, names: readonly string[]): Refusal =>
  refusal(
    "image.ambiguous",
    `${quoted(wishes.name)} was not imported: its bytes look like several things at once (${names.map(inWords).join(", ")}). That is rare, and often a trap.`,
    `If you know what it is, say so: --format ${names[0] === "vpc" ? "vhd" : (names[0] ?? "raw")}`,
  );

function chooseFormat(found: Recognised, sizeBytes: number, wishes: Wishes): DiskImageFormat | Refusal {
  const wished = wishes.format === undefined ? undefined : BY_NAME[wishes.format.toLowerCase()];
  if (wishes.format !== undefined && wished === undefined)
    return refusal(
      "image.unknown_format",
      `“${plain(wishes.format, 30)}” is no format that Mimic knows.`,
      "Known are: qcow2, raw, img, iso, vmdk, vdi, vhd, vhdx.",
    );
  if (wished !== undefined) {
    if (wished !== "raw" && !found.containers.includes(wished))
      return refusal(
        "image.unknown_format",
        `${quoted(wishes.name)} is not in the format ${inWords(wished)}.`,
        "Leave the format out, and Mimic looks for itself.",
      );
    return wished;
  }
  // A fixed VHD is a raw disk with a note at its end, so a raw disk's signs belong to it.
  const rawNames = found.fixedVhd
    ? found.raw.filter((name) => name === "iso")
    : found.raw.filter((name) => name !== "boot-sector" || found.containers.length === 0);
  const names: string[] = [...found.containers, ...(rawNames[0] === undefined ? [] : [rawNames[0]]), ...found.refused];
  if (names.length > 1) return ambiguous(wishes, names);
  if (found.refused[0] !== undefined)
    return refusal(
      "image.unsupported",
      `${quoted(wishes.name)} was not imported: it is ${found.refused[0]}, which Mimic does not take.`,
      HINTS["image.unsupported"] ?? "",
    );
  if (found.containers[0] !== undefined) return found.containers[0];
  if (found.raw.length > 0 || (sizeBytes <= FLOPPY_MAX_BYTES && isFloppySize(sizeBytes)) || wishes.kind !== undefined) return "raw";
  return refusal(
    "image.unknown_format",
    `${quoted(wishes.name)} was not imported: nothing in it tells that it is a disk, a CD or a floppy.`,
    "If it is a raw disk all the same, say so: --format raw",
  );
}

/** Sizes that floppies come in. */
const isFloppySize = (sizeBytes: number): boolean => [160, 180, 320, 360, 720, 1200, 1440, 1680, 1720, 2880].includes(sizeBytes / 1024);

/** The wrapper around the image, if it is one; a thing that is also something else is refused by `decideImage`. */
export async function findWrapper(file: Inspected): Promise<Wrapper | undefined> {
  const found = await recognise(file);
  return found.containers.length === 0 && found.raw.length === 0 && found.refused.length === 0 ? found.wrappers[0] : undefined;
}

/** Reads only. The bytes must be unwrapped: a wrapper here is one inside another. */
export async function decideImage(file: Inspected, wishes: Wishes): Promise<Decision | Refusal> {
  const found = await recognise(file);
  if (found.wrappers[0] !== undefined && wishes.format === undefined) {
    if (found.containers.length + found.raw.length > 0) return ambiguous(wishes, [...found.containers, ...found.raw, ...found.wrappers]);
    return refusal(
      "image.unsupported",
      `${quoted(wishes.name)} was not imported: it is packed twice.`,
      "Unpack it once, then import the result.",
    );
  }
  const format = chooseFormat(found, file.sizeBytes, wishes);
  if (typeof format !== "string") return format;
  if (format === "raw" && file.sizeBytes < 512)
    return refusal(
      "image.malformed",
      `${quoted(wishes.name)} was not imported: it is too small to be a disk.`,
      HINTS["image.malformed"] ?? "",
    );
  const verdict: Verdict = format === "raw" ? { good: true, virtualBytes: file.sizeBytes, notes: [] } : await INSPECTORS[format](file);
  if (!verdict.good) {
    const { code, part, why } = verdict.objection;
    return refusal(code, `${quoted(wishes.name)} was not imported. The reason is ${part}: ${why}.`, HINTS[code] ?? "");
  }
  const kind = kindOf(found, format, file.sizeBytes, wishes);
  if (kind === "floppy" && verdict.virtualBytes > FLOPPY_MAX_BYTES)
    return refusal(
      "image.too_large",
      `${quoted(wishes.name)} is too large for a floppy (2.88 MB at most).`,
      "Import it as a disk or a CD.",
    );
  return tooLarge(wishes, verdict.virtualBytes) ?? { kind, format, virtualBytes: verdict.virtualBytes, notes: verdict.notes };
}
