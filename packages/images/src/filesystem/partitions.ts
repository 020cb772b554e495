// Where the parts of a disk are: MBR with its chain of logical parts, and GPT (UEFI specification 2.10, chapter 5). A disk
// without a table is one part. Damaged tables give the parts that make sense.
import { type Source, u64, viewOf } from "./source.ts";

export interface Part {
  /** 0 = the whole disk. */
  readonly number: number;
  readonly start: number;
  readonly sizeBytes: number;
}

const SECTOR = 512;
const MOST_PARTS = 128;
const PROTECTIVE = 0xee;
const EXTENDED = new Set([0x05, 0x0f, 0x85]);

export async function partsOf(source: Source): Promise<readonly Part[]> {
  const whole: Part = { number: 0, start: 0, sizeBytes: source.sizeBytes };
  const head = await source.read(0, SECTOR);
  const first = primaryParts(head);
  if (first === undefined) return [whole];
  if (first.some(({ type }) => type === PROTECTIVE)) {
    const parts = await gptParts(source);
    if (parts.length > 0) return parts;
  }
  const parts: Part[] = [];
  for (const { number, type, start, sizeBytes } of first) {
    if (EXTENDED.has(type)) parts.push(...(await logicalParts(source, start)));
    else if (type !== PROTECTIVE) parts.push({ number, start, sizeBytes });
  }
  return parts.filter((part) => isInside(part, source)).slice(0, MOST_PARTS);
}

const isInside = ({ start, sizeBytes }: Part, source: Source): boolean => start > 0 && sizeBytes > 0 && start < source.sizeBytes;

/** Undefined = no table: the boot sector of a file system has the same signature at its end. */
function primaryParts(sector: Uint8Array): readonly (Part & { readonly type: number })[] | undefined {
  const view = viewOf(sector);
  if (view.getUint16(510) !== 0x55aa) return undefined;
  const parts = [];
  for (let index = 0; index < 4; index++) {
    const at = 446 + index * 16;
    const status = view.getUint8(at);
    if (status !== 0 && status !== 0x80) return undefined;
    const type = view.getUint8(at + 4);
    const part = {
      number: index + 1,
      type,
      start: view.getUint32(at + 8, true) * SECTOR,
      sizeBytes: view.getUint32(at + 12, true) * SECTOR,
    };
    if (type !== 0 && part.sizeBytes > 0) parts.push(part);
  }
  return parts.length > 0 ? parts : undefined;
}

async function logicalParts(source: Source, extended: number): Promise<readonly Part[]> {
  const parts: Part[] = [];
  const seen = new Set<number>();
  for (let at = extended; !seen.has(at) && at < source.sizeBytes && parts.length < MOST_PARTS; ) {
    seen.add(at);
    const view = viewOf(await source.read(at, SECTOR));
    if (view.getUint16(510) !== 0x55aa) break;
    const sizeBytes = view.getUint32(446 + 12, true) * SECTOR;
    if (sizeBytes > 0) parts.push({ number: 5 + parts.length, start: at + view.getUint32(446 + 8, true) * SECTOR, sizeBytes });
    const next = view.getUint32(462 + 8, true);
    if (next === 0 || !EXTENDED.has(view.getUint8(462 + 4))) break;
    at = extended + next * SECTOR;
  }
  return parts;
}

async function gptParts(source: Source): Promise<readonly Part[]> {
  const head = viewOf(await source.read(SECTOR, SECTOR));
  if (head.getUint32(0) !== 0x45464920 || head.getUint32(4) !== 0x50415254) return [];
  const at = u64(head.getUint32(76, true), head.getUint32(72, true)) * SECTOR;
  const count = Math.min(head.getUint32(80, true), MOST_PARTS);
  const size = head.getUint32(84, true);
  if (size < 128 || size > 4096 || !Number.isSafeInteger(at)) return [];
  const parts: Part[] = [];
  for (let index = 0; index < count; index++) {
    const entry = viewOf(await source.read(at + index * size, 128));
    const isUsed = [0, 4, 8, 12].some((place) => entry.getUint32(place) !== 0);
    const start = u64(entry.getUint32(36, true), entry.getUint32(32, true)) * SECTOR;
    const end = u64(entry.getUint32(44, true), entry.getUint32(40, true)) * SECTOR + SECTOR;
    const part = { number: index + 1, start, sizeBytes: end - start };
    if (isUsed && Number.isSafeInteger(end) && isInside(part, source)) parts.push(part);
  }
  return parts;
}
