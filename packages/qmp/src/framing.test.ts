import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineSplitter, parseJson } from "./framing.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Pushes `bytes` cut at the given places. */
function pushCut(splitter: LineSplitter, bytes: Uint8Array, cuts: readonly number[]) {
  const places = [...new Set(cuts.map((c) => c % (bytes.length + 1)))].sort((a, b) => a - b);
  const out = [];
  let from = 0;
  for (const to of [...places, bytes.length]) {
    out.push(...splitter.push(bytes.subarray(from, to)));
    from = to;
  }
  return out;
}

test("lines come whole however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.array(fc.nat()), (texts, cuts) => {
      const wanted = texts.map((t) => t.replaceAll("\n", " ").trim()).filter((t) => t !== "");
      const bytes = bytesOf(texts.map((t) => `${t.replaceAll("\n", " ")}\n`).join(""));
      const got = pushCut(new LineSplitter(1 << 20), bytes, cuts);
      expect(got).toEqual(wanted.map((text) => ({ kind: "line", text })));
    }),
  );
});

test("a line beyond the limit is told once, and the next line is read", () => {
  const splitter = new LineSplitter(8);
  const got = [...splitter.push(bytesOf("123456")), ...splitter.push(bytesOf("789abc")), ...splitter.push(bytesOf("def\nok\n"))];
  expect(got).toEqual([{ kind: "tooLong" }, { kind: "line", text: "ok" }]);
});

test("never holds more than its limit, whatever comes", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (pieces) => {
      const splitter = new LineSplitter(32);
      for (const piece of pieces)
        for (const line of splitter.push(piece)) if (line.kind === "line") expect(bytesOf(line.text).length).toBeLessThanOrEqual(32 * 3);
    }),
  );
});

describe("JSON with bounded depth", () => {
  test("any bytes give a value or a word, never a throw", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json({ maxDepth: 12 })), (text) => void parseJson(text, 5)));
  });

  test("depth counts brackets, not brackets in strings", () => {
    expect(parseJson('{"a":"[[[[[[[["}', 1)).toEqual({ value: { a: "[[[[[[[[" } });
    expect(parseJson('{"a":"\\"[[["}', 1)).toEqual({ value: { a: '"[[[' } });
    expect(parseJson("[[[]]]", 2)).toEqual({ malformed: "too_deep" });
    expect(parseJson("[[[]]]", 3)).toEqual({ value: [[[]]] });
  });

  test("valid JSON within the depth is what JSON.parse says", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(parseJson(text, 40)).toEqual({ value: JSON.parse(text) });
      }),
    );
  });
});
