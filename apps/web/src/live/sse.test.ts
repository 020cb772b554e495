import fc from "fast-check";
import { expect, test } from "vitest";
import { SseReader } from "./sse.ts";

const STREAM = ': hello\n\nid: 7\ndata: {"a":1}\n\r\nid: 8\r\ndata: x\r\ndata: y\r\n\r\nevent: z\n\ndata:no space\n\n';
const WANTED = [
  { id: "7", data: '{"a":1}' },
  { id: "8", data: "x\ny" },
  { id: "8", data: "no space" },
];

test("messages come whole, comments and events without data do not come", () => {
  expect(new SseReader().push(STREAM)).toEqual(WANTED);
});

test("it does not matter in which pieces the stream comes", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
      const reader = new SseReader();
      expect(at.slice(1).flatMap((end, n) => reader.push(STREAM.slice(at[n], end)))).toEqual(WANTED);
    }),
  );
});

test("a line without end is not kept for ever", () => {
  const reader = new SseReader();
  for (let n = 0; n < 40; n++) reader.push("x".repeat(100_000));
  expect(reader.push("\ndata: still hears\n\n")).toEqual([{ id: undefined, data: "still hears" }]);
});
