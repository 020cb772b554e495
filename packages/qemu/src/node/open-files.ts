// Opens what QEMU will inherit: never through a link, only regular files, headers looked at on the very descriptor
// that QEMU gets (so nothing can be swapped in between).
import { constants } from "node:fs";
import { copyFile, type FileHandle, open, realpath } from "node:fs/promises";
import { RefusedError } from "@mimic/base";
import type { MachineFiles } from "@mimic/workbench/ports";
import { fileUnusable } from "../errors.ts";
import type { FileNeed } from "../files.ts";
import { checkLayer } from "../qcow2/check.ts";
import { HEADER_BYTES } from "../qcow2/header.ts";

const SAFELY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface OpenFiles extends AsyncDisposable {
  readonly fds: readonly number[];
}

export async function openForQemu(path: string, writable: boolean): Promise<FileHandle> {
  try {
    const handle = await (writable ? openWritable(path) : open(path, constants.O_RDONLY | SAFELY));
    const facts = await handle.stat();
    if (facts.isFile()) return handle;
    await handle.close();
    throw fileUnusable(path, "it is not a regular file");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") throw fileUnusable(path, "it is not there");
    if (code === "ELOOP") throw fileUnusable(path, "it is a link to somewhere else");
    if (code === "EACCES" || code === "EPERM") throw fileUnusable(path, "you may not open it");
    throw error;
  }
}

/**
 * What is frozen may not be written to, by its rights; neither may a file whose freezing was given up. Whoever asks here
 * means it: the rights of a file that is our own are set aside for this opening. (For root no rights hold.)
 */
async function openWritable(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | SAFELY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    await using handle = await open(path, constants.O_RDONLY | SAFELY);
    const { mode, uid } = await handle.stat();
    if (uid !== process.getuid?.() || (mode & 0o200) !== 0) throw error;
    await handle.chmod(mode | 0o200);
    try {
      return await open(path, constants.O_RDWR | SAFELY);
    } finally {
      await handle.chmod(mode);
    }
  }
}

/** Throws `qemu.file_unusable`, or the refusal `disk.changed_outside`. `copyTo` = where files go that QEMU's user cannot reopen. */
export async function openFiles(
  needs: readonly FileNeed[],
  layers: MachineFiles["disks"],
  copies: { readonly folder: string; readonly own: (name: string) => Promise<void> } | undefined,
): Promise<OpenFiles> {
  await using stack = new AsyncDisposableStack();
  // All at once: start-up waits for the slowest, not for the sum.
  const settled = await Promise.allSettled(needs.map((need) => (need.held === undefined ? openOne(need, layers, copies) : need.held)));
  for (const one of settled) {
    const handle = one.status === "fulfilled" && typeof one.value !== "number" ? one.value : undefined;
    if (handle) stack.defer(() => handle.close());
  }
  const failed = settled.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
  const opened = settled.map((one) => (one as PromiseFulfilledResult<FileHandle | number>).value);
  const owned = stack.move();
  return { fds: opened.map((one) => (typeof one === "number" ? one : one.fd)), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function openOne(need: FileNeed, layers: MachineFiles["disks"], copies: Parameters<typeof openFiles>[2]): Promise<FileHandle> {
  const handle = await openForQemu(need.systemFile ? await realpath(need.path) : need.path, need.writable);
  try {
    if (need.layer) await checkOpenLayer(handle, need.layer, layers);
    // QEMU opens these once more through /proc/self/fd, as its own user.
    if (need.reopened && copies && ((await handle.stat()).mode & 0o004) === 0) {
      await handle.close();
      const copy = `${copies.folder}/${need.key}`;
      await copyFile(need.path, copy, constants.COPYFILE_FICLONE);
      await copies.own(need.key);
      return await openForQemu(copy, false);
    }
    return handle;
  } catch (error) {
    await handle.close().catch(() => {});
    throw error;
  }
}

async function checkOpenLayer(handle: FileHandle, at: NonNullable<FileNeed["layer"]>, disks: MachineFiles["disks"]): Promise<void> {
  const chain = disks[at.diskId] ?? [];
  const layer = chain[at.depth];
  if (layer === undefined || layer.format === "raw") return;
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  const refused = checkLayer({ ...layer, encrypted: at.encrypted }, buffer.subarray(0, bytesRead), chain.slice(at.depth + 1));
  if (refused) throw new RefusedError(refused);
}
