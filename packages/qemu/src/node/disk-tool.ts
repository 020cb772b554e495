// Disks on this computer. Empty disks and overlays are written by our own code (a few hundred bytes of header); copies
// are made by a caged QEMU that gets open descriptors, explicit formats and the chain node by node, and no name at all.
import { chmod, type FileHandle, open, rm, stat } from "node:fs/promises";
import { type LongWork, MimicError, messageOf, plain, type Refusal, type Secret, type Waiting } from "@mimic/base";
import type { DiskFormat } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import type { DiskComparison, DiskTime, DiskTool } from "@mimic/workbench/ports";
import { checkLayer } from "../qcow2/check.ts";
import { firstTableOf, HEADER_BYTES, newQcow2, parseQcow2Header } from "../qcow2/header.ts";
import { runBlockJob } from "./block-jobs.ts";
import { chainArgs } from "./chain-args.ts";
import { compareApart } from "./compare-apart.ts";
import { startHelperQemu } from "./helper-qemu.ts";
import type { QemuHypervisor, QemuPorts } from "./hypervisor.ts";
import { luksHeader } from "./luks.ts";
import { openForQemu } from "./open-files.ts";

interface File {
  readonly path: string;
  readonly format: DiskFormat;
}

export class QemuDiskTool implements DiskTool {
  readonly #ports: QemuPorts;
  readonly #qemu: QemuHypervisor;

  constructor(ports: QemuPorts, qemu: QemuHypervisor) {
    this.#ports = ports;
    this.#qemu = qemu;
  }

  async createOverlay(
    path: string,
    base: File,
    sizeBytes: number,
    options: Waiting & { readonly key?: Secret | undefined },
  ): Promise<void> {
    options.signal.throwIfAborted();
    const least = await virtualSize(base);
    const luks = options.key && luksHeader(options.key.reveal());
    await writeQcow2(path, { sizeBytes: Math.max(sizeBytes, least), backing: base, luks });
  }

  async createEmpty(path: string, format: DiskFormat, sizeBytes: number, options: Waiting): Promise<void> {
    options.signal.throwIfAborted();
    if (format === "qcow2") return await writeQcow2(path, { sizeBytes });
    await makeNew(path, async (handle) => await handle.truncate(Math.ceil(sizeBytes / 512) * 512));
  }

