// Takes an image out of its wrapping (gz, xz, zst, zip), in our own quarantine, bounded while it unfolds.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { type LongWork, MimicError, plain } from "@mimic/base";
import { malformed } from "../archive/byte-reader.ts";
import { chooseMember, readZip, type ZipEntry } from "../archive/zip.ts";
import type { Wrapper } from "../inspect/recognise.ts";
import { decompress } from "./decompress.ts";
import { openInspected, writeNew } from "./quarantine.ts";

export interface UnwrapPlan {
  readonly from: string;
  readonly to: string;
  readonly wrapper: Wrapper;
  /** The wanted member of a zip. */
  readonly member?: string | undefined;
  readonly maxBytes: number;
}

async function* counted(source: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

export async function* unpackEntry(
  path: string,
  entry: ZipEntry,
  count: (bytes: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const end = entry.dataAt + entry.packedBytes - 1;
  const packed = entry.packedBytes === 0 ? [] : createReadStream(path, { start: entry.dataAt, end, signal });
  let source: AsyncIterable<Uint8Array> = counted(packed as AsyncIterable<Uint8Array>, count);
  if (entry.method === "deflated") {
    const inflate = createInflateRaw();
    pipeline(source, inflate, () => {});
    source = inflate as AsyncIterable<Uint8Array>;
  }
  let size = 0;
  let sum = 0;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > entry.sizeBytes) break;
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw malformed("ZIP archive", error instanceof Error ? "its contents are damaged" : String(error));
  }
  if (size !== entry.sizeBytes || sum !== entry.crc32) throw malformed("ZIP archive", "an entry is not what its directory says");
}

async function openMember(plan: UnwrapPlan): Promise<ZipEntry> {
  await using file = await openInspected(plan.from);
  const entries = await readZip(file);
  const entry = chooseMember(entries, plan.member);
  if (entry) return entry;
  const names = entries.slice(0, 8).map((one) => plain(one.name, 40));
  throw new MimicError("image.archive_unclear", "The ZIP archive does not hold exactly one image.", {
    hint: "Unpack it and import the file that you want.",
    detail: `it holds: ${names.join(", ")}`,
  });
}

/** Throws `archive.malformed`, `image.bomb`, `image.too_large`, `image.archive_unclear`. */
export async function unwrap(plan: UnwrapPlan, work: LongWork): Promise<void> {
  let packed = 0;
  const count = (bytes: number): void => {
    packed += bytes;
  };
  const source =
    plan.wrapper === "zip"
      ? unpackEntry(plan.from, await openMember(plan), count, work.signal)
      : decompress(counted(createReadStream(plan.from, { signal: work.signal }) as AsyncIterable<Uint8Array>, count), plan.wrapper);
  await writeNew(plan.to, source, { maxBytes: plan.maxBytes, packedSoFar: () => packed }, { ...work, words: "Unpacking" });
}
