// Documents on the disk: save keeps the previous copy, load falls back to it and says so. What cannot even be opened (a link in
// its place, no right to read it) is one that cannot be read, like any: it is no reason for everything else to stand still.
import { messageOf } from "@mimic/base";
import { type DocumentKind, readDocument, writeDocument } from "../document.ts";
import type { Files } from "./files.ts";

export type Loaded<T> =
  | { readonly kind: "found"; readonly body: T; readonly rev: number; readonly fellBack?: string | undefined }
  | { readonly kind: "absent" }
  | { readonly kind: "newer" | "unreadable"; readonly why: string };

class Unread {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

export class Documents<T> {
  readonly #files: Files;
  readonly #kind: DocumentKind<T>;
  readonly #revs = new Map<string, number>();
  constructor(files: Files, kind: DocumentKind<T>) {
    this.#files = files;
    this.#kind = kind;
  }

  async load(path: string): Promise<Loaded<T>> {
    const now = await this.#read(path);
    if (now.kind === "found" || now.kind === "newer") return now;
    const before = await this.#read(`${path}.bak`);
    if (before.kind !== "found") return now;
    return { ...before, fellBack: now.kind === "absent" ? "it was missing" : now.why };
  }

  /** `files`: another way of writing, for what need not survive the computer. */
  async save(path: string, body: T, files: Files = this.#files): Promise<void> {
    const rev = (this.#revs.get(path) ?? 0) + 1;
    await files.replace(path, writeDocument(this.#kind, rev, body));
    this.#revs.set(path, rev);
  }

  async #read(path: string): Promise<Loaded<T>> {
    const text = await this.#files.readText(path).catch((error: unknown) => new Unread(messageOf(error)));
    if (text === undefined) return { kind: "absent" };
    if (text instanceof Unread) return { kind: "unreadable", why: text.why };
    const read = readDocument(this.#kind, text);
    if (read.kind !== "read") return read;
    this.#revs.set(path, read.document.rev);
    return { kind: "found", body: read.document.body, rev: read.document.rev };
  }
}
