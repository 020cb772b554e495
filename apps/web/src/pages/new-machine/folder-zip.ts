// A person's folder as one zip that the page makes itself: nothing is compressed, and the files stay where they are until they
// are sent, so a large folder takes no memory. (APPNOTE.TXT; the daemon takes it apart as it does any stranger's.)
import { ApiError } from "@mimic/api/client";
import { FILES_AS_DISK } from "@mimic/model";

export interface FolderFile {
  /** Below the folder, with slashes. */
  readonly path: string;
  readonly bytes: Blob;
}

/** What a browser tells of a chosen folder. Each path begins with the folder's own name, which is no part of the disk. */
export function filesOfFolder(files: Iterable<File>): { folder: string; files: FolderFile[] } {
  const all = [...files];
  const folder = all[0]?.webkitRelativePath.split("/")[0] ?? "";
  return { folder, files: all.map((file) => ({ path: file.webkitRelativePath.slice(folder.length + 1) || file.name, bytes: file })) };
}

/** Why these files do not become a disk; undefined = they do. Pure. */
export function whyNoDisk(files: readonly FolderFile[]): string | undefined {
  const { maxFiles, maxDepth, maxBytes } = FILES_AS_DISK;
  if (files.length === 0) return "There is no file in this folder. Choose another one.";
  if (files.length > maxFiles) return `There are more than ${maxFiles} files in it. Choose a part of it, or make several images.`;
  if (files.some(({ path }) => path.split("/").length > maxDepth)) return "Its folders are too deep in each other for such a disk.";
  if (files.reduce((sum, { bytes }) => sum + bytes.size, 0) > maxBytes)
    return "Its files are larger than a disk of that time (about 480 MiB). Take some out, or make two images.";
  return undefined;
}

/** Throws ApiError when a file cannot be read (it was moved, or changed meanwhile). Aborting ends it. */
export async function zipOf(files: readonly FolderFile[], signal: AbortSignal): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let [at, directoryBytes] = [0, 0];
  for (const { path, bytes } of files) {
    const name = new TextEncoder().encode(path);
    const facts = factsOf(name.length, await checksum(path, bytes, signal), bytes.size);
    parts.push(bytesOf([0x50, 0x4b, 3, 4], facts), name, bytes);
    directory.push(bytesOf([0x50, 0x4b, 1, 2, 20, 0], facts, u16(0), u16(0), u16(0), u32(0), u32(at)), name);
    at += 30 + name.length + bytes.size;
    directoryBytes += 46 + name.length;
  }
  const count = u16(files.length);
  const end = bytesOf([0x50, 0x4b, 5, 6], u16(0), u16(0), count, count, u32(directoryBytes), u32(at), u16(0));
  return new Blob([...parts, ...directory, end]);
}

const u16 = (value: number): number[] => [value & 0xff, value >>> 8];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
const bytesOf = (...fields: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> => new Uint8Array(fields.flat());

/** What the file's own header and the directory say alike: names in UTF-8, stored, the first day of 1980, no extra field. */
const factsOf = (nameBytes: number, crc: number, size: number): number[] =>
  [u16(20), u16(0x800), u16(0), u16(0), u16(0x21), u32(crc), u32(size), u32(size), u16(nameBytes), u16(0)].flat();

async function checksum(path: string, bytes: Blob, signal: AbortSignal): Promise<number> {
  let crc = 0xffffffff;
  try {
    const reader = bytes.stream().getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      signal.throwIfAborted();
      for (const byte of piece.value) crc = (CRC[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
    }
  } catch {
    const cancelled = signal.aborted;
    throw new ApiError(0, {
      code: cancelled ? "browser.upload_cancelled" : "browser.file_unreadable",
      message: cancelled ? "Sending the folder was cancelled." : `“${path}” cannot be read.`,
      hint: cancelled
        ? "Nothing was kept. Choose the folder again to start over."
        : "It may have been moved or changed. Choose the folder again.",
    });
  }
  return ~crc >>> 0;
}

const CRC = Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});
