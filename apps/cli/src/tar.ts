// Just enough of tar (POSIX ustar, pax paths, GNU long names) to move a folder through a stream. What a guest sends is
// hostile: sizes, depth and counts are bounded, paths stay inside, and only files, folders and links that point
// inside come out. Anything else is counted and left out. Pure: no files here.

const BLOCK = 512;
const LONGEST_PATH = 4096;
const DEEPEST = 128;
const MOST_ENTRIES = 2_000_000;
const LARGEST_EXTENSION = 64 * 1024;
/** tar fills its last record with zeros: 10 KiB by custom, more when told to. */
const MOST_PADDING = 1024 * 1024;

export interface TarEntry {
  readonly kind: "file" | "folder" | "link" | "other";
  /** Relative, with /, without “.” and “..”; "" is the folder itself. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly mode: number;
  /** Where a link points, as written. */
  readonly target: string;
}
export type TarItem =
  | { readonly is: "entry"; readonly entry: TarEntry; readonly body: AsyncIterable<Uint8Array> }
  | { readonly is: "malformed"; readonly why: string };

/** Ends after the first malformed item. Each body must be read, or is skipped, before the next item is asked for. */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarItem, void, void> {
  const bytes = new ByteReader(chunks);
  let extended: { path?: string | undefined; target?: string | undefined; sizeBytes?: number | undefined } = {};
  for (let count = 0; count < MOST_ENTRIES; count++) {
    const block = await bytes.take(BLOCK);
    if (!block) return;
    if (block.every((byte) => byte === 0)) {
      if (!(await bytes.endsWithin(MOST_PADDING))) yield { is: "malformed", why: "it goes on after its end" };
      return;
    }
    const header = readHeader(block);
    if ("why" in header) return yield { is: "malformed", why: header.why };
    const { type } = header;
    if (type === "L" || type === "K" || type === "x" || type === "g") {
      if (header.sizeBytes > LARGEST_EXTENSION) return yield { is: "malformed", why: "a name is too long" };
      const data = await bytes.take(padded(header.sizeBytes));
      if (!data) return yield { is: "malformed", why: "it ends in the middle" };
      const text = Buffer.from(data.subarray(0, header.sizeBytes)).toString("utf8");
      if (type === "L") extended.path = text.replace(/\0.*$/s, "");
      else if (type === "K") extended.target = text.replace(/\0.*$/s, "");
      else if (type === "x") extended = { ...extended, ...readPax(text) };
      continue;
    }
    const path = safePath(extended.path ?? header.path);
    if (path === undefined) return yield { is: "malformed", why: "a path leads outside" };
    const kind = KIND[type] ?? "other";
    const sizeBytes = extended.sizeBytes ?? header.sizeBytes;
    const target = extended.target ?? header.target;
    extended = {};
    const body = bytes.part(sizeBytes);
    yield { is: "entry", entry: { kind, path, sizeBytes, mode: header.mode & 0o777, target }, body };
    if (!(await body.finish())) return yield { is: "malformed", why: "it ends in the middle" };
    if (!(await bytes.take(padded(sizeBytes) - sizeBytes))) return yield { is: "malformed", why: "it ends in the middle" };
  }
  yield { is: "malformed", why: "it has too many entries" };
}

const KIND: Readonly<Record<string, TarEntry["kind"]>> = { "0": "file", "\0": "file", "7": "file", "5": "folder", "2": "link" };
const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

interface Header {
  readonly path: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly type: string;
  readonly target: string;
}

/** POSIX.1-1988 header: name 0, mode 100, size 124, checksum 148, type 156, link 157, magic 257, prefix 345. */
function readHeader(block: Uint8Array): Header | { readonly why: string } {
  const text = (from: number, length: number): string => {
    const field = Buffer.from(block.subarray(from, from + length));
    const end = field.indexOf(0);
    return field.toString("utf8", 0, end < 0 ? length : end);
  };
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at] as number;
  if (Number.parseInt(text(148, 8).trim(), 8) !== sum) return { why: "a header is damaged" };
  const sizeBytes = readNumber(block.subarray(124, 136));
  if (sizeBytes === undefined) return { why: "a size is no number" };
  const prefix = text(257, 6) === "ustar" ? text(345, 155) : "";
  const name = text(0, 100);
  return {
    path: prefix ? `${prefix}/${name}` : name,
    mode: readNumber(block.subarray(100, 108)) ?? 0o644,
    sizeBytes,
    type: String.fromCharCode(block[156] as number),
    target: text(157, 100),
  };
}

