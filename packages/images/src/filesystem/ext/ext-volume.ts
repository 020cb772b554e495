// ext2, ext3 and ext4: the tree from its root, each inode once, with what the journal holds.
import { type Source, u64, viewOf } from "../source.ts";
import { type Entry, MOST_DEPTH, MOST_ENTRIES, nameOf, type Volume } from "../volume.ts";
import { type Blocks, contentOf, type Inode, isShortLink, parseInode } from "./inode.ts";
import { asMeant, type Latest, readJournal } from "./journal.ts";
import { descriptorPlace, INCOMPAT, type NotExt, readSuperblock, type Superblock } from "./superblock.ts";

const ROOT = 2;
const MOST_FOLDER_BYTES = 256 * 1024 ** 2;

export async function openExt(source: Source): Promise<Volume | NotExt> {
  const superblock = await readSuperblock(source);
  if ("kind" in superblock) return superblock;
  const volume = new ExtVolume(source, superblock);
  await volume.readJournal();
  return volume;
}

class ExtVolume implements Volume, Blocks {
  readonly #source: Source;
  readonly #super: Superblock;
  readonly #tables = new Map<number, number>();
  #journal: readonly { readonly at: number; readonly start: number; readonly length: number }[] = [];
  #latest: ReadonlyMap<number, Latest> = new Map();
  #problems = 0;

  constructor(source: Source, superblock: Superblock) {
    this.#source = source;
    this.#super = superblock;
  }

  get system(): string {
    return this.#super.system;
  }
  get blockBytes(): number {
    return this.#super.blockBytes;
  }
  get blocks(): number {
    return this.#super.blocks;
  }
  problems = (): number => this.#problems;
  damaged(): void {
    this.#problems++;
  }

  async readJournal(): Promise<void> {
    const { journalInode, incompat, blockBytes } = this.#super;
    if (journalInode === 0 || !(incompat & INCOMPAT.recover)) return;
    const inode = await this.#inode(journalInode);
    if (inode === undefined) return this.damaged();
    this.#journal = await contentOf(inode, this);
    const count = Math.floor(inode.sizeBytes / blockBytes);
    this.#latest = await readJournal({ blockBytes, count, read: (index) => this.#journalBlock(index) });
  }

  async #journalBlock(index: number): Promise<Uint8Array> {
    const at = index * this.blockBytes;
    const piece = this.#journal.find((one) => one.at <= at && at < one.at + one.length);
    return piece ? await this.#source.read(piece.start + (at - piece.at), this.blockBytes) : new Uint8Array(this.blockBytes);
  }

  // Named as the reader of inodes wants it, and as the volume does: one block, or a piece of content.
  read(block: number): Promise<Uint8Array>;
  read(offset: number, length: number): Promise<Uint8Array>;
  async read(place: number, length?: number): Promise<Uint8Array> {
    return length === undefined ? await this.#piece(place * this.blockBytes, this.blockBytes) : await this.#piece(place, length);
  }

  /** As the journal says, where it says something. */
  async #piece(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await this.#source.read(offset, length);
    if (this.#latest.size === 0) return bytes;
    const first = Math.floor(offset / this.blockBytes);
    const last = Math.floor((offset + length - 1) / this.blockBytes);
    for (let block = first; block <= last; block++) {
      const where = this.#latest.get(block);
      if (where === undefined) continue;
      const whole = asMeant(await this.#journalBlock(where.index), where);
      const from = Math.max(0, offset - block * this.blockBytes);
      const at = block * this.blockBytes + from - offset;
      bytes.set(whole.subarray(from, Math.min(whole.length, from + length - at)), at);
    }
    return bytes;
  }

  async #inode(number: number): Promise<Inode | undefined> {
    const { inodesPerGroup, inodeBytes, inodes, blocks } = this.#super;
    if (number < 1 || number > inodes) return undefined;
    const group = Math.floor((number - 1) / inodesPerGroup);
    let table = this.#tables.get(group);
    if (table === undefined) {
      const place = descriptorPlace(this.#super, group);
      const view = viewOf(await this.#piece(place.block * this.blockBytes + place.offset, this.#super.descriptorBytes));
      table = u64(this.#super.descriptorBytes >= 64 ? view.getUint32(0x28, true) : 0, view.getUint32(8, true));
      this.#tables.set(group, table);
    }
    if (table <= 0 || table >= blocks) return undefined;
    const at = table * this.blockBytes + ((number - 1) % inodesPerGroup) * inodeBytes;
    return parseInode(number, await this.#piece(at, Math.min(inodeBytes, 256)));
  }

  async *walk(): AsyncGenerator<Entry> {
    const seen = new Set<number>([ROOT]);
    const waiting: { readonly path: string; readonly inode: number; readonly depth: number }[] = [{ path: "", inode: ROOT, depth: 0 }];
    let count = 0;
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      const inode = await this.#inode(folder.inode);
      if (inode?.kind !== "folder") {
        this.damaged();
        continue;
      }
      for await (const { name, number } of this.#names(inode)) {
        const child = await this.#inode(number);
        if (child === undefined) {
          this.damaged();
          continue;
        }
        if (++count > MOST_ENTRIES) return;
        const path = `${folder.path}/${name}`;
        yield await this.#entry(path, child);
        if (child.kind !== "folder") continue;
        // A folder has one place; a second one is a trap.
        if (seen.has(number) || folder.depth >= MOST_DEPTH) this.damaged();
        else {
          seen.add(number);
          waiting.push({ path, inode: number, depth: folder.depth + 1 });
        }
      }
    }
  }

  async #entry(path: string, inode: Inode): Promise<Entry> {
    const { kind, sizeBytes, attributes, root } = inode;
    const self = kind === "other" || isShortLink(inode) ? nameOf(kind === "link" ? root.subarray(0, sizeBytes) : root.subarray(0, 8)) : "";
    const content = kind === "folder" ? [] : await contentOf(inode, this);
    return { path, kind, sizeBytes: kind === "folder" ? 0 : sizeBytes, attributes, self, content };
  }

  async *#names(folder: Inode): AsyncGenerator<{ readonly name: string; readonly number: number }> {
    if (folder.sizeBytes > MOST_FOLDER_BYTES) return this.damaged();
    for (const { start, length } of await contentOf(folder, this))
      for (let at = start; at < start + length; at += this.blockBytes) yield* this.#namesIn(await this.#piece(at, this.blockBytes));
  }

  /** One block of a folder; those that only index others look like free room. */
  *#namesIn(block: Uint8Array): Generator<{ readonly name: string; readonly number: number }> {
    const view = viewOf(block);
    for (let at = 0; at + 8 <= block.length; ) {
      const written = view.getUint16(at + 4, true);
      // In blocks of 64 KiB the whole length does not fit its field.
      const length = written === 0xffff || written === 0 ? block.length - at : written;
      const size = view.getUint8(at + 6);
      if (length < 8 || length % 4 !== 0 || at + length > block.length || size + 8 > length) return this.damaged();
      const number = view.getUint32(at, true);
      const name = nameOf(block.subarray(at + 8, at + 8 + size));
      if (number !== 0 && size > 0 && name !== "." && name !== "..") yield { name, number };
      at += length;
    }
  }
}
