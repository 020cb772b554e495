// A document on the disk: JSON that a person can read, with a version and a revision around it.
// Reading is total: whatever is there, the answer is a body or a reason in words.
import type { z } from "zod";

export interface Document<T> {
  readonly schemaVersion: number;
  /** Grows by one with each save. */
  readonly rev: number;
  readonly body: T;
}

export type ReadDocument<T> =
  | { readonly kind: "read"; readonly document: Document<T> }
  | { readonly kind: "newer" | "unreadable"; readonly why: string };

export interface DocumentKind<T> {
  readonly schemaVersion: number;
  readonly schema: z.ZodType<T>;
  /** Turns version n into n + 1, by n; tested with documents of each released version. */
  readonly migrations?: Readonly<Record<number, (body: unknown) => unknown>>;
}

export function writeDocument<T>(kind: DocumentKind<T>, rev: number, body: T): string {
  return `${JSON.stringify({ schemaVersion: kind.schemaVersion, rev, body }, null, 2)}\n`;
}

export function readDocument<T>(kind: DocumentKind<T>, text: string): ReadDocument<T> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kind: "unreadable", why: "it is not JSON (cut off or damaged)" };
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return { kind: "unreadable", why: "it is not a document" };
  const { schemaVersion, rev, body } = raw as Record<string, unknown>;
  if (!Number.isInteger(schemaVersion) || !Number.isInteger(rev)) return { kind: "unreadable", why: "it has no version" };
  let version = schemaVersion as number;
  if (version > kind.schemaVersion)
    return {
      kind: "newer",
      why: `it was written by a newer Mimic (version ${version} of this kind of document; this one knows ${kind.schemaVersion})`,
    };
  let current: unknown = body;
  for (; version < kind.schemaVersion; version++) {
    const migrate = kind.migrations?.[version];
    if (!migrate) return { kind: "unreadable", why: `nothing knows how to bring version ${version} up to date` };
    current = migrate(current);
  }
  const parsed = kind.schema.safeParse(current);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { kind: "unreadable", why: `${issue?.path.join(".") || "the document"}: ${issue?.message ?? "does not fit"}` };
  }
  return { kind: "read", document: { schemaVersion: kind.schemaVersion, rev: rev as number, body: parsed.data } };
}
