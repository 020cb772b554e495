// Writes tar entries (GNU form, which also the smallest tar programs read). Only what a root file system needs.

export interface TarMeta {
  /** Relative. */
  readonly path: string;
  readonly kind: "file" | "folder" | "link" | "hard";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly sizeBytes: number;
  readonly target: string;
}

const BLOCK = 512;
const TYPE = { file: "0", hard: "1", link: "2", folder: "5" } as const;
const text = new TextEncoder();

export const tarPadding = (sizeBytes: number): number => (BLOCK - (sizeBytes % BLOCK)) % BLOCK;

/** Two empty blocks. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);

function header(name: Uint8Array, link: Uint8Array, type: string, meta: Omit<TarMeta, "path" | "kind" | "target">): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const octal = (value: number, at: number, length: number) => block.set(text.encode(value.toString(8).padStart(length - 1, "0")), at);
  block.set(name.subarray(0, 100), 0);
  octal(meta.mode, 100, 8);
  octal(meta.uid, 108, 8);
  octal(meta.gid, 116, 8);
  octal(meta.sizeBytes, 124, 12);
  octal(meta.mtime, 136, 12);
  block.fill(32, 148, 156);
  block.set(text.encode(type), 156);
  block.set(link.subarray(0, 100), 157);
  block.set(text.encode("ustar  \0"), 257);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.set(text.encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return block;
}

function longEntry(type: "L" | "K", value: Uint8Array): Uint8Array[] {
  const body = new Uint8Array(value.length + 1 + tarPadding(value.length + 1));
  body.set(value);
  const meta = { mode: 0, uid: 0, gid: 0, mtime: 0, sizeBytes: value.length + 1 };
  return [header(text.encode("././@LongLink"), new Uint8Array(0), type, meta), body];
}

/** All that stands before the body; after it come `tarPadding(sizeBytes)` zeroes. Sizes up to 8 GiB. */
export function tarHeader(meta: TarMeta): Uint8Array {
  const name = text.encode(meta.kind === "folder" ? `${meta.path}/` : meta.path);
  const link = text.encode(meta.target);
  const blocks = [
    ...(link.length > 100 ? longEntry("K", link) : []),
    ...(name.length > 100 ? longEntry("L", name) : []),
    header(name, link, TYPE[meta.kind], { ...meta, sizeBytes: meta.kind === "file" ? meta.sizeBytes : 0 }),
  ];
  const out = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    out.set(block, at);
    at += block.length;
  }
  return out;
}
