// Inodes of ext2, ext3 and ext4, and where their content lies: by a tree of extents, or by blocks that name blocks
// (Linux Documentation/filesystems/ext4/inodes.rst, ifork.rst).
import { u64, viewOf } from "../source.ts";
import { type EntryKind, type Extent, MOST_EXTENTS } from "../volume.ts";

export interface Inode {
  readonly number: number;
  readonly kind: EntryKind;
  readonly sizeBytes: number;
  readonly attributes: string;
  readonly hasExtents: boolean;
  /** `i_block`, 60 bytes: the root of the tree, the names of blocks, a short link, a device. */
  readonly root: Uint8Array;
  /** Blocks of 512 bytes that it takes: a short link takes none. */
  readonly sectors: number;
}

const KINDS: Readonly<Record<number, EntryKind>> = { 16384: "folder", 32768: "file", 40960: "link" };
const EXTENTS_FLAG = 0x80000;
const EXTENT_MAGIC = 0xf30a;
const MOST_LEVELS = 5;

/** Undefined = it is free, or makes no sense. */
export function parseInode(number: number, bytes: Uint8Array): Inode | undefined {
  if (bytes.length < 128) return undefined;
  const view = viewOf(bytes);
  const mode = view.getUint16(0, true);
  if (mode === 0 || view.getUint16(0x1a, true) === 0) return undefined;
  const kind = KINDS[mode & 0xf000] ?? "other";
  const extra = bytes.length >= 0x8c ? view.getUint16(0x80, true) : 0;
  const sizeBytes = u64(kind === "file" ? view.getUint32(0x6c, true) : 0, view.getUint32(4, true));
  const owner = `${view.getUint16(2, true)}.${view.getUint16(0x78, true)}:${view.getUint16(0x18, true)}.${view.getUint16(0x7a, true)}`;
  // A folder's time changes with what is in it, which is told by itself.
  const time = kind === "folder" ? "" : `${view.getUint32(0x10, true)}.${extra >= 12 ? view.getUint32(0x88, true) : 0}`;
  return {
    number,
    kind,
    sizeBytes: Number.isSafeInteger(sizeBytes) ? sizeBytes : 0,
    attributes: `${(mode & 0xfff).toString(8)} ${owner} ${time}`,
    hasExtents: (view.getUint32(0x20, true) & EXTENTS_FLAG) !== 0,
    root: bytes.subarray(0x28, 0x28 + 60),
    sectors: view.getUint32(0x1c, true),
  };
}

export interface Blocks {
  readonly blockBytes: number;
  readonly blocks: number;
  read(block: number): Promise<Uint8Array>;
  /** Something made no sense. */
  damaged(): void;
}

/** In order of the file, joined where they lie side by side. */
export async function contentOf(inode: Inode, blocks: Blocks): Promise<readonly Extent[]> {
  if (inode.kind === "other" || isShortLink(inode)) return [];
  const found = new Pieces(blocks, Math.ceil(inode.sizeBytes / blocks.blockBytes));
  if (inode.hasExtents) await readTree(inode.root, blocks, found, MOST_LEVELS);
  else await readPointers(inode.root, blocks, found);
  return found.extents;
}

export const isShortLink = ({ kind, sizeBytes, sectors, hasExtents }: Inode): boolean =>
  kind === "link" && sizeBytes < 60 && (sectors === 0 || !hasExtents) && sizeBytes > 0;

class Pieces {
  readonly extents: { at: number; start: number; length: number }[] = [];
  readonly #blocks: Blocks;
  /** Of the file. */
  readonly wanted: number;
  /** Blocks that were looked into: a hostile tree may not go on for ever. */
  looked = 0;
  constructor(blocks: Blocks, wanted: number) {
    this.#blocks = blocks;
    this.wanted = wanted;
  }
  get isFull(): boolean {
    return this.extents.length >= MOST_EXTENTS || this.looked > MOST_EXTENTS;
  }
  add(atBlock: number, block: number, count: number): void {
    const { blockBytes, blocks } = this.#blocks;
    const kept = Math.min(count, this.wanted - atBlock);
    if (kept <= 0) return;
    if (block <= 0 || block + kept > blocks || this.isFull) {
      this.#blocks.damaged();
      return;
    }
    const [at, start, length] = [atBlock * blockBytes, block * blockBytes, kept * blockBytes];
    const last = this.extents.at(-1);
    if (last && last.at + last.length === at && last.start + last.length === start) last.length += length;
    else this.extents.push({ at, start, length });
  }
}

async function readTree(node: Uint8Array, blocks: Blocks, found: Pieces, levels: number): Promise<void> {
  const view = viewOf(node);
  const depth = view.getUint16(6, true);
  const count = Math.min(view.getUint16(2, true), Math.floor((node.length - 12) / 12));
  if (view.getUint16(0, true) !== EXTENT_MAGIC || depth > levels || levels < 0) return blocks.damaged();
  for (let index = 0; index < count && !found.isFull; index++) {
    const at = 12 + index * 12;
    if (depth === 0) {
      const length = view.getUint16(at + 4, true);
      // Above 32768: room that was set aside and never written. It reads as zeros.
      if (length <= 32_768) found.add(view.getUint32(at, true), u64(view.getUint16(at + 6, true), view.getUint32(at + 8, true)), length);
      continue;
    }
    const child = u64(view.getUint16(at + 8, true), view.getUint32(at + 4, true));
    if (child <= 0 || child >= blocks.blocks) blocks.damaged();
    else {
      found.looked++;
      await readTree(await blocks.read(child), blocks, found, Math.min(depth, levels) - 1);
    }
  }
}

/** Twelve blocks, then one that names blocks, one that names such ones, and one more. */
async function readPointers(root: Uint8Array, blocks: Blocks, found: Pieces): Promise<void> {
  const view = viewOf(root);
  const perBlock = blocks.blockBytes / 4;
  for (let index = 0; index < 12; index++) {
    const block = view.getUint32(index * 4, true);
    if (block !== 0) found.add(index, block, 1);
  }
  let at = 12;
  for (let level = 1; level <= 3; level++) {
    const block = view.getUint32((11 + level) * 4, true);
    if (block !== 0) await readPointerBlock(block, level, at, blocks, found);
    at += perBlock ** level;
  }
}

async function readPointerBlock(block: number, level: number, atBlock: number, blocks: Blocks, found: Pieces): Promise<void> {
  if (block >= blocks.blocks) return blocks.damaged();
  if (atBlock >= found.wanted || found.isFull) return;
  found.looked++;
  const view = viewOf(await blocks.read(block));
  const each = (blocks.blockBytes / 4) ** (level - 1);
  for (let index = 0; index < blocks.blockBytes / 4 && !found.isFull; index++) {
    const at = atBlock + index * each;
    if (at >= found.wanted) return;
    const next = view.getUint32(index * 4, true);
    if (next === 0) continue;
    if (level === 1) found.add(at, next, 1);
    else await readPointerBlock(next, level - 1, at, blocks, found);
  }
}
