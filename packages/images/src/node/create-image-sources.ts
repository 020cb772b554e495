// The catalogue's ways to an image, tied to this computer: mirrors, cache, quarantine.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Log, type LongWork, plain, type Refusal, refusal } from "@mimic/base";
import { System } from "@mimic/model";
import type { DiskTool, ImageSources, NewImage } from "@mimic/workbench/ports";
import { writeSeed } from "../seed.ts";
import type { BootPart } from "./assemble-tiny-linux.ts";
import { type Assemble, assembleHere } from "./assembly.ts";
import { bootRecord } from "./boot-image.ts";
import { DebianArchive, findMirrors } from "./debian-archive.ts";
import { downloadImage } from "./download.ts";
import { finishImport, type ImportTools, importFile, importFiles, inQuarantine } from "./import-file.ts";
import { type InstallingMachines, installDebian } from "./install/install-debian.ts";

export interface ImageSourcesOptions {
  /** A fresh 0700 folder on the store's file system. */
  readonly quarantine: () => Promise<string>;
  readonly cacheDirectory: string;
  /** Holds `systems/*.json` and `keys/`. */
  readonly contentDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** MIMIC_DEBIAN_MIRROR, MIMIC_IMAGE_MIRROR, PATH, MIMIC_QEMU_USER. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Looks at what came out of a conversion once more. */
  readonly diskTool?: Pick<DiskTool, "checkHeader"> | undefined;
  /** The largest disk that is imported; default 64 GiB. */
  readonly maxVirtualBytes?: number | undefined;
  /** Puts images together from packages; default: in this process. */
  readonly assemble?: Assemble | undefined;
  /** Runs the machine in which a system is installed. Absent = that way is refused. */
  readonly installing?: InstallingMachines | undefined;
}

type InstallSource = Extract<System["source"], { way: "install" }>;
type AssembleSource = Extract<System["source"], { way: "assemble" }>;

/** Recipes that cannot be read are left out and logged; sorted by rank. */
export function readSystems(contentDirectory: string, log: Log): System[] {
  const folder = join(contentDirectory, "systems");
  const systems: System[] = [];
  for (const name of readdirSync(folder)
    .filter((one) => one.endsWith(".json"))
    .sort()) {
    try {
      systems.push(System.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))));
    } catch (error) {
      log.warn("recipe cannot be read", { name, why: plain(error instanceof Error ? error.message : String(error)) });
    }
  }
  return systems.sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
}

export function createImageSources(options: ImageSourcesOptions): ImageSources {
  const { clock, log, environment, cacheDirectory, contentDirectory } = options;
  const systems = readSystems(contentDirectory, log);
  const tools: ImportTools = {
    quarantine: options.quarantine,
    clock,
    log,
    environment,
    diskTool: options.diskTool,
    maxVirtualBytes: options.maxVirtualBytes ?? 64 * 1024 ** 3,
  };

  const openArchive = async (): Promise<DebianArchive> =>
    new DebianArchive({ cacheDirectory, contentDirectory, mirrors: await findMirrors(environment), clock, log });

  const bootImage = (system: System, folder: string, parts: readonly BootPart[], source: string): NewImage => ({
    record: bootRecord(parts, {
      name: system.name,
      architecture: system.architecture,
      system: system.id,
      addedAt: new Date(clock.nowMs()).toISOString(),
      source,
      verifiedBy: "Debian's signature over the package index, and the packages' SHA-256 in it",
    }),
    path: folder,
  });

  function assemble(system: System, source: AssembleSource, work: LongWork): Promise<NewImage | Refusal> {
    const act = options.assemble ?? assembleHere({ clock, log });
    return inQuarantine(options.quarantine, async (folder) => {
      const made = await act({ source, folder, cacheDirectory, contentDirectory, environment }, work);
      if (made.made === "boot") return bootImage(system, join(folder, "parts"), made.parts, made.from);
      const kind = source.options["kind"];
      return finishImport(
        {
          folder,
          path: join(folder, "original"),
          kind: kind === "floppy" || kind === "disk" ? kind : "cd",
          format: "raw",
          name: system.name,
          fileName: source.options["file"]?.split("/").at(-1) ?? "file",
          source: made.from,
          verifiedBy: "Debian's signature over the package index, and the package's SHA-256 in it",
          system: system.id,
          architecture: system.architecture,
        },
        tools,
        work,
      );
    });
  }

  async function install(system: System, source: InstallSource, work: LongWork): Promise<NewImage | Refusal> {
    const machines = options.installing;
    if (!machines)
      return refusal(
        "system.install_unavailable",
        `“${system.name}” cannot be installed: nothing here can run the machine for it.`,
        "Use the installer by hand: mimic new NAME --os debian-12-installer",
      );
    const archive = await openArchive();
    return inQuarantine(options.quarantine, (folder) => installDebian({ machines, archive, clock, log, folder }, system, source, work));
  }

  return {
    systems: () => systems,
    async acquire(system, work) {
      const { source } = system;
      switch (source.way) {
        case "download":
          return downloadImage(system, source, { ...tools, cacheDirectory, contentDirectory }, work);
        case "assemble":
          return assemble(system, source, work);
        case "install":
          return install(system, source, work);
        case "bring":
          return refusal(
            "system.bring_your_own",
            `“${system.name}” cannot be fetched for you: ${source.hint}`,
            "Bring its file: mimic image import FILE",
          );
      }
    },
    importFile: (request, work) => (request.format === "files" ? importFiles(request, tools, work) : importFile(request, tools, work)),
    seed: writeSeed,
  };
}
