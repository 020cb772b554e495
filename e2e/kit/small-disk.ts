// A small disk with a real file system (ext4 in a file), mounted in a folder, that a test fills to the last block.
import { execFile } from "node:child_process";
import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const BLOCK = 4096;
/** Why there can be none here; undefined = there can. */
export const whyNoSmallDisk = process.getuid?.() === 0 ? undefined : "needs root, which alone may mount a file system";

export class SmallDisk implements AsyncDisposable {
  /** Where it is mounted; a short path. */
  readonly folder: string;
  readonly #image: string;

  private constructor(folder: string, image: string) {
    this.folder = folder;
    this.#image = image;
  }

  static async mount(mib: number): Promise<SmallDisk> {
    const folder = await mkdtemp(join(tmpdir(), "mimic-e-"));
    const image = `${folder}.img`;
    await (await open(image, "wx", 0o600)).close();
    await run("truncate", ["-s", `${mib}M`, image]);
    // Nothing set aside for root: the last block is the last block.
    await run("mke2fs", ["-q", "-t", "ext4", "-b", String(BLOCK), "-m", "0", image]);
    await run("mount", ["-o", "loop", image, folder]);
    await run("chmod", ["700", folder]);
    return new SmallDisk(folder, image);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  /** Fills it until only so much is left: exactly, to the block. */
  async leave(bytes: number): Promise<void> {
    await this.makeRoom();
    await run("sync", ["-f", this.folder]);
    for (let piece = 0; piece < 8; piece++) {
      const over = (await this.freeBytes()) - bytes;
      if (over < BLOCK) return;
      await run("fallocate", ["-l", String(over), this.#ballast(piece)]).catch(() => {});
    }
  }

  async makeRoom(): Promise<void> {
    for (let piece = 0; piece < 8; piece++) await rm(this.#ballast(piece), { force: true });
  }

  #ballast(piece: number): string {
    return `${this.folder}/ballast${piece}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", ["-l", this.folder]).catch(() => {});
    await rm(this.folder, { recursive: true, force: true });
    await rm(this.#image, { force: true });
  }
}
