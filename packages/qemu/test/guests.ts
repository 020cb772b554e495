// Guests for real tests. The tiny Linux comes from the catalogue's own builder, once per computer (kept in the cache
// folder); a boot sector of a few bytes serves where no operating system is needed.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { silentLog } from "@mimic/base";
import { createImageSources } from "@mimic/images/node";
import { realClock } from "./real-ports.ts";

export interface LinuxGuest {
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
}

let built: Promise<LinuxGuest> | undefined;
export function linuxGuest(): Promise<LinuxGuest> {
  built ??= build();
  return built;
}

async function build(): Promise<LinuxGuest> {
  const content = fileURLToPath(new URL("../../../content", import.meta.url));
  const cache = `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/mimic-tests`;
  const recipe = JSON.parse(await readFile(`${content}/systems/tiny-linux.json`, "utf8"));
  const made = `${cache}/tiny-${recipe.revision}`;
  const guest = {
    kernel: `${made}/kernel`,
    initrd: `${made}/initrd`,
    commandLine: recipe.source.options.commandLine as string,
  };
  if (existsSync(guest.kernel) && existsSync(guest.initrd)) return guest;
  await mkdir(cache, { recursive: true });
  const sources = createImageSources({
    quarantine: () => mkdtemp(`${cache}/q-`),
    cacheDirectory: `${cache}/downloads`,
    contentDirectory: content,
    clock: realClock,
    log: silentLog,
    environment: process.env,
  });
  const system = sources.systems().find((s) => s.id === "tiny-linux");
  if (system === undefined) throw new Error("the catalogue has no tiny Linux");
  const image = await sources.acquire(system, { signal: AbortSignal.timeout(200_000), report: () => {} });
  if ("kind" in image) throw new Error(image.why);
  await rm(made, { recursive: true, force: true });
  await rename(image.path, made);
  for (const name of await readdir(cache)) if (name.startsWith("q-")) await rm(`${cache}/${name}`, { recursive: true, force: true });
  return guest;
}

/**
 * A boot sector: writes `text` to the first serial port, then waits for ever (or writes to disk 0 without end, sector
 * after sector, when `writes`). 16-bit code, loaded at 7c00h.
 */
export function bootSector(text: string, writes = false): Uint8Array {
  const sector = new Uint8Array(512);
  const message = new TextEncoder().encode(`${text}\r\n\0`);
  // cli; xor ax,ax; mov ds,ax; mov si,message; mov dx,3f8h; next: lodsb; test al,al; jz done; out dx,al; jmp next; done:
  const print = [0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x80, 0x7c, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8];
  // again: mov ah,43h (write, LBA); mov dl,80h; mov si,packet; int 13h; add dword [packet+8],64; jmp again
  const write = [0xfb, 0xb4, 0x43, 0xb0, 0x00, 0xb2, 0x80, 0xbe, 0x60, 0x7c, 0xcd, 0x13, 0x66, 0x83, 0x06, 0x68, 0x7c, 0x40, 0xeb, 0xed];
  const halt = [0xfb, 0xf4, 0xeb, 0xfc];
  sector.set([...print, ...(writes ? write : halt)]);
  // Disk address packet at 7c60h: 16 bytes, 64 sectors from 0:8000h, starting at sector 64.
  sector.set([16, 0, 64, 0, 0x00, 0x80, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0], 0x60);
  sector.set(message.subarray(0, 0x17e), 0x80);
  sector.set([0x55, 0xaa], 510);
  return sector;
}
