// What is put together from Debian packages, whoever asks: the daemon's helper process, or a test.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Log, LongWork } from "@mimic/base";
import type { System } from "@mimic/model";
import { assembleBootFiles, assembleFile } from "./assemble-file.ts";
import { assembleTinyLinux, type BootPart } from "./assemble-tiny-linux.ts";
import { DebianArchive, findMirrors } from "./debian-archive.ts";

/** Plain data: it also travels to another process. */
export interface AssemblyOrder {
  readonly source: Extract<System["source"], { way: "assemble" }>;
  /** Empty and of the caller, who clears it when this fails. */
  readonly folder: string;
  readonly cacheDirectory: string;
  /** Holds `keys/`. */
  readonly contentDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Plain data too. Boot files lie in `folder/parts`, a single file at `folder/original`. */
export type Assembly =
  | { readonly made: "boot"; readonly parts: readonly BootPart[]; readonly from: string }
  | { readonly made: "file"; readonly from: string };

export type Assemble = (order: AssemblyOrder, work: LongWork) => Promise<Assembly>;

export const assembleHere =
  ({ clock, log }: { readonly clock: Clock; readonly log: Log }): Assemble =>
  async ({ source, folder, cacheDirectory, contentDirectory, environment }, work) => {
    const archive = new DebianArchive({ cacheDirectory, contentDirectory, mirrors: await findMirrors(environment), clock, log });
    const { builder, options } = source;
    if (builder !== "tiny-linux" && options["kind"] !== "boot") {
      const one = await assembleFile(archive, source, join(folder, "original"), work);
      return { made: "file", from: `${options["file"]} from the Debian package ${one.name} ${one.version}` };
    }
    const parts = join(folder, "parts");
    await mkdir(parts, { mode: 0o700 });
    if (builder === "tiny-linux") {
      const made = await assembleTinyLinux(archive, source, parts, work);
      const list = made.packages.map(({ name, version }) => `${name} ${version}`).join(", ");
      return { made: "boot", parts: made.parts, from: `assembled from ${made.packages.length} Debian packages: ${list}` };
    }
    const made = await assembleBootFiles(archive, source, parts, work);
    return { made: "boot", parts: made.parts, from: `from the Debian package ${made.package.name} ${made.package.version}` };
  };
