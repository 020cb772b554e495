// Reads the list of a ZIP archive (APPNOTE.TXT). Names in it are data, never paths. The central directory and the
// local headers must agree, nothing may be encrypted, nothing may overlap; ZIP64 and split archives are not accepted.
import type { Inspected } from "../inspect/types.ts";
import { Fields } from "../inspect/types.ts";
import { malformed } from "./byte-reader.ts";

export interface ZipEntry {
  readonly name: string;
  readonly method: "stored" | "deflated";
  readonly crc32: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  /** Where its packed bytes begin. */
  readonly dataAt: number;
}

const MAX_ENTRIES = 10_000;
const MAX_DIRECTORY = 4 * 1024 ** 2;
const wrong = (why: string) => malformed("ZIP archive", why);

async function findEnd({ read, sizeBytes }: Inspected): Promise<{ count: number; size: number; at: number }> {
  const from = Math.max(0, sizeBytes - 65_557);
  const tail = new Fields(await read(from, 65_557));
  for (let at = tail.bytes.length - 22; at >= 0; at--) {
    if (tail.u32(at, true) !== 0x06054b50 || at + 22 + tail.u16(at + 20, true) !== tail.bytes.length) continue;
    const [disk, first, here, count] = [tail.u16(at + 4, true), tail.u16(at + 6, true), tail.u16(at + 8, true), tail.u16(at + 10, true)];
    const [size, start] = [tail.u32(at + 12, true), tail.u32(at + 16, true)];
    if (disk !== 0 || first !== 0 || here !== count) throw wrong("it is one of several parts");
    if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) throw wrong("it is of the ZIP64 kind, which is not accepted");
    if (count > MAX_ENTRIES || size > MAX_DIRECTORY || start + size > from + at) throw wrong("its directory is impossible");
    return { count, size, at: start };
  }
  throw wrong("its directory was not found");
}

/** All entries (folders left out). Throws `archive.malformed`. */
export async function readZip(file: Inspected): Promise<ZipEntry[]> {
  const end = await findEnd(file);
  const directory = new Fields(await file.read(end.at, end.size));
  const entries: ZipEntry[] = [];
  const used: { from: number; to: number }[] = [];
  let at = 0;
  for (let i = 0; i < end.count; i++) {
    if (directory.u32(at, true) !== 0x02014b50) throw wrong("its directory is damaged");
    const [flags, method] = [directory.u16(at + 8, true), directory.u16(at + 10, true)];
    const [crc32, packedBytes, sizeBytes] = [directory.u32(at + 16, true), directory.u32(at + 20, true), directory.u32(at + 24, true)];
    const [nameLength, extraLength, commentLength] = [
      directory.u16(at + 28, true),
      directory.u16(at + 30, true),
      directory.u16(at + 32, true),
    ];
    const localAt = directory.u32(at + 42, true);
    const bytes = directory.text(at + 46, nameLength);
    const name = flags & 0x800 ? new TextDecoder().decode(directory.bytes.subarray(at + 46, at + 46 + nameLength)) : bytes;
    at += 46 + nameLength + extraLength + commentLength;
    if (flags & 1) throw wrong("it is encrypted");
    const local = new Fields(await file.read(localAt, 30 + nameLength));
    if (
      local.u32(0, true) !== 0x04034b50 ||
      local.u16(8, true) !== method ||
      local.u16(26, true) !== nameLength ||
      local.text(30, nameLength) !== bytes
    )
      throw wrong("its directory and its contents do not agree");
    const streamed = (local.u16(6, true) & 8) !== 0;
    if (!streamed && (local.u32(18, true) !== packedBytes || local.u32(22, true) !== sizeBytes || local.u32(14, true) !== crc32))
      throw wrong("its directory and its contents do not agree");
    const dataAt = localAt + 30 + nameLength + local.u16(28, true);
    if (dataAt + packedBytes > end.at) throw wrong("an entry lies outside of it");
    used.push({ from: localAt, to: dataAt + packedBytes });
    if (name.endsWith("/")) continue;
    if (method !== 0 && method !== 8) throw wrong("an entry is packed in a way that is not accepted");
    if (method === 0 && packedBytes !== sizeBytes) throw wrong("an entry's sizes do not agree");
    entries.push({ name, method: method === 0 ? "stored" : "deflated", crc32, packedBytes, sizeBytes, dataAt });
  }
  used.sort((a, b) => a.from - b.from);
  if (used.some((one, i) => i > 0 && one.from < (used[i - 1]?.to ?? 0))) throw wrong("entries lie over each other");
  return entries;
}

const IMAGE_NAME = /\.(iso|img|ima|vfd|flp|raw|qcow2|vmdk|vdi|vhdx?|bin|dsk)$/i;

/** The member that is meant: the named one, or the only one, or the only one whose name looks like an image. */
export function chooseMember(entries: readonly ZipEntry[], wanted: string | undefined): ZipEntry | undefined {
  if (wanted !== undefined) return entries.find((entry) => entry.name === wanted);
  if (entries.length === 1) return entries[0];
  const images = entries.filter((entry) => IMAGE_NAME.test(entry.name));
  return images.length === 1 ? images[0] : undefined;
}