/** Octal, or GNU base-256 when the first bit is set. */
function readNumber(field: Uint8Array): number | undefined {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = Buffer.from(field).toString("latin1").replace(/\0.*$/s, "").trim();
  if (text === "") return 0;
  return /^[0-7]{1,12}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** “LENGTH key=value\n” records; only path, linkpath and size are used. */
function readPax(text: string): { path?: string; target?: string; sizeBytes?: number } {
  const found: { path?: string; target?: string; sizeBytes?: number } = {};
  for (const record of text.split("\n")) {
    const match = /^\d+ (path|linkpath|size)=(.*)$/s.exec(record);
    if (!match) continue;
    const value = match[2] as string;
    if (match[1] === "path") found.path = value;
    else if (match[1] === "linkpath") found.target = value;
    else if (/^\d{1,15}$/.test(value)) found.sizeBytes = Number(value);
  }
  return found;
}

/** Undefined when it leads outside, is absolute, too long or too deep. */
export function safePath(path: string): string | undefined {
  if (path.length > LONGEST_PATH || path.startsWith("/") || path.includes("\0")) return undefined;
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") || parts.length > DEEPEST ? undefined : parts.join("/");
}

/** Does a link at `path` point to something within the folder? */
export function pointsInside(path: string, target: string): boolean {
  if (target === "" || target.startsWith("/") || target.length > LONGEST_PATH || target.includes("\0")) return false;
  let depth = path.split("/").length - 1;
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    depth += part === ".." ? -1 : 1;
    if (depth < 0) return false;
  }
  return true;
}

/** Bytes by count from chunks of any size; holds at most what one `take` asks for. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** At most `most` bytes, at least one; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  /** Exactly `count` bytes; undefined when it ends before. */
  async take(count: number): Promise<Uint8Array | undefined> {
    const taken = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const part = await this.some(count - at);
      if (!part) return undefined;
      taken.set(part, at);
      at += part.length;
    }
    return taken;
  }

  /** Reads to the end, when that is near: whoever sends waits until all was taken. */
  async endsWithin(most: number): Promise<boolean> {
    let left = most;
    for (let part = await this.some(left); part; part = await this.some(left)) {
      left -= part.length;
      if (left <= 0) return false;
    }
    return true;
  }

  part(count: number): AsyncIterable<Uint8Array> & { finish(): Promise<boolean> } {
    let left = count;
    const next = async (): Promise<Uint8Array | undefined> => {
      if (left === 0) return undefined;
      const part = await this.some(left);
      if (part) left -= part.length;
      return part;
    };
    return {
      async *[Symbol.asyncIterator]() {
        for (let part = await next(); part; part = await next()) yield part;
      },
      /** Reads over what nobody read; false when the stream ended too early. */
      finish: async () => {
        while (await next());
        return left === 0;
      },
    };
  }
}

/** Header blocks of one entry, with a GNU long name before it where 100 bytes do not do. Times and owners are left to the receiver. */
export function tarHeader(entry: TarEntry): Uint8Array {
  const blocks: Buffer[] = [];
  const path = entry.kind === "folder" ? `${entry.path}/` : entry.path;
  if (Buffer.byteLength(path) > 100) blocks.push(...longName("L", path));
  if (Buffer.byteLength(entry.target) > 100) blocks.push(...longName("K", entry.target));
  const type = entry.kind === "folder" ? "5" : entry.kind === "link" ? "2" : "0";
  blocks.push(headerBlock(path, entry.mode, entry.kind === "file" ? entry.sizeBytes : 0, type, entry.target));
  return Buffer.concat(blocks);
}

export const tarPadding = (sizeBytes: number): Uint8Array => new Uint8Array(padded(sizeBytes) - sizeBytes);
export const tarEnd = (): Uint8Array => new Uint8Array(2 * BLOCK);

function longName(type: "L" | "K", name: string): Buffer[] {
  const bytes = Buffer.from(`${name}\0`);
  return [headerBlock("././@LongLink", 0o644, bytes.length, type, ""), bytes, Buffer.alloc(padded(bytes.length) - bytes.length)];
}

function headerBlock(path: string, mode: number, sizeBytes: number, type: string, target: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0, 100);
  block.write(`${(mode & 0o777).toString(8).padStart(7, "0")}\0`, 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  if (sizeBytes < 8 ** 11) block.write(`${sizeBytes.toString(8).padStart(11, "0")}\0`, 124);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  block.write("00000000000\0", 136);
  block.write("        ", 148);
  block.write(type, 156);
  block.write(target, 157, 100);
  block.write("ustar  \0", 257);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
