// A folder or a zip of somebody's becomes a disk or a floppy. Everything in it is hostile: links are not followed, names
// are data and never paths, and number, depth and size are bounded before and while it is read.
import { constants } from "node:fs";
import { open, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type LongWork, MimicError, plain, quoted } from "@mimic/base";
import { FILES_AS_DISK } from "@mimic/model";
import { malformed } from "../archive/byte-reader.ts";
import { readZip } from "../archive/zip.ts";
import { type FatFile, makeDisk, makeFloppy } from "../fat/fat-image.ts";
import { openInspected } from "./quarantine.ts";
import { unpackEntry } from "./unwrap.ts";

const { maxFiles: MAX_FILES, maxDepth: MAX_DEPTH, maxBytes: MAX_BYTES } = FILES_AS_DISK;
/** A zip that unfolds to more than this many times its size is none of a game. */
const MAX_RATIO = 1000;

const tooMany = (): MimicError =>
  new MimicError("image.too_many_files", `There are more than ${MAX_FILES} files, or folders deeper than ${MAX_DEPTH}.`, {
    hint: "Pack less, or make several images.",
  });
const tooLarge = (): MimicError =>
  new MimicError("image.too_large", "The files are larger than a disk of that time (about 480 MiB).", {
    hint: "Take some out, or make two images.",
  });

export async function packFolder(folder: string, work: LongWork): Promise<FatFile[]> {
  const files: FatFile[] = [];
  let total = 0;
  const visit = async (path: string, names: readonly string[]): Promise<void> => {
    if (names.length > MAX_DEPTH) throw tooMany();
    for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      work.signal.throwIfAborted();
      const inner = [...names, entry.name];
      if (entry.isDirectory()) await visit(join(path, entry.name), inner);
      else if (entry.isFile()) {
        if (files.length >= MAX_FILES) throw tooMany();
        const file = await readOne(join(path, entry.name), MAX_BYTES - total);
        total += file.bytes.length;
        files.push({ path: inner, ...file });
        work.report({ words: `Reading ${plain(entry.name, 60)}`, done: total, unit: "bytes" });
      }
      // Links and devices are left out: what they lead to was not given.
    }
  };
  await visit(folder, []);
  return files;
}

async function readOne(path: string, room: number): Promise<{ bytes: Uint8Array; modifiedMs: number }> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const facts = await handle.stat();
    if (!facts.isFile() || facts.size > room) throw tooLarge();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(facts.size), 0, facts.size, 0);
    return { bytes: buffer.subarray(0, bytesRead), modifiedMs: facts.mtimeMs };
  } finally {
    await handle.close();
  }
}

export async function packZip(path: string, work: LongWork): Promise<FatFile[]> {
  await using file = await openInspected(path);
  const entries = await readZip(file);
  if (entries.length > MAX_FILES) throw tooMany();
  const declared = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (declared > MAX_BYTES) throw tooLarge();
  if (declared > 64 * 1024 ** 2 && declared > file.sizeBytes * MAX_RATIO)
    throw new MimicError("image.bomb", "The archive unfolds to far more than it is.", { hint: "It is made to fill disks; do not use it." });
  const files: FatFile[] = [];
  for (const entry of entries) {
    const names = entry.name.split(/[/\\]/).filter((name) => name !== "" && name !== ".");
    if (names.length === 0 || names.includes("..")) throw malformed("ZIP archive", "an entry's name leads out of it");
    if (names.length > MAX_DEPTH) throw tooMany();
    const parts: Uint8Array[] = [];
    for await (const chunk of unpackEntry(path, entry, () => {}, work.signal)) parts.push(chunk);
    files.push({ path: names, bytes: Buffer.concat(parts) });
    work.report({ words: `Unpacking ${plain(names.at(-1) ?? "", 60)}` });
  }
  return files;
}

/** Writes the image to `to`; answers what it became. A floppy where that was asked for, else a hard disk. */
export async function writeFat(files: readonly FatFile[], kind: "disk" | "floppy", to: string, label: string): Promise<void> {
  if (files.length === 0)
    throw new MimicError("image.file_missing", `There is no file in ${quoted(basename(label))}.`, {
      hint: "Choose a folder or zip with files in it.",
    });
  await writeFile(to, kind === "floppy" ? makeFloppy(files, label) : makeDisk(files, label), { flag: "wx", mode: 0o600 });
}
