// Files become a disk or a floppy that DOS and everything after it can read: FAT12 on a 1.44 MB floppy, FAT16 in one
// partition of a hard disk (Microsoft, “FAT: General Overview of On-Disk Format”, 1.03). Pure: bytes in, bytes out.
import { MimicError } from "@mimic/base";
import { shortName } from "./names.ts";

export interface FatFile {
  /** Folders and name, e.g. ["game", "data", "level1.dat"]; data, never a path. */
  readonly path: readonly string[];
  readonly bytes: Uint8Array;
  readonly modifiedMs?: number | undefined;
}

const SECTOR = 512;
const ENTRY = 32;
/** What a BIOS of the nineties can address: 1023 cylinders of 16 heads and 63 sectors. */
const HEADS = 16;
const TRACK = 63;
const MOST_SECTORS = 1023 * HEADS * TRACK;
const FLOPPY = { sectors: 2880, cluster: 1, fats: 9, root: 224, heads: 2, track: 18, media: 0xf0, hidden: 0, bits: 12 } as const;

interface Geometry {
  readonly sectors: number;
  /** Sectors of one cluster. */
  readonly cluster: number;
  /** Sectors of one table. */
  readonly fats: number;
  /** Entries of the first folder. */
  readonly root: number;
  readonly heads: number;
  readonly track: number;
  readonly media: number;
  readonly hidden: number;
  readonly bits: 12 | 16;
}

interface Folder {
  readonly name: string;
  readonly folders: Map<string, Folder>;
  readonly files: { readonly short: string; readonly file: FatFile }[];
  readonly taken: Set<string>;
}

/** Throws `image.too_large` when it does not fit, `image.too_many_files` when the first folder cannot hold its entries. */
export function makeFloppy(files: readonly FatFile[], label: string): Uint8Array {
  return writeVolume(FLOPPY, treeOf(files), label);
}

/** One partition with some room to write; between about 8 and 500 MiB. Throws as `makeFloppy`. */
export function makeDisk(files: readonly FatFile[], label: string): Uint8Array {
  const tree = treeOf(files);
  for (const cluster of [4, 8, 16] as const) {
    const needed = clustersOf(tree, cluster) + Math.ceil((2 * 1024 ** 2) / (cluster * SECTOR));
    const clusters = Math.max(4200, Math.ceil(needed * 1.1));
    if (clusters > 65_000) continue;
    const fats = Math.ceil(((clusters + 2) * 2) / SECTOR);
    const least = TRACK + 1 + 2 * fats + 32 + clusters * cluster;
    const cylinders = Math.ceil(least / (HEADS * TRACK));
    if (cylinders * HEADS * TRACK > MOST_SECTORS) break;
    const sectors = cylinders * HEADS * TRACK - TRACK;
    const geometry = {
      sectors,
      cluster,
      fats: fats + 2,
      root: 512,
      heads: HEADS,
      track: TRACK,
      media: 0xf8,
      hidden: TRACK,
      bits: 16,
    } as const;
    return withPartition(writeVolume(geometry, tree, label), cylinders);
  }
  throw tooLarge("a disk that a PC of that time can use (about 500 MiB)");
}

const tooLarge = (what: string): MimicError =>
  new MimicError("image.too_large", `The files do not fit on ${what}.`, { hint: "Take some out, or make two images." });

function treeOf(files: readonly FatFile[]): Folder {
  const fresh = (name: string): Folder => ({ name, folders: new Map(), files: [], taken: new Set() });
  const root = fresh("");
  for (const file of files) {
    let folder = root;
    for (const part of file.path.slice(0, -1)) {
      let next = folder.folders.get(part);
      if (!next) {
        next = fresh(shortName(part, folder.taken));
        folder.folders.set(part, next);
      }
      folder = next;
    }
    folder.files.push({ short: shortName(file.path.at(-1) ?? "", folder.taken), file });
  }
  return root;
}

const entriesOf = (folder: Folder): number => folder.folders.size + folder.files.length;

