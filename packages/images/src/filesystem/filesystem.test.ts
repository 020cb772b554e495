// Readers of file systems and hostile bytes: whatever a disk holds, they end, in bounds, and never throw. What they read
// when it is honest is proven beside the field's own tools in node/filesystem.real.test.ts.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeDisk, makeFloppy } from "../fat/fat-image.ts";
import { compareDisks } from "./compare-disks.ts";
import { openVolume } from "./open-volume.ts";
import { partsOf } from "./partitions.ts";
import { joinRanges, sumOf, touches } from "./ranges.ts";
import { cachedSource, partOf, type Source } from "./source.ts";
import type { Entry } from "./volume.ts";

const memory = (bytes: Uint8Array): Source =>
  cachedSource(bytes.length, async (offset, length) => bytes.slice(offset, offset + length), 16);
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

async function entries(bytes: Uint8Array): Promise<Entry[]> {
  const source = memory(bytes);
  const found: Entry[] = [];
  for (const { start, sizeBytes } of await partsOf(source)) {
    const opened = await openVolume(partOf(source, start, sizeBytes));
    if ("volume" in opened) for await (const entry of opened.volume.walk()) found.push(entry);
  }
  return found;
}

const TREE = [
  { path: ["readme.txt"], bytes: text("hello") },
  { path: ["game", "a long name.dat"], bytes: text("x".repeat(5000)) },
];

describe("FAT that Mimic wrote itself", () => {
  test.each([
    ["a floppy", makeFloppy(TREE, "GAMES")],
    ["a disk with a partition", makeDisk(TREE, "GAMES")],
  ])("on %s is read back as it was", async (_what, bytes) => {
    const found = await entries(bytes);
    expect(found.map(({ path, kind, sizeBytes }) => [path.toLowerCase(), kind, sizeBytes])).toEqual(
      expect.arrayContaining([
        ["/readme.txt", "file", 5],
        ["/game", "folder", 0],
      ]),
    );
    expect(found.find(({ sizeBytes }) => sizeBytes === 5000)).toBeDefined();
  });
});

test("two times of a disk differ by what was added, removed and changed, and by nothing where nothing was written", async () => {
  const before = makeDisk([...TREE, { path: ["old"], bytes: text("old") }], "A");
  const after = makeDisk([...TREE.slice(1), { path: ["readme.txt"], bytes: text("HELLO") }, { path: ["new"], bytes: text("new") }], "A");
  const size = Math.min(before.length, after.length);
  const [difference] = await compareDisks(memory(before.slice(0, size)), memory(after.slice(0, size)), [{ start: 0, length: size }]);
  const named = difference?.files?.changes.map(({ path, change }) => [path.toLowerCase(), change]);
  expect(named).toEqual(
    expect.arrayContaining([
      ["/new", "added"],
      ["/old", "removed"],
      ["/readme.txt", "changed"],
    ]),
  );
  expect(named?.some(([path]) => path?.includes("game"))).toBe(false);
  const [nothing] = await compareDisks(memory(before), memory(before), []);
  expect(nothing?.files).toMatchObject({ added: 0, removed: 0, changed: 0 });
});

/** Bytes of an honest disk with a few places overwritten. */
const bent = (whole: Uint8Array) =>
  fc
    .array(
      fc.record({
        at: fc.integer({ min: 0, max: Math.min(whole.length, 200_000) - 1 }),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
      }),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    .map((places) => {
      const copy = whole.slice();
      for (const { at, bytes } of places) copy.set(bytes.subarray(0, copy.length - at), at);
      return copy;
    });

/** A superblock that looks right, with everything else as chance has it. */
const likeExt = fc.uint8Array({ minLength: 96 * 1024, maxLength: 96 * 1024 }).map((bytes) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const put = (at: number, value: number): void => view.setUint32(1024 + at, value, true);
  put(0, 64);
  put(4, 96);
  put(0x14, 1);
  put(0x18, 0);
  put(0x20, 8192);
  put(0x28, 64);
  put(0x4c, 1);
  put(0x5c, 4);
  put(0x60, 0x2 | 0x4 | 0x40);
  put(0xe0, 8);
  view.setUint16(1024 + 0x38, 0xef53, true);
  view.setUint16(1024 + 0x58, 128, true);
  // The table of inodes is where the descriptor says.
  view.setUint32(2048 + 8, 5, true);
  // The root is a folder of a few blocks somewhere.
  const root = 5 * 1024 + 128;
  view.setUint16(root, 0x41ed, true);
  view.setUint32(root + 4, 4096, true);
  view.setUint16(root + 0x1a, 2, true);
  return bytes;
});

describe("whatever a disk holds", () => {
  const floppy = makeFloppy(TREE, "GAMES");
  const disk = makeDisk(TREE, "GAMES").slice(0, 3 << 20);
  test("bent FAT is read without an error, and never more than there is", () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(bent(floppy), bent(disk)), async (bytes) => {
        for (const { content, path } of await entries(bytes)) {
          expect(path.startsWith("/")).toBe(true);
          for (const { start, length } of content) expect(start >= 0 && length > 0).toBe(true);
        }
      }),
      { numRuns: 150 },
    ));

  test("something like ext4 with chance for content is read without an error", () =>
    fc.assert(
      fc.asyncProperty(likeExt, async (bytes) => {
        for (const { path } of await entries(bytes)) expect(path.length).toBeLessThan(100_000);
      }),
      { numRuns: 60 },
    ));

  test("bytes of any kind are some number of parts, and comparing them ends", () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 8192 }), fc.boolean(), async (bytes, isMarked) => {
        if (isMarked && bytes.length >= 512) bytes.set([0x55, 0xaa], 510);
        const parts = await partsOf(memory(bytes));
        expect(parts.length).toBeLessThanOrEqual(140);
        await compareDisks(memory(bytes), memory(bytes.slice().reverse()), [{ start: 0, length: bytes.length }]);
      }),
    ));
});

test("places that were written are joined, and a piece touches them exactly where it says", () =>
  fc.assert(
    fc.property(
      fc.array(fc.record({ start: fc.nat(60), length: fc.nat(12) }), { maxLength: 8 }),
      fc.record({ start: fc.nat(70), length: fc.nat(10) }),
      (ranges, piece) => {
        const joined = joinRanges(ranges);
        const isWritten = (at: number) => ranges.some(({ start, length }) => start <= at && at < start + length);
        const bytes = Array.from({ length: piece.length }, (_, index) => piece.start + index);
        expect(touches(joined, piece)).toBe(bytes.some(isWritten));
        expect(sumOf(joined)).toBe(Array.from({ length: 80 }, (_, at) => at).filter(isWritten).length);
      },
    ),
  ));
