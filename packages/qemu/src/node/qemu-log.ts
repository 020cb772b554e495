// QEMU's own words, in a file that it holds open itself. A guest can make it say the same thing a hundred thousand times (a
// balloon over memory that cannot be given back), so the file is kept from growing: its end stays. Held by descriptor, since
// the folder of a machine that is raised unseen gets another name later.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { type Clock, plainBlock, type Waiting } from "@mimic/base";

const LIMIT_BYTES = 2 * 1024 ** 2;
const KEPT_BYTES = 64 * 1024;
const SHOWN_BYTES = 4096;
const LOOK_EVERY_MS = 2000;

export class QemuLog implements Disposable {
  #fd: number | undefined;
  /** What stood there before belongs to earlier runs. */
  #from: number;

  constructor(folder: string, from: number) {
    this.#from = from;
    try {
      this.#fd = openSync(`${folder}/qemu.log`, "a+", 0o600);
    } catch {
      // Without a log there is nothing to bound and nothing to show.
    }
  }

  /** Looks until the signal; never throws. */
  async bound({ clock, signal }: Waiting & { readonly clock: Clock }): Promise<void> {
    while (!signal.aborted && this.#fd !== undefined) {
      await clock.sleep(LOOK_EVERY_MS, { signal }).catch(() => {});
      this.#cut();
    }
  }

  /** Of this run, made harmless, at most 4 KiB. */
  lastWords(): string {
    const { end } = this.#end();
    return plainBlock(new TextDecoder().decode(end), SHOWN_BYTES).trim();
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #cut(): void {
    const { size, end } = this.#end();
    if (this.#fd === undefined || size <= LIMIT_BYTES) return;
    try {
      ftruncateSync(this.#fd, 0);
      writeSync(this.#fd, "(What came before was cut: there was too much of it.)\n");
      writeSync(this.#fd, end.subarray(end.indexOf(10) + 1));
      this.#from = 0;
    } catch {
      // A full disk: then it does not grow either.
    }
  }

  #end(): { readonly size: number; readonly end: Buffer } {
    if (this.#fd === undefined) return { size: 0, end: Buffer.alloc(0) };
    const { size } = fstatSync(this.#fd);
    const start = Math.max(Math.min(this.#from, size), size - KEPT_BYTES);
    const end = Buffer.alloc(size - start);
    return { size, end: end.subarray(0, readSync(this.#fd, end, 0, end.length, start)) };
  }
}

/** What QEMU wrote to the log in this folder since `from`, made harmless, at most 4 KiB. */
export function lastWords(folder: string, from: number): string {
  using log = new QemuLog(folder, from);
  return log.lastWords();
}