  async copy(chain: readonly File[], to: File, options: LongWork): Promise<void> {
    const top = chain[0];
    if (top === undefined) throw new RangeError("a copy needs at least one file");
    const sizeBytes = await virtualSize(top);
    await this.createEmpty(to.path, to.format, sizeBytes, options);
    try {
      const files = [...chain.map(({ path }) => ({ path, writable: false })), { path: to.path, writable: true }];
      await this.#work({ args: copyArgs(chain, to), files }, options, {
        words: "copying the disk",
        begin: (session, id) =>
          session.execute(
            "blockdev-backup",
            { "job-id": id, device: "source0", target: "target", sync: "full", "auto-dismiss": false },
            options,
          ),
      });
    } catch (error) {
      await rm(to.path, { force: true });
      throw error;
    }
  }

  async absorb(
    chain: readonly File[],
    through: number,
    options: LongWork & { readonly bytesPerSecond?: number | undefined },
  ): Promise<void> {
    const [upper] = chain;
    const below = chain[through + 1];
    if (upper === undefined || through < 1 || through >= chain.length) throw new RangeError("no such layers");
    const { mode } = await stat(upper.path);
    await chmod(upper.path, 0o600);
    try {
      const stays = below && { "base-node": `source${through + 1}`, "backing-file": below.path };
      await this.#work(
        { args: chainArgs(chain, true), files: chain.map(({ path }, depth) => ({ path, writable: depth === 0 })) },
        options,
        {
          words: "taking in what the layers below hold",
          begin: (session, id) =>
            session.execute(
              "block-stream",
              { "job-id": id, device: "source0", ...stays, ...speedOf(options), "auto-dismiss": false },
              options,
            ),
        },
      );
    } finally {
      await chmod(upper.path, mode & 0o777).catch(() => {});
    }
  }

  async rewrite(chain: readonly File[], to: string, options: LongWork & { readonly bytesPerSecond?: number | undefined }): Promise<void> {
    const [top, ...below] = chain;
    if (top === undefined) throw new RangeError("a copy needs at least one file");
    const sizeBytes = await virtualSize(top);
    await writeQcow2(to, { sizeBytes, backing: below[0] });
    try {
      const args = copyArgs(chain, { path: to, format: "qcow2" }, below.length > 0 ? "source1" : null);
      const files = [...chain.map(({ path }) => ({ path, writable: false })), { path: to, writable: true }];
      const sync = below.length > 0 ? "top" : "full";
      await this.#work({ args, files }, options, {
        words: "copying the disk",
        begin: (session, id) =>
          session.execute(
            "blockdev-backup",
            { "job-id": id, device: "source0", target: "target", sync, ...speedOf(options), "auto-dismiss": false },
            options,
          ),
      });
    } catch (error) {
      await rm(to, { force: true });
      throw error;
    }
  }

  async grow(path: string, format: DiskFormat, sizeBytes: number, options: Waiting): Promise<void> {
    const size = Math.ceil(sizeBytes / 512) * 512;
    if (size <= (await virtualSize({ path, format }))) return;
    const handle = await openForQemu(path, true);
    try {
      if (format === "raw") return await handle.truncate(size);
      const cage = await this.#qemu.cage();
      const { binary } = await this.#qemu.capabilities(options);
      const file = { driver: "file", "node-name": "file", filename: "/dev/fdset/3" };
      // What lies under it is not needed to make its table longer.
      const disk = { driver: "qcow2", "node-name": "disk", file: "file", backing: null };
      const args = ["-add-fd", "fd=3,set=3", "-blockdev", JSON.stringify(file), "-blockdev", JSON.stringify(disk)];
      await using qemu = await startHelperQemu(
        cage,
        { binary, parent: `${this.#ports.stateDirectory}/tmp`, args, files: [handle.fd] },
        options,
      );
      await qemu.session.execute("block_resize", { "node-name": "disk", size }, options);
      await qemu.session.execute("quit", {}, options);
      await qemu.session.closed;
    } finally {
      await handle.close();
    }
  }

  async compare(from: DiskTime, to: DiskTime, options: Waiting): Promise<DiskComparison> {
    const { reader, stateDirectory } = this.#ports;
    if (reader === undefined) throw new RangeError("there is no reader of file systems");
    const { binary } = await this.#qemu.capabilities(options);
    return await compareApart({ cage: await this.#qemu.cage(), binary, parent: `${stateDirectory}/tmp`, reader }, from, to, options);
  }

  async usage(path: string): Promise<number> {
    return (await stat(path)).blocks * 512;
  }

  async isUntouched(path: string): Promise<boolean> {
    const head = await readHead(path);
    const table = "malformed" in parseQcow2Header(head) ? undefined : firstTableOf(head);
    if (table === undefined) return false;
    const handle = await open(path, "r");
    try {
      const bytes = Buffer.alloc(table.bytes);
      const { bytesRead } = await handle.read(bytes, 0, table.bytes, table.at);
      // What a file does not reach to was never written either.
      return bytes.subarray(0, bytesRead).every((byte) => byte === 0);
    } finally {
      await handle.close();
    }
  }

  async checkHeader(chain: readonly File[]): Promise<Refusal | undefined> {
    for (const [depth, layer] of chain.entries()) {
      const refused = checkLayer(layer, await readHead(layer.path), chain.slice(depth + 1));
      if (refused) return refused;
    }
    return undefined;
  }

  /** One job in a caged QEMU on these files, from descriptor 3 on; the writable ones are on the disk when it has ended. */
  async #work(
    on: { readonly args: readonly string[]; readonly files: readonly { readonly path: string; readonly writable: boolean }[] },
    options: LongWork,
    job: { readonly words: string; readonly begin: (session: QmpSession, id: string) => Promise<unknown> },
  ): Promise<void> {
    const cage = await this.#qemu.cage();
    const { binary } = await this.#qemu.capabilities(options);
    const handles: FileHandle[] = [];
    try {
      for (const { path, writable } of on.files) handles.push(await openForQemu(path, writable));
      const files = handles.map((handle) => handle.fd);
      await using qemu = await startHelperQemu(
        cage,
        { binary, parent: `${this.#ports.stateDirectory}/tmp`, args: on.args, files },
        options,
      );
      const { session } = qemu;
      const { clock } = this.#ports;
      await runBlockJob(session, "work", () => job.begin(session, "work"), { ...options, clock, words: job.words });
      // QEMU writes its tables when it ends in good order, so it is asked to and not killed.
      await session.execute("quit", {}, options);
      await session.closed;
      for (const [at, { writable }] of on.files.entries()) if (writable) await handles[at]?.sync();
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof MimicError && error.code.startsWith("qemu.")) throw error;
      throw copyFailed(messageOf(error));
    } finally {
      for (const handle of handles) await handle.close();
    }
  }
}

