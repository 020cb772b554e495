// Captures in files of this computer, as `CaptureRing` decides. Files are for their owner alone (captures hold passwords), and
// none that is there already is touched; of a ring only files that it made itself are removed.
import { type FileHandle, open, rm } from "node:fs/promises";
import { MimicError, messageOf } from "@mimic/base";
import { CaptureRing, type CaptureRingOptions } from "./capture-ring.ts";

export interface CaptureFiles extends AsyncDisposable {
  /** Whole blocks of one capture. Answers false when the only file is full: then nothing more is written. Throws `capture.file_*`. */
  write(bytes: Uint8Array): Promise<boolean>;
  /** Paths of the files that are there now, the oldest first. */
  readonly paths: readonly string[];
}

/** `path`: of the file; of a ring “lab.pcapng” becomes lab-00001.pcapng, lab-00002.pcapng and so on. */
export function openCaptureFiles(path: string, options: CaptureRingOptions): CaptureFiles {
  return new RingFiles(path, options);
}

class RingFiles implements CaptureFiles {
  readonly #ring: CaptureRing;
  readonly #pathOf: (file: number) => string;
  readonly #paths = new Map<number, string>();
  #handle: FileHandle | undefined;
  #isFull = false;

  constructor(path: string, options: CaptureRingOptions) {
    this.#ring = new CaptureRing(options);
    const dot = /\.[A-Za-z0-9]+$/.exec(path)?.index ?? path.length;
    this.#pathOf =
      options.maxFiles === 1 ? () => path : (file) => `${path.slice(0, dot)}-${String(file).padStart(5, "0")}${path.slice(dot)}`;
  }

  get paths(): readonly string[] {
    return [...this.#paths.values()];
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    await this.#run(this.#ring.push(bytes));
    return !this.#isFull;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run(this.#ring.end());
    // After a failure the ring's steps did not come to an end.
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #run(steps: ReturnType<CaptureRing["push"]>): Promise<void> {
    for (const one of steps) {
      switch (one.step) {
        case "open":
          this.#handle = await this.#open(one.file);
          break;
        case "write":
          await this.#write(one.bytes);
          break;
        case "close":
          await this.#handle?.close();
          this.#handle = undefined;
          break;
        case "remove":
          await this.#remove(one.file);
          break;
        case "full":
          this.#isFull = true;
          break;
        default:
          one satisfies never;
      }
    }
  }

  async #open(file: number): Promise<FileHandle> {
    const path = this.#pathOf(file);
    try {
      const handle = await open(path, "wx", 0o600);
      this.#paths.set(file, path);
      return handle;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") {
        throw new MimicError("capture.file_exists", `There is a file “${path}” already.`, {
          hint: "Take another name, or move it away.",
          cause: error,
        });
      }
      throw this.#failed(path, error);
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#handle?.appendFile(bytes);
    } catch (error) {
      throw this.#failed(this.paths.at(-1) ?? "", error);
    }
  }

  async #remove(file: number): Promise<void> {
    const path = this.#paths.get(file);
    if (path === undefined) return;
    await rm(path, { force: true });
    this.#paths.delete(file);
  }

  #failed(path: string, error: unknown): MimicError {
    return new MimicError("capture.file_failed", `The capture could not be written to “${path}”.`, {
      hint: "See whether there is room, and whether you may write there.",
      detail: messageOf(error),
      cause: error,
    });
  }
}
