// The files of the web interface, from a list made when the daemon starts: a request's path is looked up,
// never joined, so no path can lead out. Compressed copies beside a file (.br, .gz) are used when present;
// text is otherwise compressed once and kept. A newer index.html (the interface was built again) renews the list.
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
};
const TEXT = new Set([".html", ".js", ".mjs", ".css", ".json", ".svg", ".webmanifest", ".txt"]);
const FILES_LIMIT = 2000;
const FILE_BYTES_LIMIT = 16 * 1024 ** 2;

export interface WebFile {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly encoding: "br" | "gzip" | undefined;
  /** Its name holds a hash of its bytes. */
  readonly immutable: boolean;
}

interface Entry {
  readonly path: string;
  readonly encodings: readonly string[];
}

export class WebFiles {
  readonly #folder: string;
  #entries: ReadonlyMap<string, Entry> = new Map();
  #kept = new Map<string, WebFile>();
  #indexStamp = -1;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** `path` as in the address, still encoded. A path of no file and no ending is a page of the interface: index.html. */
  async find(path: string, acceptEncoding: string): Promise<WebFile | undefined> {
    await this.#renew();
    const name = path === "/" ? "/index.html" : path;
    const isPage = !this.#entries.has(name) && !name.slice(name.lastIndexOf("/")).includes(".");
    const key = isPage ? "/index.html" : name;
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const encoding = choose(acceptEncoding, entry, key);
    const keptKey = `${encoding ?? "plain"} ${key}`;
    const kept = this.#kept.get(keptKey);
    if (kept !== undefined) return kept;
    const file = await this.#load(key, entry, encoding).catch(() => undefined);
    if (file !== undefined && encoding !== undefined) this.#kept.set(keptKey, file);
    return file;
  }

  async #load(key: string, entry: Entry, encoding: "br" | "gzip" | undefined): Promise<WebFile> {
    const ready = encoding !== undefined && entry.encodings.includes(encoding);
    const bytes = await readFile(ready ? entry.path + ENDINGS[encoding] : entry.path);
    return {
      bytes: encoding === undefined || ready ? bytes : await promisify(gzip)(bytes, { level: 9 }),
      type: TYPES[extname(key)] ?? "application/octet-stream",
      encoding,
      immutable: key.startsWith("/assets/") && /[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/.test(key),
    };
  }

  async #renew(): Promise<void> {
    const facts = await stat(join(this.#folder, "index.html")).catch(() => undefined);
    const stamp = facts === undefined ? 0 : facts.mtimeMs + facts.ino;
    if (stamp === this.#indexStamp) return;
    this.#indexStamp = stamp;
    this.#kept = new Map();
    this.#entries = facts === undefined ? new Map() : await listFiles(this.#folder);
  }
}

const ENDINGS = { br: ".br", gzip: ".gz" } as const;

function choose(acceptEncoding: string, entry: Entry, key: string): "br" | "gzip" | undefined {
  const accepts = (name: string) => new RegExp(`(^|[\\s,])${name}(\\s*;\\s*q=(1|0\\.[0-9]*[1-9]))?\\s*(,|$)`).test(acceptEncoding);
  if (entry.encodings.includes("br") && accepts("br")) return "br";
  return (entry.encodings.includes("gzip") || TEXT.has(extname(key))) && accepts("gzip") ? "gzip" : undefined;
}

/** Plain files only: a link could lead anywhere. */
async function listFiles(folder: string): Promise<ReadonlyMap<string, Entry>> {
  const paths = new Map<string, string>();
  for (const item of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!item.isFile() || paths.size >= FILES_LIMIT) continue;
    const path = join(item.parentPath, item.name);
    if ((await lstat(path)).size <= FILE_BYTES_LIMIT) paths.set(path.slice(folder.replace(/\/+$/, "").length), path);
  }
  const entries = new Map<string, Entry>();
  for (const [name, path] of paths) {
    const encodings = (["br", "gzip"] as const).filter((encoding) => paths.has(name + ENDINGS[encoding]));
    entries.set(name, { path, encodings });
  }
  return entries;
}
