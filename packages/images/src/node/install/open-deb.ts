// Opens a .deb whole: its control files, then its data archive, entry by entry (deb(5)).
import { createReadStream } from "node:fs";
import { type ArMember, readAr } from "../../archive/ar.ts";
import { ByteReader, collect, malformed } from "../../archive/byte-reader.ts";
import { readTar, type TarEntry } from "../../archive/tar.ts";
import type { ControlFile } from "../../install/dpkg-database.ts";
import { type Compression, decompress } from "../decompress.ts";

const COMPRESSION: Readonly<Record<string, Compression>> = { "": "none", ".gz": "gz", ".xz": "xz", ".zst": "zst" };
const MAX_CONTROL_FILE = 8 * 1024 ** 2;

function compressionOf(member: ArMember, archive: "control" | "data"): Compression | undefined {
  const suffix = new RegExp(`^${archive}\\.tar(|\\.gz|\\.xz|\\.zst)$`).exec(member.name)?.[1];
  return suffix === undefined ? undefined : COMPRESSION[suffix];
}

async function readControl(reader: ByteReader): Promise<ControlFile[]> {
  const files: ControlFile[] = [];
  for await (const entry of readTar(reader)) {
    if (entry.kind !== "file" || !/^[a-z0-9-]{1,40}$/.test(entry.path)) continue;
    files.push({ name: entry.path, mode: entry.mode, body: await collect(entry.body, MAX_CONTROL_FILE, "package's control file") });
  }
  return files;
}

/**
 * Calls `onControl` once, then `onEntry` for each entry of the data archive, in order; an entry's body is to be read
 * before it returns. Throws `archive.malformed`.
 */
export async function openDeb(
  path: string,
  hear: { onControl(files: readonly ControlFile[]): void; onEntry(entry: TarEntry): Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  const reader = new ByteReader(createReadStream(path, { signal, highWaterMark: 1_048_576 }), "package");
  let seen = 0;
  try {
    for await (const member of readAr(reader)) {
      const archive = member.name.startsWith("control.") ? "control" : "data";
      const compression = compressionOf(member, archive);
      if (compression === undefined) continue;
      const inner = new ByteReader(decompress(member.body, compression), "package");
      try {
        if (archive === "control") hear.onControl(await readControl(inner));
        else for await (const entry of readTar(inner, { rootFileSystem: true })) await hear.onEntry(entry);
      } finally {
        await inner.close();
      }
      seen++;
    }
  } finally {
    await reader.close();
  }
  if (seen !== 2) throw malformed("package", "it holds no control files or no data");
}
