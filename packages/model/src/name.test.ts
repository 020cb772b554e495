import { isRefusal } from "@mimic/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findByName, Name, readName, slug } from "./name.ts";

describe("names", () => {
  test.each(["hello", "a", "debian-12", "x".repeat(63), "9front"])("%s is a name", (text) => expect(readName(text)).toBe(text));
  test.each(["", "Hello", "a b", "a,b", 'a"b', "..", "-a", "a-", "ä", "x".repeat(64), "a/b", "a\0b", "a\u001b[31m"])(
    "%j is refused with words and a way out",
    (text) => {
      const answer = readName(text);
      if (!isRefusal(answer)) throw new Error("accepted");
      expect(answer.code).toBe("name.invalid");
      expect(answer.hint).toMatch(/^Try /);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
      expect(answer.why).not.toMatch(/[\u0000-\u001f]/);
    },
  );
  test("for any text, what is offered instead is a name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const better = slug(text);
        if (better !== "") expect(Name.safeParse(better).success).toBe(true);
      }),
    );
  });
});

describe("finding by name", () => {
  const items = [
    { id: "1", name: "web" },
    { id: "2", name: "web-2" },
    { id: "3", name: "mail" },
  ];
  test("a whole name wins over longer ones that begin with it", () =>
    expect(findByName(items, "web", "machine")).toMatchObject({ item: { id: "1" } }));
  test("a beginning that fits only one is enough", () => expect(findByName(items, "ma", "machine")).toMatchObject({ item: { id: "3" } }));
  test("a beginning that fits several is refused with their names", () => {
    expect(findByName(items, "we", "machine")).toMatchObject({ code: "machine.ambiguous", why: expect.stringContaining("web, web-2") });
  });
  test("what is not there is refused, also the empty name", () => {
    expect(findByName(items, "x", "machine")).toMatchObject({ code: "machine.unknown" });
    expect(findByName(items, "", "machine")).toMatchObject({ code: "machine.unknown" });
  });
});
