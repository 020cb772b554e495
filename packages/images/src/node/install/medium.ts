// The medium that the installing machine reads: one plain tar with the whole new root file system, unpacked here
// because that is slow in an emulated machine. Written as it comes: no package is ever whole in memory.
import { type FileHandle, open } from "node:fs/promises";
import { type LongWork, MimicError } from "@mimic/base";
import { collect } from "../../archive/byte-reader.ts";
import type { TarEntry } from "../../archive/tar.ts";
import { type ControlFile, conffilesOf, type DatabaseFile, type UnpackedPackage } from "../../install/dpkg-database.ts";
import { MERGED_LINKS, mergedPath } from "../../install/merged-usr.ts";
import { TAR_END, type TarMeta, tarHeader, tarPadding } from "../../install/write-tar.ts";
import { openDeb } from "./open-deb.ts";

const BUFFER = 4 * 1024 ** 2;
const MAX_BYTES = 8 * 1024 ** 3;
const MAX_KEPT = 96 * 1024 ** 2;

/** A root file system in the making. */
export class MediumWriter implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #buffer = Buffer.alloc(BUFFER);
  readonly #folders = new Set<string>();
  #held = 0;
  #written = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<MediumWriter> {
    const medium = new MediumWriter(await open(path, "wx", 0o600));
    for (const { path: name, target } of MERGED_LINKS) {
      await medium.folder(target);
      await medium.#put(tarHeader({ ...OURS, path: name, kind: "link", mode: 0o777, target }));
    }
    return medium;
  }

  get sizeBytes(): number {
    return this.#written + this.#held;
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (this.sizeBytes + bytes.length > MAX_BYTES)
      throw new MimicError("install.too_large", "The packages of this system unpack to more than 8 GiB.", {
        hint: "Take packages out of the recipe.",
      });
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + BUFFER - this.#held);
      this.#buffer.set(part, this.#held);
      this.#held += part.length;
      from += part.length;
      if (this.#held === BUFFER) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    await this.#file.write(this.#buffer, 0, this.#held, this.#written);
    this.#written += this.#held;
    this.#held = 0;
  }

  /** Makes the folder and those above it, once; the first to name a folder says what it is like. */
  async folder(path: string, meta: Omit<TarMeta, "path" | "kind"> = OURS): Promise<void> {
    if (path === "" || this.#folders.has(path)) return;
    const above = path.lastIndexOf("/");
    if (above > 0) await this.folder(path.slice(0, above));
    this.#folders.add(path);
    await this.#put(tarHeader({ ...meta, path, kind: "folder", target: "", sizeBytes: 0 }));
  }

  async entry(meta: TarMeta, body: AsyncIterable<Uint8Array>): Promise<void> {
    if (meta.kind === "folder") return await this.folder(meta.path, meta);
    const above = meta.path.lastIndexOf("/");
    if (above > 0) await this.folder(meta.path.slice(0, above));
    await this.#put(tarHeader(meta));
    if (meta.kind !== "file") return;
    for await (const chunk of body) await this.#put(chunk);
    await this.#put(new Uint8Array(tarPadding(meta.sizeBytes)));
  }

  /** A file of root's. */
  async file(path: string, mode: number, body: Uint8Array): Promise<void> {
    await this.entry(
      { ...OURS, path, kind: "file", mode, sizeBytes: body.length },
      (async function* () {
        yield body;
      })(),
    );
  }

  async link(path: string, target: string): Promise<void> {
    await this.entry({ ...OURS, path, kind: "link", mode: 0o777, target }, (async function* () {})());
  }

  /** Ends the archive; the file's length is a multiple of 1 MiB, as a disk's should be. */
  async finish(): Promise<number> {
    await this.#put(TAR_END);
    await this.#flush();
    const size = Math.ceil(this.#written / 1024 ** 2) * 1024 ** 2;
    await this.#file.truncate(size);
    return size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** 2000-01-01: what we add has no time of its own. */
const OURS = { mode: 0o755, uid: 0, gid: 0, mtime: 946_684_800, sizeBytes: 0, target: "" } as const;

export interface Source {
  readonly name: string;
  readonly path: string;
}

export interface AddedPackages {
  readonly packages: readonly UnpackedPackage[];
  /** Bodies of the files that were asked for, by path in the package. */
  readonly kept: ReadonlyMap<string, Uint8Array>;
  /** Symbolic links of all packages: path → target. */
  readonly links: ReadonlyMap<string, string>;
}

/** Unpacks the packages into the medium. `keep` = which files are wanted here too; `inside` = false for packages that only give such files. */
export async function addPackages(
  medium: MediumWriter,
  sources: readonly (Source & { readonly inside: boolean })[],
  keep: (path: string) => boolean,
  work: LongWork,
): Promise<AddedPackages> {
  const packages: UnpackedPackage[] = [];
  const kept = new Map<string, Uint8Array>();
  const links = new Map<string, string>();
  for (const [index, source] of sources.entries()) {
    work.report({ words: `Unpacking ${source.name}`, done: index, total: sources.length, unit: "steps" });
    let control: readonly ControlFile[] = [];
    let conffiles: ReadonlySet<string> = new Set();
    const paths: string[] = [];
    const onControl = (files: readonly ControlFile[]): void => {
      control = files;
      conffiles = conffilesOf({ control });
    };
    const onEntry = async (entry: TarEntry): Promise<void> => {
      paths.push(`/${entry.path || "."}`);
      if (entry.kind === "link") links.set(entry.path, entry.target);
      let body = entry.body;
      if (entry.kind === "file" && keep(entry.path)) {
        const bytes = await collect(entry.body, MAX_KEPT, entry.path);
        kept.set(entry.path, bytes);
        body = (async function* () {
          yield bytes;
        })();
      }
      if (!source.inside || entry.path === "") return;
      const path = mergedPath(entry.path);
      const target = entry.kind === "hard" ? mergedPath(entry.target) : entry.target;
      await medium.entry({ ...entry, path: conffiles.has(`/${entry.path}`) ? `${path}.dpkg-new` : path, target }, body);
    };
    await openDeb(source.path, { onControl, onEntry }, work.signal);
    if (source.inside) packages.push({ name: source.name, control, paths });
  }
  return { packages, kept, links };
}

export async function addFiles(medium: MediumWriter, files: readonly DatabaseFile[]): Promise<void> {
  for (const file of files) await medium.file(file.path, file.mode, file.body);
}
