// FAT12, FAT16 and FAT32, as DOS, Windows, cameras and UEFI write them (Microsoft, “FAT: General Overview of On-Disk
// Format”, 1.03). All numbers are little-endian. A chain of clusters may be a circle: it is never longer than the disk.
import { type Source, viewOf } from "./source.ts";
import { type Entry, type Extent, MOST_DEPTH, MOST_ENTRIES, MOST_EXTENTS, nameOf, type Volume } from "./volume.ts";

interface Geometry {
  readonly bits: 12 | 16 | 32;
  readonly clusterBytes: number;
  readonly clusters: number;
  readonly fatStart: number;
  /** Where cluster 2 is. */
  readonly dataStart: number;
  /** FAT12 and FAT16: the first folder has a place of its own. */
  readonly rootStart: number;
  readonly rootBytes: number;
  readonly rootCluster: number;
}

const ENTRY = 32;
const ATTRIBUTE = { label: 0x08, folder: 0x10, longName: 0x0f } as const;
const MOST_FOLDER_BYTES = 2 * 1024 ** 2;
const NAME_ENTRIES = 20;
/** Characters 128 to 255 of short names. FAT does not say in which code page they are; 850 is the most of Europe's and America's. */
const CODE_PAGE =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0";

/** Undefined = it is none. */
export async function openFat(source: Source): Promise<Volume | undefined> {
  const geometry = readGeometry(await source.read(0, 512), source.sizeBytes);
  return geometry && new FatVolume(source, geometry);
}

function readGeometry(boot: Uint8Array, sizeBytes: number): Geometry | undefined {
  const view = viewOf(boot);
  const jump = view.getUint8(0);
  const sector = view.getUint16(11, true);
  const perCluster = view.getUint8(13);
  const reserved = view.getUint16(14, true);
  const fats = view.getUint8(16);
  const rootEntries = view.getUint16(17, true);
  const sectors = view.getUint16(19, true) || view.getUint32(32, true);
  const fatSectors = view.getUint16(22, true) || view.getUint32(36, true);
  if ((jump !== 0xeb && jump !== 0xe9) || ![512, 1024, 2048, 4096].includes(sector) || (perCluster & (perCluster - 1)) !== 0)
    return undefined;
  if (perCluster === 0 || reserved === 0 || fats < 1 || fats > 4 || fatSectors === 0 || view.getUint8(21) < 0xf0) return undefined;
  const rootStart = (reserved + fats * fatSectors) * sector;
  const rootBytes = Math.ceil((rootEntries * ENTRY) / sector) * sector;
  const dataStart = rootStart + rootBytes;
  const clusters = Math.floor((Math.min(sectors * sector, sizeBytes) - dataStart) / (perCluster * sector));
  if (clusters < 1) return undefined;
  const bits = view.getUint16(22, true) === 0 ? 32 : clusters < 4085 ? 12 : 16;
  if ((bits === 32) !== (rootEntries === 0)) return undefined;
  const rootCluster = bits === 32 ? view.getUint32(44, true) : 0;
  return { bits, clusterBytes: perCluster * sector, clusters, fatStart: reserved * sector, dataStart, rootStart, rootBytes, rootCluster };
}

class FatVolume implements Volume {
  readonly system: string;
  readonly #source: Source;
  readonly #geometry: Geometry;
  #problems = 0;

  constructor(source: Source, geometry: Geometry) {
    this.#source = source;
    this.#geometry = geometry;
    this.system = `FAT${geometry.bits}`;
  }

  problems = (): number => this.#problems;
  read = (offset: number, length: number): Promise<Uint8Array> => this.#source.read(offset, length);

