import { CaptureStream, captureTime } from "@mimic/network";
import fc from "fast-check";
import { expect, test } from "vitest";
import { blocksWithin, WholeBlocks } from "./whole-blocks.ts";

function capture(sizes: readonly number[]): Uint8Array {
  const stream = new CaptureStream({ snapLength: 0 });
  const port = stream.addInterface({ name: "hello" });
  for (const [index, size] of sizes.entries()) stream.packet(port, new Uint8Array(size), captureTime(index, 0), "inbound");
  return stream.take() as Uint8Array;
}
const lengthsOf = (blocks: Uint8Array): number[] => {
  const lengths: number[] = [];
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.length);
  for (let at = 0; at < blocks.length; at += view.getUint32(at + 4, true)) lengths.push(view.getUint32(at + 4, true));
  return lengths;
};

test("however the bytes are cut, whole blocks come out, in order, and all of them", () => {
  const sizes = fc.array(fc.integer({ min: 14, max: 900 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(sizes, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (frames, cuts) => {
      const bytes = capture(frames);
      const blocks = new WholeBlocks();
      const out: number[] = [];
      for (let at = 0, index = 0; at < bytes.length; index++) {
        const piece = cuts[index % cuts.length] as number;
        const whole = blocks.push(bytes.subarray(at, at + piece));
        lengthsOf(whole);
        out.push(...whole);
        at += piece;
      }
      expect(Uint8Array.from(out)).toEqual(bytes);
    }),
    { numRuns: 60 },
  );
});

test("what fits is cut between blocks", () => {
  const bytes = capture([100, 100, 100]);
  const [head = 0, port = 0, frame = 0] = lengthsOf(bytes);
  expect(blocksWithin(bytes, head + port + frame + 5)).toHaveLength(head + port + frame);
  expect(blocksWithin(bytes, bytes.length)).toHaveLength(bytes.length);
  expect(blocksWithin(bytes, 3)).toHaveLength(0);
});

test("bytes that are no capture are refused", () => {
  expect(() => new WholeBlocks().push(new TextEncoder().encode('{"code":"network.unknown"}'))).toThrow("no capture");
});
