// The one folder a machine's QEMU may write. What lies in it was made by a program that a guest may have taken
// over: nothing is followed, nothing is read without a bound.
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, rm } from "node:fs/promises";
import { MimicError } from "@mimic/base";
import { handOver } from "./cage.ts";
import type { Cage } from "./spawn.ts";

export async function emptyRunFolder(folder: string, cage: Cage): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) await rm(`${folder}/${name}`, { recursive: true, force: true });
  await handOver(folder, cage);
}

/** True when a socket stands there, and not a link to somebody else's. */
export async function isSocket(path: string): Promise<boolean> {
  return await lstat(path).then(
    (facts) => facts.isSocket(),
    () => false,
  );
}

/** Reads and removes a file that QEMU has just written. Throws `qemu.bad_file`. */
export async function takeFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const bad = (why: string): MimicError =>
    new MimicError("qemu.bad_file", `QEMU left something unexpected: ${why}.`, {
      hint: "Try again; if it happens again, end this machine.",
      detail: path,
    });
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => {
      throw bad("the file is not there");
    });
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw bad("it is no file");
      if (facts.size > maxBytes) throw bad("it is too large");
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(facts.size), 0, facts.size, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}
