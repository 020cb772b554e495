// Changes to the disk that are whole or absent. Every change passes `step` first, which the crash tests
// use to count the steps of an operation and to end the daemon at each of them.
import { constants } from "node:fs";
import { chmod, copyFile, link, lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { MimicError } from "@mimic/base";

export type Step = (label: string) => void;
export const noSteps: Step = () => {};

export class Files {
  readonly #step: Step;
  readonly #syncs: boolean;
  constructor(step: Step, options: { readonly syncs: boolean } = { syncs: true }) {
    this.#step = step;
    this.#syncs = options.syncs;
  }

  /**
   * For what need not survive the computer itself, only the daemon: nothing waits for the disk. Renames are as whole
   * or absent as ever for whoever looks.
   */
  passing(): Files {
    return new Files(this.#step, { syncs: false });
  }

  /** Temp file in the same folder → fsync → rename → fsync of the folder. Mode 0600. */
  async write(path: string, text: string | Uint8Array): Promise<void> {
    await this.#try(path, async () => {
      const temporary = `${path}.new`;
      this.#step(`write ${path}`);
      const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
      try {
        await file.writeFile(text);
        if (this.#syncs) await file.sync();
      } catch (error) {
        // A full disk: half a file helps nobody, and its room does.
        await rm(temporary, { force: true });
        throw error;
      } finally {
        await file.close();
      }
      this.#step(`rename ${path}`);
      await rename(temporary, path);
      await this.syncFolder(dirname(path));
    });
  }

  /** As `write`, keeping what was there as `.bak`. */
  async replace(path: string, text: string): Promise<void> {
    const before = await this.readText(path);
    if (before !== undefined) await this.write(`${path}.bak`, before);
    await this.write(path, text);
  }

  /** undefined when it is not there. Links are not followed. */
  async readText(path: string): Promise<string | undefined> {
    try {
      return await readFile(path, { encoding: "utf8", flag: constants.O_RDONLY | constants.O_NOFOLLOW });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storeError(path, error);
    }
  }

  async folder(path: string): Promise<void> {
    await this.#try(path, async () => {
      this.#step(`mkdir ${path}`);
      await mkdir(path, { recursive: true, mode: 0o700 });
    });
  }

  /** What was written to it, by whomever, is on the drive. */
  async sync(path: string): Promise<void> {
    await this.#try(path, async () => {
      if (!this.#syncs) return;
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  async move(from: string, to: string): Promise<void> {
    await this.#try(to, async () => {
      this.#step(`move ${to}`);
      await rename(from, to);
      await this.syncFolder(dirname(to));
      if (dirname(from) !== dirname(to)) await this.syncFolder(dirname(from));
    });
  }

  /** Shares the blocks where the file system can (reflink), else copies them. */
  async copy(from: string, to: string): Promise<void> {
    await this.#try(to, async () => {
      this.#step(`copy ${to}`);
      await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      await chmod(to, 0o600);
    });
  }

  /** A second name for the same bytes. Harmless when it is there already. */
  async link(from: string, to: string): Promise<void> {
    await this.#try(to, async () => {
      this.#step(`link ${to}`);
      await link(from, to).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      });
      await this.syncFolder(dirname(to));
    });
  }

  async remove(path: string): Promise<void> {
    await this.#try(path, async () => {
      this.#step(`remove ${path}`);
      await rm(path, { recursive: true, force: true });
    });
  }

  async names(folder: string): Promise<string[]> {
    try {
      return (await readdir(folder)).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw storeError(folder, error);
    }
  }

  async readOnly(path: string): Promise<void> {
    await this.#try(path, () => chmod(path, 0o444));
  }

  async writable(path: string): Promise<void> {
    await this.#try(path, () => chmod(path, 0o600));
  }

  async exists(path: string): Promise<boolean> {
    return await lstat(path).then(
      () => true,
      () => false,
    );
  }

  async syncFolder(path: string): Promise<void> {
    if (!this.#syncs) return;
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #try<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof MimicError ? error : storeError(path, error);
    }
  }
}

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException)?.code === "ENOENT";

/** The system's error numbers in words that name the file and the next step. */
export function storeError(path: string, cause: unknown): MimicError {
  const code = (cause as NodeJS.ErrnoException)?.code;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new MimicError("store.no_space", `There is no room left on the disk for ${path}.`, {
      hint: "Make room (mimic trash empty, mimic image ls), then try again. Nothing was half-made.",
      cause,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new MimicError("store.not_allowed", `Mimic may not write ${path}.`, {
      hint: "Check who owns the folder and whether its disk is read-only.",
      cause,
    });
  }
  if (code === "ELOOP") {
    return new MimicError("store.link_refused", `${path} is a link; Mimic does not follow links inside its own folders.`, {
      hint: "Put the real file or folder back.",
      cause,
    });
  }
  return new MimicError("store.failed", `${path} could not be read or written: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: "Check the disk and the folder’s permissions: mimic doctor",
    cause,
  });
}
