// What was picked for a new machine, as it stands in the page's address; and what it comes to. Pure.
import { formatSize, parseSize } from "@mimic/base";
import type { ImageKind, ImageView, SystemView } from "@mimic/model";
import { commandLine } from "../../words.ts";

export interface NewChoice {
  readonly system?: string | undefined;
  readonly image?: string | undefined;
  readonly own?: boolean | undefined;
  readonly empty?: boolean | undefined;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" && value.length <= 130 ? value : undefined);
export function readChoice(search: Record<string, unknown>): NewChoice {
  return {
    system: text(search["system"]),
    image: text(search["image"]),
    own: search["own"] === true || undefined,
    empty: search["empty"] === true || undefined,
  };
}

/** The parts a person is asked about. */
export interface Parts {
  readonly cpus: number;
  readonly memory: string;
  /** "" = no disk of its own. */
  readonly disk: string;
}

export function partsFor(system: SystemView | undefined, image: ImageView | undefined): Parts {
  const disk = system
    ? (system.disk?.sizeBytes ?? 0)
    : image?.kind === "disk"
      ? image.virtualBytes
      : image?.kind === "boot"
        ? 0
        : 20 * 1024 ** 3;
  return {
    cpus: system?.hardware.cpus ?? 1,
    memory: formatSize((system?.hardware.memoryMiB ?? 1024) * 1024 ** 2),
    disk: disk > 0 ? formatSize(disk) : "",
  };
}

/** “2 cores, 2 GiB memory, 20 GiB disk” */
export function partsInWords(parts: Parts): string {
  return [
    `${parts.cpus} ${parts.cpus === 1 ? "core" : "cores"}`,
    `${parts.memory} memory`,
    parts.disk ? `${parts.disk} disk` : "no disk of its own",
  ].join(", ");
}

export interface PartsTrouble {
  readonly memory?: string | undefined;
  readonly disk?: string | undefined;
}

/** What is wrong with the sizes, in words beside each. */
export function partsTrouble(
  parts: Parts,
  least: { memoryMiB: number; diskBytes: number },
  host: { memoryBytes: number } | undefined,
): PartsTrouble {
  const memory = parseSize(parts.memory);
  const disk = parts.disk.trim() === "" ? 0 : parseSize(parts.disk);
  return {
    memory:
      memory === undefined || memory < 1024 ** 2
        ? "A size such as “2 GiB” or “512 MiB”."
        : memory < least.memoryMiB * 1024 ** 2
          ? `This system needs ${formatSize(least.memoryMiB * 1024 ** 2)} at least.`
          : host && memory > host.memoryBytes
            ? `This computer has ${formatSize(host.memoryBytes)} in all.`
            : undefined,
    disk:
      disk === undefined || (disk > 0 && disk < 512)
        ? "A size such as “20 GiB”, or nothing for no disk."
        : disk > 2 ** 50
          ? "At most 1 PiB."
          : disk > 0 && disk < least.diskBytes
            ? `This system needs ${formatSize(least.diskBytes)} at least.`
            : undefined,
  };
}

/** The request's `hardware` and `diskBytes`: only what differs from what the system would get anyway. */
export function wishOf(parts: Parts, usual: Parts): { hardware?: { cpus?: number; memoryMiB?: number }; diskBytes?: number } {
  const memory = parseSize(parts.memory);
  const disk = parseSize(parts.disk);
  const hardware: { cpus?: number; memoryMiB?: number } = {};
  if (parts.cpus !== usual.cpus) hardware.cpus = parts.cpus;
  if (memory !== undefined && parts.memory !== usual.memory) hardware.memoryMiB = Math.max(1, Math.round(memory / 1024 ** 2));
  return {
    ...(Object.keys(hardware).length > 0 ? { hardware } : {}),
    ...(disk !== undefined && disk > 0 && parts.disk !== usual.disk ? { diskBytes: disk } : {}),
  };
}

/** Where a new machine is plugged in when nobody says otherwise. */
export const HOME_NETWORK = "home";

/** “on network home”; "" is without a network card. */
export const networkInWords = (network: string): string => (network === "" ? "no network" : `on network ${network}`);

export interface NewWish {
  readonly name: string;
  readonly choice: NewChoice;
  readonly parts: Parts;
  readonly usual: Parts;
  /** A network's name, or "" for none; undefined while nobody knows the networks. */
  readonly network: string | undefined;
  readonly start: boolean;
  /** Which computer, if not a PC of today, as `computerArguments` says it. */
  readonly computer?: readonly string[] | undefined;
}

export function newCommand({ name, choice, parts, usual, network, start, computer }: NewWish): string {
  const wish = wishOf(parts, usual);
  return commandLine(
    "new",
    name || "NAME",
    ...(choice.system ? ["--os", choice.system] : choice.image ? ["--image", choice.image.slice(0, 12)] : ["--empty"]),
    ...(computer ?? []),
    ...(wish.hardware?.cpus ? ["--cpus", String(wish.hardware.cpus)] : []),
    ...(wish.hardware?.memoryMiB ? ["--memory", `${wish.hardware.memoryMiB}M`] : []),
    ...(wish.diskBytes ? ["--disk", parts.disk.replaceAll(" ", "")] : []),
    ...(network === undefined || network === HOME_NETWORK ? [] : ["--net", network || "none"]),
    ...(start ? ["--start"] : []),
  );
}

/** What a person's file is to become. A zip may be an image that was packed, or files that a disk or floppy is made around. */
export type OwnKind = ImageKind | "files" | "files-floppy";

/** How a terminal does it; undefined = nothing was chosen yet. */
export function importCommand(kind: OwnKind | undefined): string {
  const files = kind === "files" ? " --files" : kind === "files-floppy" ? " --files --kind floppy" : "";
  return `mimic image import ${files ? "FOLDER" : "FILE"} --name NAME${files}`;
}

/** What a person's file most likely is, by its name and size; they can say otherwise. */
export function guessKind(fileName: string, bytes: number): OwnKind {
  const name = fileName.toLowerCase().replace(/\.(gz|xz|zst)$/, "");
  if (isZip(name)) return "files";
  if (name.endsWith(".iso")) return "cd";
  if (/\.(flp|vfd|ima)$/.test(name) || (name.endsWith(".img") && bytes <= 2_949_120)) return "floppy";
  return "disk";
}

export const isZip = (fileName: string): boolean => fileName.toLowerCase().endsWith(".zip");

/** “Debian-12.5 (net).iso” → “Debian-12.5 (net)” */
export const nameFromFile = (fileName: string): string =>
  fileName.replace(/(\.(iso|img|qcow2|raw|vmdk|vdi|vhdx?|flp|vfd|ima|gz|xz|zst|zip))+$/i, "").slice(0, 120) || "my-image";
