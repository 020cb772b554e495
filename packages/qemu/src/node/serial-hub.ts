// One text channel of a guest: one connection to QEMU, any number of listeners, a bounded history that outlives
// them, and (for the serial console) a log file that is turned over when it grows.
import { closeSync, fstatSync, openSync, readSync, renameSync, statSync, writeSync } from "node:fs";
import type { Socket } from "node:net";
import type { SerialPort } from "@mimic/workbench/ports";
import { History } from "../history.ts";

const HISTORY_BYTES = 1024 ** 2;
const LOG_BYTES = 4 * 1024 ** 2;
/** What waits to be written to a guest that does not read: beyond this, keys are dropped. */
const WAITING_BYTES = 1024 ** 2;

export class SerialHub implements SerialPort, Disposable {
  readonly #socket: Socket;
  readonly #history = new History(HISTORY_BYTES);
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  #log: LogFile | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#history.push(bytes);
      this.#log?.append(bytes);
      for (const hear of this.#listeners) hear(bytes);
    });
    socket.on("error", () => {});
  }

  /** From now on what it says is written down there too. */
  logTo(path: string): void {
    this.#log = new LogFile(path);
  }

  /** For a machine that is found again: what an earlier daemon had written down. */
  remember(bytes: Uint8Array): void {
    this.#history.push(bytes);
  }

  history(): Uint8Array {
    return this.#history.bytes();
  }

  listen(hear: (bytes: Uint8Array) => void): Disposable {
    this.#listeners.add(hear);
    return { [Symbol.dispose]: () => void this.#listeners.delete(hear) };
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writableLength < WAITING_BYTES) this.#socket.write(bytes);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
    this.#listeners.clear();
    this.#log?.close();
  }
}

/** Appends; when it is full it becomes `.1` and a new one begins. A disk that is full loses log lines, not the console. */
class LogFile {
  readonly #path: string;
  #fd: number | undefined;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
    this.#open();
  }

  append(bytes: Uint8Array): void {
    if (this.#bytes + bytes.length > LOG_BYTES) this.#turnOver();
    if (this.#fd === undefined) return;
    try {
      this.#bytes += writeSync(this.#fd, bytes);
    } catch {
      // full disk: the console itself goes on
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): void {
    try {
      this.#fd = openSync(this.#path, "a", 0o600);
      this.#bytes = statSync(this.#path).size;
    } catch {
      this.#fd = undefined;
    }
  }

  #turnOver(): void {
    this.close();
    try {
      renameSync(this.#path, `${this.#path}.1`);
    } catch {
      // appended to what is there
    }
    this.#open();
  }
}

/** The last bytes of a file, not from before `from`; empty when it cannot be read. */
export function tailOf(path: string, maxBytes: number, from = 0): Uint8Array {
  try {
    const fd = openSync(path, "r");
    try {
      const { size } = fstatSync(fd);
      const start = Math.max(from, size - maxBytes);
      const bytes = new Uint8Array(Math.max(0, size - start));
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start));
    } finally {
      closeSync(fd);
    }
  } catch {
    return new Uint8Array();
  }
}
