// What the journal of ext3 and ext4 (jbd2) holds that is not in its place yet: a disk that was kept while its system ran has
// its latest changes only there. Nothing is written; later reads look here first. Numbers are big-endian.
// (Linux Documentation/filesystems/ext4/journal.rst, fs/jbd2/recovery.c)
import { u64, viewOf } from "../source.ts";

const MAGIC = 0xc03b3998;
const KIND = { descriptor: 1, commit: 2, superV1: 3, superV2: 4, revoke: 5 } as const;
const FEATURE = { wide: 0x2, checksumV2: 0x8, checksumV3: 0x10, fastCommit: 0x20 } as const;
const TAG = { escaped: 1, sameUuid: 2, last: 8 } as const;
const MOST_BLOCKS = 1 << 20;

export interface JournalBlocks {
  readonly blockBytes: number;
  /** Blocks of the journal itself. */
  readonly count: number;
  read(index: number): Promise<Uint8Array>;
}

/** Where the latest content of a block of the file system is: in this block of the journal. */
export interface Latest {
  readonly index: number;
  /** Its first four bytes were taken out, because they look like the journal's own mark. */
  readonly isEscaped: boolean;
}

interface Head {
  readonly first: number;
  readonly end: number;
  readonly start: number;
  readonly sequence: number;
  readonly features: number;
}

/** Block of the file system → where its content is. Empty when everything is in its place, or the journal makes no sense. */
export async function readJournal(journal: JournalBlocks): Promise<ReadonlyMap<number, Latest>> {
  const head = await readHead(journal);
  if (head === undefined || head.start === 0) return new Map();
  const latest = new Map<number, Latest>();
  /** Of a transaction whose end has not been seen: counts for nothing until it is. */
  let open: { blocks: [number, Latest][]; revoked: number[] } = { blocks: [], revoked: [] };
  let { sequence } = head;
  let at = head.start;
  const next = (): number => {
    const index = at;
    at = at + 1 >= head.end ? head.first : at + 1;
    return index;
  };
  for (let looked = 0; looked < Math.min(head.end, MOST_BLOCKS); looked++) {
    const bytes = await journal.read(next());
    const view = viewOf(bytes);
    if (view.getUint32(0) !== MAGIC || view.getUint32(8) !== sequence) break;
    const kind = view.getUint32(4);
    if (kind === KIND.descriptor) {
      for (const { block, isEscaped } of parseTags(bytes, head.features)) {
        open.blocks.push([block, { index: next(), isEscaped }]);
        looked++;
      }
    } else if (kind === KIND.revoke) open.revoked.push(...parseRevoked(bytes, head.features));
    else if (kind === KIND.commit) {
      // What a transaction gives up it may write anew itself.
      for (const block of open.revoked) latest.delete(block);
      for (const [block, where] of open.blocks) latest.set(block, where);
      open = { blocks: [], revoked: [] };
      sequence = (sequence + 1) >>> 0;
    } else break;
  }
  return latest;
}

async function readHead(journal: JournalBlocks): Promise<Head | undefined> {
  const view = viewOf(await journal.read(0));
  const kind = view.getUint32(4);
  if (view.getUint32(0) !== MAGIC || (kind !== KIND.superV1 && kind !== KIND.superV2)) return undefined;
  if (view.getUint32(0xc) !== journal.blockBytes) return undefined;
  const features = kind === KIND.superV2 ? view.getUint32(0x28) : 0;
  const count = Math.min(view.getUint32(0x10), journal.count);
  // Quick commits lie behind the ring, and stand for nothing that a reader of the tree could miss by more than seconds.
  const fast = features & FEATURE.fastCommit ? view.getUint32(0x54) || 256 : 0;
  const head = { first: view.getUint32(0x14), end: count - fast, start: view.getUint32(0x1c), sequence: view.getUint32(0x18), features };
  return head.first > 0 && head.first < head.end && head.start < head.end ? head : undefined;
}

function parseTags(bytes: Uint8Array, features: number): readonly { readonly block: number; readonly isEscaped: boolean }[] {
  const view = viewOf(bytes);
  const isV3 = (features & FEATURE.checksumV3) !== 0;
  const isWide = (features & FEATURE.wide) !== 0;
  const size = isV3 ? 16 : isWide ? 12 : 8;
  const end = bytes.length - (features & (FEATURE.checksumV2 | FEATURE.checksumV3) ? 4 : 0);
  const tags = [];
  for (let at = 12; at + size <= end; ) {
    const flags = isV3 ? view.getUint32(at + 4) : view.getUint16(at + 6);
    const high = isWide ? view.getUint32(at + 8) : 0;
    tags.push({ block: u64(high, view.getUint32(at)), isEscaped: (flags & TAG.escaped) !== 0 });
    if (flags & TAG.last) break;
    at += size + (flags & TAG.sameUuid ? 0 : 16);
  }
  return tags;
}

function parseRevoked(bytes: Uint8Array, features: number): readonly number[] {
  const view = viewOf(bytes);
  const isWide = (features & FEATURE.wide) !== 0;
  const end = Math.min(view.getUint32(12), bytes.length);
  const blocks: number[] = [];
  const size = isWide ? 8 : 4;
  for (let at = 16; at + size <= end; at += size)
    blocks.push(isWide ? u64(view.getUint32(at), view.getUint32(at + 4)) : view.getUint32(at));
  return blocks;
}

/** The block as the file system shall see it. */
export function asMeant(bytes: Uint8Array, { isEscaped }: Latest): Uint8Array {
  if (!isEscaped) return bytes;
  const whole = bytes.slice();
  viewOf(whole).setUint32(0, MAGIC);
  return whole;
}
