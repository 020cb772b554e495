// What a file's bytes are, by SHA-256: for sealing it, and for comparing it with its seal later.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import type { FileDigest, Reading } from "@mimic/workbench/ports";

const PIECE = 1 << 20;
/** Neither a link nor something that never ends may stand in a file's place (open(2): O_NONBLOCK for named pipes). */
const HOW = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Throws what the file system throws. */
export async function sha256Of(path: string, options: Reading): Promise<string> {
  const file = await open(path, HOW);
  try {
    return (await read(file, options)).sha256;
  } finally {
    await file.close();
  }
}

/** Throws only when it is cancelled. */
export async function digestOf(path: string, options: Reading): Promise<FileDigest> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, HOW);
    if (!(await file.stat()).isFile()) return { kind: "unreadable", why: "it is no file" };
    return { kind: "read", ...(await read(file, options)) };
  } catch (error) {
    options.signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
    return { kind: "unreadable", why: code === "ELOOP" ? "it is a link" : (code ?? "an unknown error") };
  } finally {
    await file?.close();
  }
}

/** Length in bytes; undefined when it is not there. */
export const lengthOf = (path: string): Promise<number | undefined> =>
  lstat(path).then(
    ({ size }) => size,
    () => undefined,
  );

async function read(file: FileHandle, { signal, onBytes }: Reading): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  let sizeBytes = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, PIECE, null);
    if (bytesRead === 0) return { sha256: hash.digest("hex"), sizeBytes };
    hash.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
    onBytes?.(bytesRead);
  }
}
