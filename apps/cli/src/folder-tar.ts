// Folders of this computer to and from a tar stream.
import { createReadStream } from "node:fs";
import { chmod, lstat, mkdir, open, readdir, readlink, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MimicError } from "@mimic/base";
import { pointsInside, readTar, tarEnd, tarHeader, tarPadding } from "./tar.ts";

export interface Moved {
  files: number;
  bytes: number;
  /** Devices, sockets, links to elsewhere: not copied. */
  left: number;
}

/** The folder's contents as a tar; `moved` counts along. Links are kept as links. */
export async function* packFolder(folder: string, moved: Moved): AsyncGenerator<Uint8Array, void, void> {
  yield* packInto(folder, "", moved);
  yield tarEnd();
}

async function* packInto(root: string, inside: string, moved: Moved): AsyncGenerator<Uint8Array, void, void> {
  for (const name of (await readdir(join(root, inside))).toSorted()) {
    const path = inside ? `${inside}/${name}` : name;
    const file = join(root, path);
    const found = await lstat(file);
    const common = { path, mode: found.mode, target: "", sizeBytes: 0 };
    if (found.isDirectory()) {
      yield tarHeader({ ...common, kind: "folder" });
      yield* packInto(root, path, moved);
    } else if (found.isSymbolicLink()) yield tarHeader({ ...common, kind: "link", target: await readlink(file) });
    else if (found.isFile()) yield* packFile(file, { ...common, kind: "file", sizeBytes: found.size }, moved);
    else moved.left++;
  }
}

async function* packFile(file: string, entry: Parameters<typeof tarHeader>[0], moved: Moved): AsyncGenerator<Uint8Array, void, void> {
  yield tarHeader(entry);
  let left = entry.sizeBytes;
  if (left > 0)
    for await (const chunk of createReadStream(file, { end: left - 1 }) as AsyncIterable<Buffer>) {
      left -= chunk.length;
      moved.bytes += chunk.length;
      yield chunk;
    }
  // A file that became shorter while it was read: the header has promised its length.
  while (left > 0) {
    const zeros = new Uint8Array(Math.min(left, 65_536));
    left -= zeros.length;
    yield zeros;
  }
  yield tarPadding(entry.sizeBytes);
  moved.files++;
}

/**
 * A guest's tar into `folder`, which must be new and empty: nothing is ever written through a link, since links
 * are made last. Throws `cp.malformed_archive`; the caller throws the folder away then.
 */
export async function unpackInto(folder: string, chunks: AsyncIterable<Uint8Array>, moved: Moved): Promise<void> {
  try {
    await unpack(folder, chunks, moved);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The same name twice, a file where a folder was, a name that this computer cannot have.
    if (["EEXIST", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "EINVAL"].includes(code ?? "")) throw malformed("its names contradict each other");
    if (code === "ENOSPC" || code === "EDQUOT" || code === "EACCES")
      throw new MimicError("cli.cannot_write", `The copy cannot be written here (${code}).`, {
        hint: "Make room, or give another place.",
        cause: error,
      });
    throw error;
  }
}

const malformed = (why: string): MimicError =>
  new MimicError("cp.malformed_archive", `What the guest sent is no folder that can be trusted: ${why}.`, {
    hint: "Look at the folder in the guest; copy single files instead.",
  });

async function unpack(folder: string, chunks: AsyncIterable<Uint8Array>, moved: Moved): Promise<void> {
  const links: { readonly path: string; readonly target: string }[] = [];
  const modes: { readonly path: string; readonly mode: number }[] = [];
  for await (const item of readTar(chunks)) {
    if (item.is === "malformed") throw malformed(item.why);
    const { entry, body } = item;
    const path = join(folder, entry.path);
    if (entry.kind === "folder") {
      await mkdir(path, { recursive: true });
      if (entry.path) modes.push({ path, mode: entry.mode | 0o700 });
    } else if (entry.kind === "file" && entry.path) {
      await writeNew(path, entry.mode, body, moved);
    } else if (entry.kind === "link" && entry.path && pointsInside(entry.path, entry.target)) links.push({ path, target: entry.target });
    else moved.left++;
  }
  for (const { path, target } of links) {
    await mkdir(dirname(path), { recursive: true });
    await symlink(target, path).catch(() => {
      moved.left++;
    });
  }
  for (const { path, mode } of modes.toReversed()) await chmod(path, mode).catch(() => {});
}

async function writeNew(path: string, mode: number, body: AsyncIterable<Uint8Array>, moved: Moved): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Not set-uid, never over something that is there: a name that comes twice is refused by the system (EEXIST).
  const file = await open(path, "wx", (mode & 0o777) | 0o600);
  try {
    for await (const chunk of body) {
      await file.write(chunk);
      moved.bytes += chunk.length;
    }
  } finally {
    await file.close();
  }
  moved.files++;
}
