import fc from "fast-check";
import { expect, test } from "vitest";
import { checksumOf, foldSum, pseudoHeaderSum, sumOf } from "./index.ts";

/** As RFC 1071 §4.1 has it, word by word. */
function plainSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] ?? 0);
  return foldSum(sum);
}

// 0 and 0xffff are the same number in ones' complement.
const same = (sum: number): number => sum % 0xffff;

test("the sum in lanes is the sum word by word, wherever the bytes lie", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 9 }), fc.nat({ max: 9 }), (bytes, offset, at) => {
      const memory = new Uint8Array(new ArrayBuffer(400), offset, 380);
      memory.set(bytes, at);
      expect(same(sumOf(memory, at, bytes.length))).toBe(same(plainSum(bytes)));
    }),
  );
});

test("the largest packet of ones does not overflow", () => {
  const bytes = new Uint8Array(65_535).fill(0xff);
  expect(same(sumOf(bytes, 0, bytes.length))).toBe(same(plainSum(bytes)));
});

test("the example of RFC 1071 §3 comes out", () => {
  expect(sumOf(new Uint8Array([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0, 8)).toBe(0xddf2);
});

test("a packet with its checksum in place sums up to nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 100 }), (bytes) => {
      bytes[0] = bytes[1] = 0;
      const sum = checksumOf(bytes);
      bytes[0] = sum >>> 8;
      bytes[1] = sum;
      expect(checksumOf(bytes)).toBe(0);
    }),
  );
});

test("a pseudo header counts addresses, protocol and length", () => {
  const source = new Uint8Array([10, 0, 0, 1]);
  const destination = new Uint8Array([10, 0, 0, 2]);
  const plain = new Uint8Array([...source, ...destination, 0, 6, 0, 20]);
  expect(pseudoHeaderSum(source, destination, 6, 20)).toBe(plainSum(plain));
});
