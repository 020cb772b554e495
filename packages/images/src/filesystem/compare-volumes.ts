// Two times of one volume, file by file. What neither time wrote to needs no reading: the layers between the two say
// where anything was written. What was written to is looked at byte by byte, as far as the budget goes.
import type { FileChange } from "@mimic/model";
import { joinRanges, type Range, touches } from "./ranges.ts";
import type { Entry, Extent, Volume } from "./volume.ts";

export const MOST_LISTED = 2000;
const PIECE = 1024 * 1024;

interface Seen {
  readonly kind: Entry["kind"];
  readonly sizeBytes: number;
  readonly attributes: string;
  readonly self: string;
  /** Where its content lies, in one word. */
  readonly layout: string;
  /** Held only where the content must be looked at. */
  readonly content: readonly Extent[] | undefined;
}

export interface Compared {
  readonly changes: readonly FileChange[];
  readonly counts: Readonly<Record<FileChange["change"], number>>;
  /** More differ than are listed. */
  readonly isCut: boolean;
  /** Files that were written to and are taken to differ, since the budget was spent. */
  readonly unread: number;
  readonly problems: number;
}

export interface Budget {
  /** Bytes of content that may still be read on each side. */
  bytes: number;
}

/** `written`: where on the volume anything was written on either side since both were the same. */
export async function compareVolumes(from: Volume, to: Volume, written: readonly Range[], budget: Budget): Promise<Compared> {
  const ranges = joinRanges(written);
  const before = new Map<string, Seen>();
  for await (const entry of from.walk()) before.set(entry.path, seenOf(entry, ranges, true));
  const changes: FileChange[] = [];
  let unread = 0;
  for await (const entry of to.walk()) {
    const old = before.get(entry.path);
    before.delete(entry.path);
    const { path, kind, sizeBytes } = entry;
    if (old === undefined) {
      changes.push({ path, kind, change: "added", sizeAfter: sizeBytes });
      continue;
    }
    const verdict = await differ({ from, to, ranges, budget }, old, entry);
    if (verdict === "unread") unread++;
    if (verdict !== "same")
      changes.push({ path, kind, change: verdict === "attributes" ? verdict : "changed", sizeBefore: old.sizeBytes, sizeAfter: sizeBytes });
  }
  for (const [path, { kind, sizeBytes }] of before) changes.push({ path, kind, change: "removed", sizeBefore: sizeBytes });
  changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  const counts = { added: 0, removed: 0, changed: 0, attributes: 0 };
  for (const { change } of changes) counts[change]++;
  return {
    changes: changes.slice(0, MOST_LISTED),
    counts,
    isCut: changes.length > MOST_LISTED,
    unread,
    problems: from.problems() + to.problems(),
  };
}

function seenOf({ kind, sizeBytes, attributes, self, content }: Entry, ranges: readonly Range[], keeps: boolean): Seen {
  const isTouched = content.some((extent) => touches(ranges, extent));
  const layout = content.map(({ at, start, length }) => `${at}:${start}+${length}`).join();
  return { kind, sizeBytes, attributes, self, layout: shorten(layout), content: keeps || isTouched ? content : undefined };
}

/** Long lists of pieces are told apart by a number of 53 bits; content that lies elsewhere is read anyway. */
function shorten(text: string): string {
  if (text.length <= 40) return text;
  let [a, b] = [0x811c9dc5, 0x1b873593];
  for (let at = 0; at < text.length; at++) {
    a = Math.imul(a ^ text.charCodeAt(at), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(at), 0x85ebca6b) + at;
  }
  return `${text.length}:${(a >>> 0).toString(36)}:${(b >>> 0).toString(36)}`;
}

interface Sides {
  readonly from: Volume;
  readonly to: Volume;
  readonly ranges: readonly Range[];
  readonly budget: Budget;
}

async function differ(sides: Sides, old: Seen, entry: Entry): Promise<"same" | "changed" | "attributes" | "unread"> {
  const now = seenOf(entry, sides.ranges, false);
  if (old.kind !== now.kind || old.sizeBytes !== now.sizeBytes || old.self !== now.self) return "changed";
  const attributes = old.attributes === now.attributes ? "same" : "attributes";
  if (old.layout === now.layout && now.content === undefined) return attributes;
  if (now.sizeBytes > sides.budget.bytes) return "unread";
  sides.budget.bytes -= now.sizeBytes;
  return (await isSameContent(sides, old.content ?? [], entry)) ? attributes : "changed";
}

async function isSameContent({ from, to }: Sides, old: readonly Extent[], { content, sizeBytes }: Entry): Promise<boolean> {
  for (let at = 0; at < sizeBytes; at += PIECE) {
    const length = Math.min(PIECE, sizeBytes - at);
    const [a, b] = await Promise.all([contentAt(from, old, at, length), contentAt(to, content, at, length)]);
    if (!isEqual(a, b)) return false;
  }
  return true;
}

/** What no piece covers reads as zeros. */
async function contentAt(volume: Volume, content: readonly Extent[], at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (const extent of content) {
    const start = Math.max(at, extent.at);
    const end = Math.min(at + length, extent.at + extent.length);
    if (start < end) bytes.set(await volume.read(extent.start + (start - extent.at), end - start), start - at);
  }
  return bytes;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
