// The superblock of ext2, ext3 and ext4 (Linux Documentation/filesystems/ext4/super.rst), and where the tables of inodes
// are. All numbers are little-endian.
import { type Source, u64, viewOf } from "../source.ts";

export const INCOMPAT = { recover: 0x4, journalDevice: 0x8, metaGroups: 0x10, extents: 0x40, wide: 0x80 } as const;
/** What does not change how the tree and the content are read, beside those above. */
const READABLE = 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x20000;
const UNREADABLE: readonly (readonly [number, string])[] = [
  [0x1, "it is compressed"],
  [0x8, "it is the journal of another one"],
  [0x8000, "it keeps small files within their inodes"],
  [0x10000, "its files are encrypted"],
];
const SPARSE_SUPER = 0x1;
const HAS_JOURNAL = 0x4;

export interface Superblock {
  readonly system: "ext2" | "ext3" | "ext4";
  readonly blockBytes: number;
  readonly blocks: number;
  readonly inodes: number;
  readonly inodeBytes: number;
  readonly blocksPerGroup: number;
  readonly inodesPerGroup: number;
  readonly firstBlock: number;
  readonly descriptorBytes: number;
  readonly incompat: number;
  readonly isSparse: boolean;
  readonly firstMetaGroup: number;
  /** 0 = none. */
  readonly journalInode: number;
}

export type NotExt = { readonly kind: "other" } | { readonly kind: "unreadable"; readonly why: string };

export async function readSuperblock(source: Source): Promise<Superblock | NotExt> {
  const view = viewOf(await source.read(1024, 1024));
  if (view.getUint16(0x38, true) !== 0xef53) return { kind: "other" };
  const incompat = view.getUint32(0x60, true);
  for (const [bit, why] of UNREADABLE) if (incompat & bit) return { kind: "unreadable", why };
  if ((incompat & ~READABLE) !== 0) return { kind: "unreadable", why: "it has features that Mimic does not know" };
  const isWide = (incompat & INCOMPAT.wide) !== 0;
  const compat = view.getUint32(0x5c, true);
  const isOld = view.getUint32(0x4c, true) === 0;
  const superblock: Superblock = {
    system: incompat & INCOMPAT.extents ? "ext4" : compat & HAS_JOURNAL ? "ext3" : "ext2",
    blockBytes: 2 ** (10 + Math.min(view.getUint32(0x18, true), 10)),
    blocks: u64(isWide ? view.getUint32(0x150, true) : 0, view.getUint32(4, true)),
    inodes: view.getUint32(0, true),
    inodeBytes: isOld ? 128 : view.getUint16(0x58, true),
    blocksPerGroup: view.getUint32(0x20, true),
    inodesPerGroup: view.getUint32(0x28, true),
    firstBlock: view.getUint32(0x14, true),
    descriptorBytes: isWide ? view.getUint16(0xfe, true) : 32,
    incompat,
    isSparse: (view.getUint32(0x64, true) & SPARSE_SUPER) !== 0,
    firstMetaGroup: view.getUint32(0x104, true),
    journalInode: compat & HAS_JOURNAL ? view.getUint32(0xe0, true) : 0,
  };
  return makesSense(superblock) ? superblock : { kind: "unreadable", why: "its superblock is damaged" };
}

function makesSense(s: Superblock): boolean {
  const isPower = (n: number): boolean => n > 0 && (n & (n - 1)) === 0;
  return (
    s.blockBytes <= 65_536 &&
    isPower(s.inodeBytes) &&
    s.inodeBytes >= 128 &&
    s.inodeBytes <= s.blockBytes &&
    isPower(s.descriptorBytes) &&
    s.descriptorBytes >= 32 &&
    s.descriptorBytes <= 1024 &&
    s.blocksPerGroup > 0 &&
    s.inodesPerGroup > 0 &&
    s.blocks > s.firstBlock &&
    s.firstBlock <= 1
  );
}

/** In which block, and where in it, the descriptor of a group stands. */
export function descriptorPlace(s: Superblock, group: number): { readonly block: number; readonly offset: number } {
  const perBlock = s.blockBytes / s.descriptorBytes;
  const index = Math.floor(group / perBlock);
  const offset = (group % perBlock) * s.descriptorBytes;
  if (!(s.incompat & INCOMPAT.metaGroups) || index < s.firstMetaGroup) return { block: s.firstBlock + 1 + index, offset };
  const first = index * perBlock;
  return { block: s.firstBlock + first * s.blocksPerGroup + (hasSuperblock(s, first) ? 1 : 0), offset };
}

function hasSuperblock({ isSparse }: Superblock, group: number): boolean {
  if (!isSparse || group <= 1) return true;
  for (const base of [3, 5, 7]) {
    let power = base;
    while (power < group) power *= base;
    if (power === group) return true;
  }
  return false;
}