function clustersOf(folder: Folder, cluster: number, isRoot = true): number {
  const bytes = cluster * SECTOR;
  let count = isRoot ? 0 : Math.max(1, Math.ceil(((entriesOf(folder) + 2) * ENTRY) / bytes));
  for (const { file } of folder.files) count += Math.ceil(file.bytes.length / bytes);
  for (const inner of folder.folders.values()) count += clustersOf(inner, cluster, false);
  return count;
}

class Volume {
  readonly bytes: Uint8Array;
  readonly #geometry: Geometry;
  readonly #dataAt: number;
  readonly #last: number;
  #next = 2;

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.bytes = new Uint8Array(geometry.sectors * SECTOR);
    this.#dataAt = (1 + 2 * geometry.fats + (geometry.root * ENTRY) / SECTOR) * SECTOR;
    const fit = Math.floor((this.bytes.length - this.#dataAt) / (geometry.cluster * SECTOR));
    const listed = Math.floor((geometry.fats * SECTOR * 8) / geometry.bits) - 2;
    this.#last = Math.min(fit, listed, geometry.bits === 12 ? 4084 : 65_524) + 1;
    this.#setEntry(0, (geometry.bits === 12 ? 0xf00 : 0xff00) | geometry.media);
    this.#setEntry(1, 0xffff);
  }

  /** A chain for this many bytes, already linked; 0 = none needed. */
  chain(length: number): number {
    const count = Math.ceil(length / (this.#geometry.cluster * SECTOR));
    if (count === 0) return 0;
    const first = this.#next;
    this.#next += count;
    if (this.#next - 1 > this.#last) throw tooLarge(this.#geometry.bits === 12 ? "a floppy of 1.44 MB" : "the disk");
    for (let at = first; at < this.#next; at++) this.#setEntry(at, at + 1 === this.#next ? 0xffff : at + 1);
    return first;
  }

  /** Chains are never broken up here, so what begins at a cluster goes on behind it. */
  at(cluster: number): number {
    return this.#dataAt + (cluster - 2) * this.#geometry.cluster * SECTOR;
  }

  get rootAt(): number {
    return (1 + 2 * this.#geometry.fats) * SECTOR;
  }

  #setEntry(cluster: number, value: number): void {
    for (const copy of [0, 1]) {
      const table = (1 + copy * this.#geometry.fats) * SECTOR;
      if (this.#geometry.bits === 16) {
        this.bytes[table + 2 * cluster] = value & 0xff;
        this.bytes[table + 2 * cluster + 1] = (value >> 8) & 0xff;
        continue;
      }
      const at = table + Math.floor(cluster * 1.5);
      const [low = 0, high = 0] = [this.bytes[at], this.bytes[at + 1]];
      const twelve = value & 0xfff;
      this.bytes[at] = cluster & 1 ? (low & 0x0f) | ((twelve & 0x0f) << 4) : twelve & 0xff;
      this.bytes[at + 1] = cluster & 1 ? twelve >> 4 : (high & 0xf0) | (twelve >> 8);
    }
  }
}

function writeVolume(geometry: Geometry, tree: Folder, label: string): Uint8Array {
  if (entriesOf(tree) + 1 > geometry.root)
    throw new MimicError("image.too_many_files", `The first folder of such a disk holds ${geometry.root - 1} entries.`, {
      hint: "Put the files into a folder of their own.",
    });
  const volume = new Volume(geometry);
  const name = label
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, "_")
    .slice(0, 11)
    .padEnd(11);
  writeBootSector(volume.bytes, geometry, name);
  writeEntry(volume.bytes, volume.rootAt, { short: name, attributes: 0x08, cluster: 0, size: 0 });
  writeFolder(volume, tree, { at: volume.rootAt + ENTRY, cluster: 0 });
  return volume.bytes;
}

function writeFolder(volume: Volume, folder: Folder, place: { readonly at: number; readonly cluster: number }): void {
  let at = place.at;
  for (const inner of folder.folders.values()) {
    const cluster = volume.chain((entriesOf(inner) + 2) * ENTRY);
    writeEntry(volume.bytes, at, { short: inner.name, attributes: 0x10, cluster, size: 0 });
    at += ENTRY;
    const start = volume.at(cluster);
    writeEntry(volume.bytes, start, { short: ".".padEnd(11), attributes: 0x10, cluster, size: 0 });
    writeEntry(volume.bytes, start + ENTRY, { short: "..".padEnd(11), attributes: 0x10, cluster: place.cluster, size: 0 });
    writeFolder(volume, inner, { at: start + 2 * ENTRY, cluster });
  }
  for (const { short, file } of folder.files) {
    const cluster = volume.chain(file.bytes.length);
    if (cluster > 0) volume.bytes.set(file.bytes, volume.at(cluster));
    writeEntry(volume.bytes, at, { short, attributes: 0x20, cluster, size: file.bytes.length, modifiedMs: file.modifiedMs });
    at += ENTRY;
  }
}

interface Entry {
  readonly short: string;
  readonly attributes: number;
  readonly cluster: number;
  readonly size: number;
  readonly modifiedMs?: number | undefined;
}

function writeEntry(bytes: Uint8Array, at: number, { short, attributes, cluster, size, modifiedMs }: Entry): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, ENTRY);
  for (let i = 0; i < 11; i++) view.setUint8(i, short.charCodeAt(i));
  view.setUint8(11, attributes);
  // DOS counts years from 1980 to 2107, in steps of two seconds.
  const time = new Date(Math.min(Math.max(modifiedMs ?? Date.UTC(1990, 0, 1, 12), Date.UTC(1980, 0, 1)), Date.UTC(2107, 11, 31)));
  view.setUint16(22, (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1), true);
  view.setUint16(24, ((time.getUTCFullYear() - 1980) << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate(), true);
  view.setUint16(26, cluster, true);
  view.setUint32(28, size, true);
}

function writeBootSector(bytes: Uint8Array, geometry: Geometry, label: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SECTOR);
  const ascii = (at: number, text: string): void => bytes.set(new TextEncoder().encode(text), at);
  bytes.set([0xeb, 0x3c, 0x90]);
  ascii(3, "MSDOS5.0");
  view.setUint16(11, SECTOR, true);
  view.setUint8(13, geometry.cluster);
  view.setUint16(14, 1, true);
  view.setUint8(16, 2);
  view.setUint16(17, geometry.root, true);
  if (geometry.sectors < 65_536) view.setUint16(19, geometry.sectors, true);
  else view.setUint32(32, geometry.sectors, true);
  view.setUint8(21, geometry.media);
  view.setUint16(22, geometry.fats, true);
  view.setUint16(24, geometry.track, true);
  view.setUint16(26, geometry.heads, true);
  view.setUint32(28, geometry.hidden, true);
  view.setUint8(36, geometry.hidden === 0 ? 0 : 0x80);
  view.setUint8(38, 0x29);
  ascii(43, label);
  ascii(54, geometry.bits === 12 ? "FAT12   " : "FAT16   ");
  // There is no system on it: int 18h tells the BIOS to try the next drive; then wait.
  bytes.set([0xcd, 0x18, 0xf4, 0xeb, 0xfd], 62);
  bytes.set([0x55, 0xaa], 510);
}

/** A first sector with one partition (FAT16, not active) that begins at the second track, as DOS made them. */
function withPartition(volume: Uint8Array, cylinders: number): Uint8Array {
  const disk = new Uint8Array(cylinders * HEADS * TRACK * SECTOR);
  disk.set(volume, TRACK * SECTOR);
  const view = new DataView(disk.buffer, 446, 16);
  const sectors = volume.length / SECTOR;
  disk.set([0xcd, 0x18, 0xf4, 0xeb, 0xfd]);
  const last = cylinders - 1;
  disk.set([0, 1, 1, 0, sectors < 65_536 ? 0x04 : 0x06, HEADS - 1, TRACK | ((last >> 2) & 0xc0), last & 0xff], 446);
  view.setUint32(8, TRACK, true);
  view.setUint32(12, sectors, true);
  disk.set([0x55, 0xaa], 510);
  return disk;
}
