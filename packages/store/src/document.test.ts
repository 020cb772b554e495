import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type DocumentKind, readDocument, writeDocument } from "./document.ts";

const kind: DocumentKind<{ name: string; size: number }> = {
  schemaVersion: 3,
  schema: z.strictObject({ name: z.string(), size: z.number() }),
  migrations: {
    1: (body) => ({ ...(body as object), size: 0 }),
    2: (body) => ({ ...(body as object), name: (body as { title: string }).title, title: undefined }),
  },
};

describe("documents", () => {
  test("what is written is read", () => {
    fc.assert(
      fc.property(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat(), (name, size, rev) => {
        const body = { name, size: size === 0 ? 0 : size };
        expect(readDocument(kind, writeDocument(kind, rev, body))).toEqual({ kind: "read", document: { schemaVersion: 3, rev, body } });
      }),
    );
  });
  test("one that was cut off anywhere is unreadable, never half-read", () => {
    const text = writeDocument(kind, 1, { name: "x", size: 2 });
    for (let at = 0; at < text.length - 2; at++) expect(readDocument(kind, text.slice(0, at)).kind).toBe("unreadable");
  });
  test("one of a newer Mimic is named as such", () => {
    expect(readDocument(kind, JSON.stringify({ schemaVersion: 99, rev: 1, body: {} }))).toMatchObject({ kind: "newer" });
  });
  test("an old one without a way up says so", () => {
    expect(readDocument(kind, JSON.stringify({ schemaVersion: 0, rev: 1, body: {} }))).toMatchObject({
      kind: "unreadable",
      why: expect.stringContaining("version 0"),
    });
  });
  test("for any text the answer is a reading or a reason", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(["read", "newer", "unreadable"]).toContain(readDocument(kind, text).kind);
      }),
    );
  });
});
