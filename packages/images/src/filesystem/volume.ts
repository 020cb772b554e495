// What the readers of file systems have in common: a tree of entries, each with what tells it from another, and where on
// the volume its content lies. Names and everything else are hostile; what is damaged is counted and passed over.
import type { Range } from "./ranges.ts";

export type EntryKind = "file" | "folder" | "link" | "other";

/** A piece of a file's content: where in the file, and where on the volume. What no piece covers reads as zeros. */
export interface Extent extends Range {
  /** Bytes from the beginning of the file. */
  readonly at: number;
}

export interface Entry {
  /** “/etc/hosts”. */
  readonly path: string;
  readonly kind: EntryKind;
  readonly sizeBytes: number;
  /** Rights, owner, times: differs when anything of that does. */
  readonly attributes: string;
  /** What it is beside its content: where a short link leads, which device it stands for. */
  readonly self: string;
  readonly content: readonly Extent[];
}

export interface Volume {
  /** “ext4”, “FAT32”. */
  readonly system: string;
  /** Parts that made no sense and were passed over. */
  problems(): number;
  /** Every entry below the root, in no order; at most `MOST_ENTRIES`. */
  walk(): AsyncIterable<Entry>;
  /** Content, at a place on the volume. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export const MOST_ENTRIES = 400_000;
export const MOST_DEPTH = 200;
/** Pieces of one file; a file in more pieces is not honest, or not worth it. */
export const MOST_EXTENTS = 300_000;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** As it stands there; bytes that are no UTF-8, and what would break a path, are written as \xNN. */
export function nameOf(bytes: Uint8Array): string {
  try {
    const text = decoder.decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those must not stand in a path
    if (!/[\u0000-\u001f/\\\u007f]/.test(text)) return text;
  } catch {
    // no UTF-8
  }
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x2f && byte !== 0x5c ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
