// Memory of templates, held as sealed files in memory: every machine that goes on from one maps the same pages, and
// none of them, nor a QEMU that its guest has taken over, can change a byte for the others. (A plain file would not do:
// QEMU opens it for writing even for a private mapping, and a balloon punches holes into it.)
// Held as long as this process lives; machines keep theirs when it ends, and the next daemon reads the file anew.
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, writeSync } from "node:fs";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { MimicError, type Waiting } from "@mimic/base";
import { libc } from "@mimic/base/node";
import { openForQemu } from "./open-files.ts";
import type { Cage } from "./spawn.ts";

const PIECE = 4 * 1024 ** 2;
const GRAIN = 64 * 1024;

/** By which file it is, not where: a template's folder is renamed once it is whole. */
export class SealedMemories {
  readonly #held = new Map<string, Promise<number>>();

  /** The descriptor of the sealed copy of that file; undefined where this Node cannot make one. It stays ours. */
  async hold(path: string, options: Waiting): Promise<number | undefined> {
    if (libc() === undefined) return undefined;
    const stamp = await stampOf(path);
    let held = this.#held.get(stamp);
    if (held === undefined) {
      held = load(path, options);
      this.#held.set(stamp, held);
      held.catch(() => this.#held.delete(stamp));
    }
    return await held;
  }

  /** A memory that was just filled and that nobody maps any more: sealed, and known as that file's from now on. */
  async adopt(path: string, fd: number): Promise<void> {
    libc()?.seal(fd);
    this.#held.set(await stampOf(path), Promise.resolve(fd));
  }

  /** The pages are given back once the last machine that maps them has ended. */
  async release(path: string): Promise<void> {
    const stamp = await stampOf(path).catch(() => "");
    const fd = await this.#held.get(stamp)?.catch(() => undefined);
    this.#held.delete(stamp);
    if (fd !== undefined) closeSync(fd);
  }
}

async function stampOf(path: string): Promise<string> {
  const handle = await openForQemu(path, false);
  try {
    const { ino, size, mtimeMs } = await handle.stat();
    return `${ino} ${size} ${mtimeMs}`;
  } finally {
    await handle.close();
  }
}

async function load(path: string, { signal }: Waiting): Promise<number> {
  const c = libc();
  if (c === undefined) throw new Error("no sealed memory here");
  const file = await openForQemu(path, false);
  const fd = c.memoryFile("mimic-template");
  try {
    const { size } = await file.stat();
    ftruncateSync(fd, size);
    await eachPiece(file, size, signal, (bytes, at) => writeUsed(fd, bytes, at));
    c.seal(fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  } finally {
    await file.close();
  }
}

async function eachPiece(file: FileHandle, size: number, signal: AbortSignal, take: (bytes: Buffer, at: number) => void): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  for (let at = 0; at < size; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, Math.min(PIECE, size - at), at);
    if (bytesRead === 0) throw new Error("the memory of a template is shorter than it should be");
    take(buffer.subarray(0, bytesRead), at);
    at += bytesRead;
  }
}

/** Zeros are there already: what a guest never used costs nothing. */
function writeUsed(fd: number, bytes: Buffer, at: number): void {
  for (let from = 0; from < bytes.length; from += GRAIN) {
    const grain = bytes.subarray(from, from + GRAIN);
    if (!isZero(grain)) writeSync(fd, grain, 0, grain.length, at + from);
  }
}

const zeros = Buffer.alloc(GRAIN);
const isZero = (bytes: Buffer): boolean => bytes.equals(bytes.length === GRAIN ? zeros : zeros.subarray(0, bytes.length));

/** A memory for a QEMU to fill: shared with us while it runs, then written to a file that holds only what is used. */
export interface FreshMemory extends AsyncDisposable {
  readonly fd: number;
  /** Writes it to `path` (new, 0400) and answers its SHA-256. Throws `disk.full`. */
  writeTo(path: string, options: Waiting): Promise<string>;
  /** The descriptor, which is the caller's from now on; undefined when it is only a file on the disk. */
  take(): number | undefined;
}

export async function freshMemory(
  sizeBytes: number,
  folder: string,
  cage: Pick<Cage, "user">,
  options: { readonly onDisk?: boolean } = {},
): Promise<FreshMemory> {
  const c = options.onDisk ? undefined : libc();
  if (c !== undefined) {
    const fd = c.memoryFile("mimic-mould");
    ftruncateSync(fd, sizeBytes);
    return fresh(fd, sizeBytes, () => closeSync(fd), true);
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/memory-${process.pid}-${Math.trunc(performance.now() * 1000)}`;
  const file = await open(path, "wx+", 0o600);
  // Opened already, and by QEMU once more through this descriptor: it needs no name.
  await rm(path);
  await file.truncate(sizeBytes);
  if (cage.user) await file.chown(cage.user.uid, cage.user.gid);
  return fresh(file.fd, sizeBytes, () => file.close(), false);
}

function fresh(fd: number, sizeBytes: number, close: () => void | Promise<void>, canKeep: boolean): FreshMemory {
  let taken = false;
  return {
    fd,
    async writeTo(path, { signal }) {
      const source = await open(`/proc/self/fd/${fd}`, "r");
      const target = await open(path, "wx", 0o400);
      const hash = createHash("sha256");
      try {
        await target.truncate(sizeBytes);
        await eachPiece(source, sizeBytes, signal, (bytes, at) => {
          hash.update(bytes);
          writeUsed(target.fd, bytes, at);
        });
        await target.sync();
        return hash.digest("hex");
      } catch (error) {
        await rm(path, { force: true });
        if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw memoryDiskFull(path);
        throw error;
      } finally {
        await source.close();
        await target.close();
      }
    },
    take() {
      if (!canKeep) return undefined;
      taken = true;
      return fd;
    },
    async [Symbol.asyncDispose]() {
      if (!taken) await close();
    },
  };
}

/** Without sealed memory: a copy for one machine alone, as large as its memory, in a file that has no name. */
export async function privateMemory(path: string, folder: string, cage: Pick<Cage, "user">, options: Waiting): Promise<FreshMemory> {
  const source = await openForQemu(path, false);
  try {
    const { size } = await source.stat();
    const own = await freshMemory(size, folder, cage, { onDisk: true });
    await eachPiece(source, size, options.signal, (bytes, at) => writeUsed(own.fd, bytes, at));
    return own;
  } finally {
    await source.close();
  }
}

const memoryDiskFull = (path: string): MimicError =>
  new MimicError("disk.full", "This computer's disk is full, so the memory of the machine could not be kept.", {
    hint: "Make room and try again.",
    detail: path,
  });
