// A streaming tar reader (ustar and GNU long names) that only enumerates: names are data, never paths.
// Files, folders and symbolic links are reported, hard links when asked for; devices and pax overrides are refused.
import { asciiField, type ByteReader, malformed } from "./byte-reader.ts";

export interface TarEntry {
  /** Relative, without "./", "..", empty parts or (see `rootFileSystem`) backslashes: checked. */
  readonly path: string;
  /** "hard" comes only to who asked for hard links; its target is a path as checked as `path`. */
  readonly kind: "file" | "folder" | "link" | "hard";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly sizeBytes: number;
  /** Of a symbolic link: any text. */
  readonly target: string;
  readonly body: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
const MAX_ENTRIES = 100_000;
const MAX_NAME = 4096;

function readNumber(header: Uint8Array, from: number, length: number): number {
  const first = header[from] ?? 0;
  if (first & 0x80) {
    let value = first & 0x7f;
    for (const byte of header.subarray(from + 1, from + length)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw malformed("archive", "an entry's size is impossible");
    return value;
  }
  const text = asciiField(header, from, length).trim();
  if (!/^[0-7]*$/.test(text)) throw malformed("archive", "an entry's header holds no number where one must be");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

function checksumHolds(header: Uint8Array): boolean {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] ?? 0);
  return sum === readNumber(header, 148, 8);
}

/** “./a/b/” → “a/b”; undefined when the name leaves the archive's own tree or hides something. */
export function safePath(name: string, backslashes = false): string | undefined {
  if (name.length > MAX_NAME || name.startsWith("/") || (!backslashes && name.includes("\\")) || name.includes("\0")) return undefined;
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") ? undefined : parts.join("/");
}

const utf8 = new TextDecoder();
const readName = (bytes: Uint8Array): string => utf8.decode(bytes).replace(/\0[\s\S]*$/, "");

/**
 * Throws `archive.malformed`. A body that was not read is skipped. `rootFileSystem`: hard links are accepted, and
 * backslashes in names (systemd has some).
 */
export async function* readTar(
  reader: ByteReader,
  accept: { readonly rootFileSystem?: boolean } = {},
): AsyncGenerator<TarEntry, void, void> {
  let longName: string | undefined;
  let longTarget: string | undefined;
  for (let count = 0; count < MAX_ENTRIES; count++) {
    const header = await reader.read(BLOCK);
    if (!header || header.every((byte) => byte === 0)) return;
    if (!checksumHolds(header)) throw malformed("archive", "an entry's header is damaged");
    const sizeBytes = readNumber(header, 124, 12);
    const padding = (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
    const type = String.fromCharCode(header[156] || 0x30);
    if (type === "L" || type === "K") {
      if (sizeBytes > MAX_NAME) throw malformed("archive", "a name in it is too long");
      const text = readName((await reader.read(sizeBytes)) ?? new Uint8Array(0));
      await reader.skip(padding);
      if (type === "L") longName = text;
      else longTarget = text;
      continue;
    }
    const kind =
      type === "0" ? "file" : type === "5" ? "folder" : type === "2" ? "link" : type === "1" && accept.rootFileSystem ? "hard" : undefined;
    const prefix = asciiField(header, 257, 5) === "ustar" && header[262] === 0 ? readName(header.subarray(345, 500)) : "";
    const short = readName(header.subarray(0, 100));
    const path = safePath(longName ?? (prefix ? `${prefix}/${short}` : short), accept.rootFileSystem);
    if (!kind) throw malformed("archive", `it holds an entry of a kind that is not accepted (type “${type.replace(/[^!-~]/g, "?")}”)`);
    if (path === undefined) throw malformed("archive", "an entry's name leads out of the archive");
    if (kind !== "file" && sizeBytes !== 0) throw malformed("archive", "an entry that cannot have bytes has some");
    const said = kind === "link" || kind === "hard" ? (longTarget ?? readName(header.subarray(157, 257))) : "";
    const target = kind === "hard" ? safePath(said, true) : said;
    if (target === undefined) throw malformed("archive", "a hard link leads out of the archive");
    let left = sizeBytes;
    const body = (async function* () {
      for await (const chunk of reader.stream(left)) {
        left -= chunk.length;
        yield chunk;
      }
    })();
    const [mode, uid, gid, mtime] = [
      readNumber(header, 100, 8) & 0o7777,
      readNumber(header, 108, 8),
      readNumber(header, 116, 8),
      readNumber(header, 136, 12),
    ];
    yield { path, kind, mode, uid, gid, mtime, sizeBytes, target, body };
    await body.return?.();
    await reader.skip(left + padding);
    longName = undefined;
    longTarget = undefined;
  }
  throw malformed("archive", "it has too many entries");
}
