import fc from "fast-check";
import { expect, test } from "vitest";
import { lastWords } from "./last-words.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("the script's words name a status and the files to read; afterwards there is something to tidy up", () => {
  const { kept, ...said } = lastWords(bytes("mimic 7 - 3\n")) ?? expect.unreachable();
  expect(said).toEqual({ code: 7, lastFiles: [undefined, 3], leavesFiles: true });
  expect(kept.map(({ length }) => length)).toEqual([0, 0]);
});

test("the runner's words carry what was kept, byte for byte", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1024 }), fc.uint8Array({ maxLength: 1024 }), fc.boolean(), (out, err, left) => {
      const line = bytes(`mimic 0 - - ${out.length} ${err.length} ${left ? 1 : 0}\n`);
      const said = lastWords(Uint8Array.from([...line, ...out, ...err]));
      expect(said?.kept.map((each) => [...each])).toEqual([[...out], [...err]]);
      expect(said?.leavesFiles).toBe(left);
    }),
  );
});

test.each([
  ["nothing", ""],
  ["another word", "mimik 0 - -\n"],
  ["no end of line", "mimic 0 - -"],
  ["a status that is none", "mimic 1000 - -\n"],
  ["half of the runner's words", "mimic 0 - - 1\nx"],
  ["more bytes than it says", "mimic 0 - - 1 0 0\nxy"],
  ["fewer bytes than it says", "mimic 0 - - 2 0 0\nx"],
  ["bytes after the script's words", "mimic 0 - -\nx"],
])("%s is no last words", (_, text) => {
  expect(lastWords(bytes(text))).toBeUndefined();
});

test("whatever a guest says, nothing throws, and nothing longer than it said is believed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      const said = lastWords(noise);
      if (said) expect(said.kept.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(noise.length);
    }),
  );
});
