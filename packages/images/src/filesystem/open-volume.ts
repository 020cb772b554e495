// Which file system is in a part of a disk. What cannot be read is at least named, so that a person knows why.
import { openExt } from "./ext/ext-volume.ts";
import { openFat } from "./fat-volume.ts";
import { type Source, viewOf } from "./source.ts";
import type { Volume } from "./volume.ts";

export type Opened = { readonly volume: Volume } | { readonly system: string; readonly why: string };

/** Where the mark is, what it reads there, and whose it is. */
const MARKS: readonly (readonly [at: number, mark: string, system: string])[] = [
  [0, "XFSB", "XFS"],
  [3, "NTFS    ", "NTFS"],
  [3, "EXFAT   ", "exFAT"],
  [0, "LUKS\u00ba\u00be", "encrypted (LUKS)"],
  [512, "LABELONE", "a part of a volume group (LVM)"],
  [0x10040, "_BHRfS_M", "btrfs"],
  [4086, "SWAPSPACE2", "swap"],
  [0x8001, "CD001", "ISO 9660"],
  [0, "hsqs", "SquashFS"],
];

export async function openVolume(source: Source): Promise<Opened> {
  for (const [at, mark, system] of MARKS)
    if (at + mark.length <= source.sizeBytes && latin(await source.read(at, mark.length)) === mark)
      return { system, why: "Mimic reads ext2, ext3, ext4 and FAT" };
  const ext = await openExt(source);
  if (!("kind" in ext)) return { volume: ext };
  if (ext.kind === "unreadable") return { system: "ext4", why: ext.why };
  const fat = await openFat(source);
  if (fat) return { volume: fat };
  return (await isEmpty(source))
    ? { system: "nothing", why: "there is no file system" }
    : { system: "unknown", why: "its file system is not known" };
}

const latin = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

async function isEmpty(source: Source): Promise<boolean> {
  const bytes = await source.read(0, 4096);
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length; at += 4) if (view.getUint32(at) !== 0) return false;
  return true;
}
