// Files of a quarantine folder: made anew and never followed, written while their digest is taken,
// with a cap on size and on how much something unpacks to.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, statfs } from "node:fs/promises";
import { formatSize, type LongWork, MimicError } from "@mimic/base";
import type { Inspected } from "../inspect/types.ts";

const BLOCK = 65_536;
const RATIO = 1000;
const RATIO_FROM = 64 * 1024 ** 2;
/** Kept free on the file system, whatever comes in. */
const RESERVE = 256 * 1024 ** 2;

export interface Caps {
  readonly maxBytes: number;
  /** Of packed data: how much went in so far. Undefined = not packed. */
  readonly packedSoFar?: (() => number) | undefined;
}

const bomb = (): MimicError =>
  new MimicError("image.bomb", "The file unpacks to more than a thousand times its size: that is a trap, not a disk.", {
    hint: "Get the image from another place.",
  });

export const fileTooLarge = (maxBytes: number): MimicError =>
  new MimicError("image.too_large", `The image is larger than ${formatSize(maxBytes)}, the most that is accepted.`, {
    hint: "If that is right, make the disk smaller first.",
  });

export const tooLittleSpace = (): MimicError =>
  new MimicError("disk.full", "There is too little free space on this computer's disk to bring in the image.", {
    hint: "Free some space, or move Mimic's data elsewhere, and try again.",
  });

async function checkSpace(path: string): Promise<void> {
  const space = await statfs(path);
  if (space.bavail * space.bsize < RESERVE) throw tooLittleSpace();
}

/** Writes a new file (O_EXCL); long runs of zeroes become holes. Returns the digest of what came. */
export async function writeNew(
  path: string,
  source: AsyncIterable<Uint8Array>,
  caps: Caps,
  work: LongWork & { readonly words: string; readonly total?: number | undefined },
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const file = await open(path, "wx", 0o600);
  const hash = createHash("sha256");
  let at = 0;
  let said = 0;
  try {
    for await (const chunk of source) {
      work.signal.throwIfAborted();
      if (at + chunk.length > caps.maxBytes) throw fileTooLarge(caps.maxBytes);
      if (caps.packedSoFar && at > RATIO_FROM && at > RATIO * Math.max(1, caps.packedSoFar())) throw bomb();
      hash.update(chunk);
      await writeSparse(file, chunk, at);
      at += chunk.length;
      if (at - said >= 16 * 1024 ** 2) {
        said = at;
        await checkSpace(path);
        work.report({ words: work.words, done: at, total: work.total, unit: "bytes" });
      }
    }
    await file.truncate(at);
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest("hex"), sizeBytes: at };
}

const ZEROES = Buffer.alloc(BLOCK);

async function writeSparse(file: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let from = 0; from < chunk.length; from += BLOCK) {
    const part = chunk.subarray(from, from + BLOCK);
    if (ZEROES.compare(part, 0, part.length, 0, part.length) === 0) continue;
    await file.write(part, 0, part.length, at + from);
  }
}

export async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1_048_576 })) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** Opens a file for the inspectors. */
export async function openInspected(path: string): Promise<Inspected & AsyncDisposable> {
  const file = await open(path, "r");
  const { size } = await file.stat();
  return {
    sizeBytes: size,
    async read(offset, length) {
      if (!Number.isSafeInteger(offset) || offset < 0 || offset >= size) return new Uint8Array(0);
      const buffer = new Uint8Array(Math.min(length, size - offset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}
