// Changing a medium while the machine runs. QEMU is caged and cannot open the file, and a descriptor cannot be handed
// to it later from here; so a second, equally caged QEMU without a machine serves the file (NBD over a socket in the
// run directory). It outlives the daemon as the machine does, and ends when the medium or the machine goes; it bears the machine's
// name, so that one whose machine ended while no daemon was there is found as the machine itself would be.
import { constants } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { MimicError, type Waiting } from "@mimic/base";
import type { QmpSession } from "@mimic/qmp";
import { connectQmp } from "@mimic/qmp/node";
import { z } from "zod";
import { NO_MACHINE } from "./helper-qemu.ts";
import { openForQemu } from "./open-files.ts";
import { killExactly, startTicksOf } from "./process.ts";
import { type Cage, seenFolder, spawnCaged } from "./spawn.ts";

const Server = z.strictObject({ pid: z.int().positive(), startTicks: z.string(), node: z.string() });
type Server = z.infer<typeof Server>;
const Servers = z.record(z.string(), Server);

export class MediaServers {
  readonly #cage: Cage;
  readonly #binary: string;
  readonly #name: string;
  readonly #runFolder: string;
  /** In the log directory: QEMU cannot write there, so it cannot make us kill others. */
  readonly #note: string;
  #count = 0;

  /** `name`: see `guestName`. */
  constructor(cage: Cage, of: { readonly binary: string; readonly name: string; readonly runFolder: string; readonly logFolder: string }) {
    this.#cage = cage;
    this.#binary = of.binary;
    this.#name = of.name;
    this.#runFolder = of.runFolder;
    this.#note = `${of.logFolder}/media.json`;
  }

  /** Takes out what is in the drive, then puts in the file at `path` (raw, read-only), if any. */
  async change(monitor: QmpSession, slot: string, path: string | undefined, options: Waiting): Promise<void> {
    const servers = await this.#read();
    const before = servers[slot];
    const next = path === undefined ? undefined : await this.#serve(slot, path, options);
    try {
      // Force: a guest that has locked the tray does not decide.
      await monitor.execute("blockdev-open-tray", { id: slot, force: true }, options);
      await monitor.execute("blockdev-remove-medium", { id: slot }, options);
      if (next) {
        await monitor.execute("blockdev-add", next.blockdev, options);
        await monitor.execute("blockdev-insert-medium", { id: slot, "node-name": next.server.node }, options);
        await monitor.execute("blockdev-close-tray", { id: slot }, options);
      }
    } catch (error) {
      if (next) await killExactly(next.server.pid, next.server.startTicks);
      throw error;
    }
    const { [slot]: _old, ...others } = servers;
    await this.#write(next ? { ...others, [slot]: next.server } : others);
    if (before) {
      await monitor.execute("blockdev-del", { "node-name": before.node }, options).catch(() => {});
      await killExactly(before.pid, before.startTicks);
    }
  }

  /** The machine is gone: so are its media servers. */
  async end(): Promise<void> {
    for (const server of Object.values(await this.#read())) await killExactly(server.pid, server.startTicks);
    await rm(this.#note, { force: true });
  }

  async #serve(
    slot: string,
    path: string,
    options: Waiting,
  ): Promise<{ readonly server: Server; readonly blockdev: { readonly driver: string; readonly "node-name": string } }> {
    const handle = await openForQemu(path, false);
    const name = `${slot}-${process.pid}-${this.#count++}`;
    const seen = seenFolder(this.#cage);
    try {
      const file = { driver: "file", "node-name": "file", filename: "/dev/fdset/3", "read-only": true, "auto-read-only": false };
      const argv = [
        ...[this.#binary, "-nodefaults", "-name", `guest=${this.#name},debug-threads=off`, ...NO_MACHINE],
        ...[
          "-chardev",
          `socket,id=m,path=${seen}/${name}.qmp,server=on,wait=off`,
          "-mon",
          "chardev=m,mode=control",
          "-add-fd",
          "fd=3,set=3",
        ],
        ...[
          "-blockdev",
          JSON.stringify(file),
          "-blockdev",
          JSON.stringify({ driver: "raw", "node-name": "medium", file: "file", "read-only": true }),
        ],
      ];
      const { child, pid } = spawnCaged(this.#cage, {
        argv,
        folder: this.#runFolder,
        files: [handle.fd],
        stderr: "ignore",
        outlives: true,
      });
      child.unref();
      const monitor = await connectQmp(`${this.#runFolder}/${name}.qmp`, { signal: options.signal, patienceMs: 5000 });
      await monitor.execute("nbd-server-start", { addr: { type: "unix", data: { path: `${seen}/${name}.nbd` } } }, options);
      await monitor.execute(
        "block-export-add",
        { type: "nbd", id: "medium", "node-name": "medium", name: "medium", writable: false },
        options,
      );
      monitor.close();
      const number = await pid;
      const startTicks = (await startTicksOf(number)) ?? "0";
      const blockdev = {
        driver: "nbd",
        "node-name": `m-${name}`.slice(0, 31),
        server: { type: "unix", path: `${seen}/${name}.nbd` },
        export: "medium",
        "read-only": true,
      };
      return { server: { pid: number, startTicks, node: blockdev["node-name"] }, blockdev };
    } catch (error) {
      options.signal.throwIfAborted();
      throw new MimicError("qemu.medium_failed", "The medium could not be put into the drive.", {
        hint: "See whether the file can be read, then try again.",
        cause: error,
      });
    } finally {
      await handle.close();
    }
  }

  async #read(): Promise<Readonly<Record<string, Server>>> {
    try {
      return Servers.parse(JSON.parse(await readFile(this.#note, { encoding: "utf8", flag: constants.O_RDONLY })));
    } catch {
      return {};
    }
  }

  async #write(servers: Readonly<Record<string, Server>>): Promise<void> {
    await writeFile(this.#note, JSON.stringify(servers), { mode: 0o600 });
  }
}