const speedOf = ({ bytesPerSecond }: { readonly bytesPerSecond?: number | undefined }) =>
  bytesPerSecond === undefined ? {} : { speed: bytesPerSecond };

function copyArgs(chain: readonly File[], to: File, below: string | null = null): readonly string[] {
  const args = chainArgs(chain, false);
  const node = (options: object): void => void args.push("-blockdev", JSON.stringify(options));
  const add = (fd: number): string => {
    args.push("-add-fd", `fd=${fd},set=${fd}`);
    return `/dev/fdset/${fd}`;
  };
  node({ driver: "file", "node-name": "target-file", filename: add(3 + chain.length), discard: "unmap" });
  const backing = to.format === "qcow2" ? { backing: below } : {};
  node({ driver: to.format, "node-name": "target", file: "target-file", discard: "unmap", "detect-zeroes": "unmap", ...backing });
  return args;
}

/** What a guest sees of it, in bytes. Throws `disk.unreadable`. */
async function virtualSize(file: File): Promise<number> {
  if (file.format === "raw") return (await stat(file.path)).size;
  const header = parseQcow2Header(await readHead(file.path));
  if ("malformed" in header)
    throw new MimicError("disk.unreadable", `A disk image cannot be used: its header is damaged (${header.malformed}).`, {
      hint: "Get the image again.",
      detail: file.path,
    });
  return header.sizeBytes;
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await openForQemu(path, false);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function writeQcow2(path: string, spec: Parameters<typeof newQcow2>[0]): Promise<void> {
  const { fileBytes, pieces } = newQcow2(spec);
  await makeNew(path, async (handle) => {
    await handle.truncate(fileBytes);
    for (const piece of pieces) await handle.write(piece.bytes, 0, piece.bytes.length, piece.at);
  });
}

/** A new file, never one that is there already; gone again when it cannot be finished. */
async function makeNew(path: string, fill: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await fill(handle);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw diskFull(path);
    throw error;
  } finally {
    await handle.close();
  }
}

const diskFull = (path: string): MimicError =>
  new MimicError("disk.full", "This computer's disk is full, so the new disk could not be made.", {
    hint: "Make room and try again.",
    detail: path,
  });

const copyFailed = (why: string): MimicError =>
  /No space left/i.test(why)
    ? new MimicError("disk.full", "This computer's disk is full, so the disk could not be copied.", { hint: "Make room and try again." })
    : new MimicError("disk.copy_failed", "The disk could not be copied.", {
        hint: "See whether both disks can be read and written.",
        detail: plain(why),
      });
