// Which formats do these bytes look like? All that match are listed, also those that are never accepted:
// bytes that are two things at once are a known way to fool programs that look for one.

import { Fields, type Inspected } from "./types.ts";

export type Container = "qcow2" | "vmdk" | "vdi" | "vpc" | "vhdx";
export type Wrapper = "gz" | "xz" | "zst" | "zip";
/** Contents of a raw disk: they may stand together (a CD that also starts from a USB stick). */
export type RawSign = "iso" | "mbr" | "gpt" | "boot-sector";

export interface Recognised {
  readonly containers: readonly Container[];
  readonly wrappers: readonly Wrapper[];
  readonly raw: readonly RawSign[];
  /** Formats that are known and refused, in words. */
  readonly refused: readonly string[];
  readonly fixedVhd: boolean;
}

const starts = (bytes: Uint8Array, at: number, ...wanted: readonly number[]): boolean => wanted.every((byte, i) => bytes[at + i] === byte);

const REFUSED: readonly { readonly words: string; readonly test: (head: Fields) => boolean }[] = [
  { words: "an old QCOW image (version 1)", test: (head) => starts(head.bytes, 0, 0x51, 0x46, 0x49, 0xfb) && head.u32(4, false) === 1 },
  { words: "a QED image", test: (head) => head.text(0, 4) === "QED\0" },
  { words: "a Parallels image", test: (head) => /^With(outFreeSpace|ouFreSpacExt)/.test(head.text(0, 16)) },
  { words: "a compressed CLOOP image", test: (head) => head.text(0, 40).includes("#V2.0 Format") },
  {
    words: "a Bochs image",
    test: (head) => head.text(0, 27) === "Bochs Virtual HD Image\0\0\0\0\0" || head.text(0, 22) === "Bochs Virtual HD Image",
  },
  { words: "an encrypted LUKS disk", test: (head) => starts(head.bytes, 0, 0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe) },
  { words: "a VMware ESX image (COWD)", test: (head) => head.text(0, 4) === "COWD" || head.text(0, 4) === "SEsparse".slice(0, 4) },
  { words: "a Windows image (WIM)", test: (head) => head.text(0, 5) === "MSWIM" },
  { words: "a bzip2 file", test: (head) => /^BZh[1-9]1AY&SY/.test(head.text(0, 10)) },
  { words: "a 7-Zip file", test: (head) => starts(head.bytes, 0, 0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c) },
  { words: "a RAR file", test: (head) => head.text(0, 6) === "Rar!\x1a\x07" },
  { words: "a tar archive or an OVA appliance", test: (head) => head.text(257, 5) === "ustar" },
  { words: "a SquashFS file system", test: (head) => head.text(0, 4) === "hsqs" },
];

const VMDK_TEXT = /^\s*#\s*Disk DescriptorFile/;

/** Looks at the first 64 KiB, the CD's own places and the last sector. */
export async function recognise(file: Inspected): Promise<Recognised> {
  const head = new Fields(await file.read(0, 65_536));
  const tail = new Fields(await file.read(Math.max(0, file.sizeBytes - 512), 512));
  const containers: Container[] = [];
  if (starts(head.bytes, 0, 0x51, 0x46, 0x49, 0xfb) && head.u32(4, false) !== 1) containers.push("qcow2");
  if (head.text(0, 4) === "KDMV" || VMDK_TEXT.test(head.text(0, 512))) containers.push("vmdk");
  if (head.u32(0x40, true) === 0xbeda107f) containers.push("vdi");
  const vhdHead = head.text(0, 8) === "conectix";
  if (vhdHead || tail.text(0, 8) === "conectix") containers.push("vpc");
  if (head.text(0, 8) === "vhdxfile") containers.push("vhdx");
  const wrappers: Wrapper[] = [];
  if (starts(head.bytes, 0, 0x1f, 0x8b, 8)) wrappers.push("gz");
  if (starts(head.bytes, 0, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)) wrappers.push("xz");
  if (starts(head.bytes, 0, 0x28, 0xb5, 0x2f, 0xfd)) wrappers.push("zst");
  if (starts(head.bytes, 0, 0x50, 0x4b, 3, 4)) wrappers.push("zip");
  const raw: RawSign[] = [];
  if (head.text(32_769, 5) === "CD001") raw.push("iso");
  if (starts(head.bytes, 510, 0x55, 0xaa)) raw.push(hasPartitions(head) ? "mbr" : "boot-sector");
  if (head.text(512, 8) === "EFI PART") raw.push("gpt");
  const refused = REFUSED.filter((format) => format.test(head)).map((format) => format.words);
  if (tail.text(0, 4) === "koly") refused.push("an Apple disk image (DMG)");
  return { containers, wrappers, raw, refused, fixedVhd: containers.includes("vpc") && !vhdHead };
}

/** At least one entry of the partition table is used, and every flag byte is a possible one. */
function hasPartitions(head: Fields): boolean {
  let used = 0;
  for (let at = 446; at < 510; at += 16) {
    const flag = head.bytes[at] ?? 1;
    if (flag !== 0 && flag !== 0x80) return false;
    if ((head.bytes[at + 4] ?? 0) !== 0 && head.u32(at + 12, true) !== 0) used++;
  }
  return used > 0;
}