  async *walk(): AsyncGenerator<Entry> {
    const { rootStart, rootBytes, rootCluster, bits } = this.#geometry;
    const root = bits === 32 ? await this.#chain(rootCluster, MOST_FOLDER_BYTES) : [{ at: 0, start: rootStart, length: rootBytes }];
    const seen = new Set<number>([rootCluster]);
    const waiting: { readonly path: string; readonly content: readonly Extent[]; readonly depth: number }[] = [
      { path: "", content: root, depth: 0 },
    ];
    let count = 0;
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop())
      for await (const found of this.#entries(folder.content)) {
        if (++count > MOST_ENTRIES) return;
        const path = `${folder.path}/${found.name}`;
        const content = await this.#chain(found.cluster, found.isFolder ? MOST_FOLDER_BYTES : found.sizeBytes);
        const { isFolder, attributes } = found;
        yield {
          path,
          kind: isFolder ? "folder" : "file",
          sizeBytes: isFolder ? 0 : found.sizeBytes,
          attributes,
          self: "",
          content: isFolder ? [] : content,
        };
        if (!isFolder) continue;
        if (seen.has(found.cluster) || folder.depth >= MOST_DEPTH) this.#problems++;
        else {
          seen.add(found.cluster);
          waiting.push({ path, content, depth: folder.depth + 1 });
        }
      }
  }

  /** The pieces of a chain, joined; at most `sizeBytes` of it. */
  async #chain(first: number, sizeBytes: number): Promise<readonly Extent[]> {
    const { clusterBytes, clusters, dataStart, bits } = this.#geometry;
    const extents: { at: number; start: number; length: number }[] = [];
    const end = bits === 12 ? 0xff8 : bits === 16 ? 0xfff8 : 0xffffff8;
    let cluster = first;
    for (let at = 0; at < sizeBytes && cluster !== 0 && cluster < end; at += clusterBytes) {
      if (cluster < 2 || cluster >= clusters + 2 || at / clusterBytes > clusters || extents.length >= MOST_EXTENTS) {
        this.#problems++;
        break;
      }
      const start = dataStart + (cluster - 2) * clusterBytes;
      const last = extents.at(-1);
      if (last && last.start + last.length === start) last.length += clusterBytes;
      else extents.push({ at, start, length: clusterBytes });
      cluster = await this.#next(cluster);
    }
    return extents;
  }

  async #next(cluster: number): Promise<number> {
    const { bits, fatStart } = this.#geometry;
    if (bits === 32) return viewOf(await this.#source.read(fatStart + cluster * 4, 4)).getUint32(0, true) & 0x0fffffff;
    if (bits === 16) return viewOf(await this.#source.read(fatStart + cluster * 2, 2)).getUint16(0, true);
    const pair = viewOf(await this.#source.read(fatStart + Math.floor(cluster * 1.5), 2)).getUint16(0, true);
    return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
  }

  async *#entries(content: readonly Extent[]): AsyncGenerator<Found> {
    let long: LongName | undefined;
    for (const { start, length } of content)
      for (let at = 0; at < length; at += ENTRY) {
        const bytes = await this.#source.read(start + at, ENTRY);
        if (bytes[0] === 0) return;
        if (bytes[0] === 0xe5) long = undefined;
        else if ((bytes[11] ?? 0) === ATTRIBUTE.longName) long = addLongPart(long, bytes);
        else {
          const found = parseEntry(bytes, long, this.#geometry.bits);
          long = undefined;
          if (found) yield found;
        }
      }
  }
}

interface Found {
  readonly name: string;
  readonly isFolder: boolean;
  readonly sizeBytes: number;
  readonly attributes: string;
  readonly cluster: number;
}
interface LongName {
  readonly checksum: number;
  readonly parts: readonly string[];
}

function parseEntry(bytes: Uint8Array, long: LongName | undefined, bits: number): Found | undefined {
  const view = viewOf(bytes);
  const attribute = view.getUint8(11);
  const short = shortNameOf(bytes);
  if (attribute & ATTRIBUTE.label || short === "." || short === ".." || short === "") return undefined;
  const isFolder = (attribute & ATTRIBUTE.folder) !== 0;
  const name = long && long.checksum === checksumOf(bytes) && long.parts.length > 0 ? long.parts.join("") : short;
  // A folder's time says nothing that its entries do not.
  const time = isFolder ? "" : `${view.getUint16(24, true)}.${view.getUint16(22, true)}`;
  return {
    name: nameOf(new TextEncoder().encode(name)),
    isFolder,
    sizeBytes: view.getUint32(28, true),
    attributes: `${attribute & 0x27} ${time}`,
    cluster: (bits === 32 ? view.getUint16(20, true) * 65_536 : 0) + view.getUint16(26, true),
  };
}

/** Eight and three, in capitals unless two bits say otherwise (as Windows NT writes them). */
function shortNameOf(bytes: Uint8Array): string {
  const text = (from: number, to: number, lower: boolean): string => {
    // A name that begins with 0xe5, the mark of what is deleted, begins with 5 instead.
    const raw = Array.from(bytes.subarray(from, to), (byte, index) => characterOf(from === 0 && index === 0 && byte === 5 ? 0xe5 : byte));
    const trimmed = raw.join("").trimEnd();
    return lower ? trimmed.toLowerCase() : trimmed;
  };
  const flags = bytes[12] ?? 0;
  const [name, ending] = [text(0, 8, (flags & 8) !== 0), text(8, 11, (flags & 16) !== 0)];
  return ending === "" ? name : `${name}.${ending}`;
}

const characterOf = (byte: number): string => (byte < 128 ? String.fromCharCode(byte) : (CODE_PAGE[byte - 128] ?? "?"));

/** Long names stand before their entry, last part first. */
function addLongPart(before: LongName | undefined, bytes: Uint8Array): LongName | undefined {
  const view = viewOf(bytes);
  const checksum = view.getUint8(13);
  const isLast = (view.getUint8(0) & 0x40) !== 0;
  const known = isLast ? { checksum, parts: [] } : before;
  if (known === undefined || known.checksum !== checksum || known.parts.length >= NAME_ENTRIES) return undefined;
  let text = "";
  for (const at of [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]) {
    const unit = view.getUint16(at, true);
    if (unit === 0 || unit === 0xffff) break;
    text += String.fromCharCode(unit);
  }
  return { checksum, parts: [text, ...known.parts] };
}

const checksumOf = (bytes: Uint8Array): number =>
  bytes.subarray(0, 11).reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0);
