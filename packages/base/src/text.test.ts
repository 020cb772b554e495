import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plain, plainBlock } from "./text.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe("what a guest says, as a block of text", () => {
  test("has a terminal's lines, without its carriage returns and sequences", () => {
    expect(plainBlock("one\r\ntwo\r\r\nthree")).toBe("one\ntwo\nthree");
    expect(plainBlock("# \u001b[6n\u001b[1;31mred\u001b[0m \u001b]0;title\u0007\u001b]8;;http://x/\u001b\\link\u001b(B\u001b7")).toBe(
      "# red link",
    );
    expect(plainBlock("torn \u001b[12")).toBe("torn \ufffd[12");
    expect(plainBlock("\tkept\n")).toBe("\tkept\n");
  });

  test("never has a control character, whatever came, and takes no long time for it", () => {
    const pieces = fc.constantFrom("\u001b", "\u001b[", "\u001b]", "\u009b", "\u0007", "\r", "\n", ";", "0", "m", "a", "\\", "\u202e");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 400 }), (text) => {
        expect(plainBlock(text.join(""))).not.toMatch(UNSAFE);
        expect(plain(text.join(""))).not.toMatch(UNSAFE);
      }),
    );
    const started = performance.now();
    plainBlock("\u001b]".repeat(200_000));
    plainBlock(`\u001b[${"0".repeat(500_000)}`);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
