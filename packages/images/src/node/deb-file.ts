// Opens a .deb (deb(5)) and reads the files that are wanted out of its data archive, nothing else.
import { createReadStream } from "node:fs";
import { type ArMember, readAr } from "../archive/ar.ts";
import { ByteReader, collect, malformed } from "../archive/byte-reader.ts";
import { readTar, type TarEntry } from "../archive/tar.ts";
import { type Compression, decompress } from "./decompress.ts";

const COMPRESSION: Readonly<Record<string, Compression>> = {
  "data.tar": "none",
  "data.tar.gz": "gz",
  "data.tar.xz": "xz",
  "data.tar.zst": "zst",
};
const MAX_UNPACKED = 4 * 1024 ** 3;

async function* bounded(source: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array, void, void> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit) throw malformed("package", "it unpacks to more than is possible");
    yield chunk;
  }
}

/** The entries of the data archive, in order; bodies as in `readTar`. */
export async function* readDeb(path: string, signal: AbortSignal): AsyncGenerator<TarEntry, void, void> {
  const reader = new ByteReader(createReadStream(path, { signal, highWaterMark: 262_144 }), "package");
  try {
    for await (const member of readAr(reader)) {
      const compression = COMPRESSION[member.name];
      if (!compression) continue;
      const data = new ByteReader(unpack(member, compression), "package");
      try {
        yield* readTar(data);
      } finally {
        await data.close();
      }
      return;
    }
    throw malformed("package", "it holds no data");
  } finally {
    await reader.close();
  }
}

const unpack = (member: ArMember, compression: Compression) => bounded(decompress(member.body, compression), MAX_UNPACKED);

export interface UnpackedFile {
  readonly path: string;
  readonly mode: number;
  readonly body: Uint8Array;
}

export interface Unpacked {
  readonly files: ReadonlyMap<string, UnpackedFile>;
  /** Symbolic links: path → target as written. */
  readonly links: ReadonlyMap<string, string>;
}

/** Files that `wanted` says yes to, in memory; each bounded by `maxBytes`. */
export async function unpackDeb(
  path: string,
  wanted: (path: string) => boolean,
  options: { readonly signal: AbortSignal; readonly maxBytes: number },
): Promise<Unpacked> {
  const files = new Map<string, UnpackedFile>();
  const links = new Map<string, string>();
  for await (const entry of readDeb(path, options.signal)) {
    if (!wanted(entry.path)) continue;
    if (entry.kind === "link") links.set(entry.path, entry.target);
    if (entry.kind === "file")
      files.set(entry.path, { path: entry.path, mode: entry.mode, body: await collect(entry.body, options.maxBytes, entry.path) });
  }
  return { files, links };
}
