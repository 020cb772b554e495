import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutEscapes } from "./without-escapes.ts";

test("colours, titles, links and clipboard codes are gone, the words stay", () => {
  expect(
    withoutEscapes(
      "\u001b[1;32mok\u001b[0m\r\nnext\u001b]0;title\u0007 \u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\ \u001b]52;c;aGk=\u0007end",
    ),
  ).toMatch(/^ok\nnext link end$/);
});

test("for any text, no control character but line end and tab is left", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
      expect(withoutEscapes(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    }),
  );
});
