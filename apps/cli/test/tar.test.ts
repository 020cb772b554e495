import fc from "fast-check";
import { expect, test } from "vitest";
import { pointsInside, readTar, safePath, type TarEntry, tarEnd, tarHeader, tarPadding } from "../src/tar.ts";

async function read(bytes: Uint8Array, chunk: number): Promise<(TarEntry | string)[]> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  const found: (TarEntry | string)[] = [];
  for await (const item of readTar(pieces())) found.push(item.is === "malformed" ? item.why : item.entry);
  return found;
}

const name = fc.stringMatching(/^[a-zü]{1,130}$/);
const anEntry = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
  kind: fc.constantFrom("file" as const, "folder" as const),
  sizeBytes: fc.integer({ min: 0, max: 2000 }),
  mode: fc.integer({ min: 0, max: 0o777 }),
  target: fc.constant(""),
});

test("for any entries, in pieces of any size, what was written is read", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anEntry, { maxLength: 4 }), fc.integer({ min: 1, max: 3000 }), async (entries, chunk) => {
      const sized = entries.map((entry) => (entry.kind === "file" ? entry : { ...entry, sizeBytes: 0 }));
      const bytes = Buffer.concat([
        ...sized.flatMap((entry) => [tarHeader(entry), new Uint8Array(entry.sizeBytes), tarPadding(entry.sizeBytes)]),
        tarEnd(),
      ]);
      expect(await read(bytes, chunk)).toEqual(sized);
    }),
    { numRuns: 60 },
  );
});

test("for any bytes it ends without throwing", async () => {
  const header = tarHeader({ path: "a", kind: "file", sizeBytes: 600, mode: 0o644, target: "" });
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 1500 }),
      fc.integer({ min: 0, max: 511 }),
      fc.integer({ min: 0, max: 255 }),
      async (tail, at, byte) => {
        const bytes = Buffer.concat([header, tail]);
        bytes[at] = byte;
        await read(bytes, 512);
      },
    ),
    { numRuns: 200 },
  );
});

test("an archive that ends in the middle says so", async () => {
  const whole = Buffer.concat([
    tarHeader({ path: "a", kind: "file", sizeBytes: 600, mode: 0o644, target: "" }),
    new Uint8Array(600),
    tarPadding(600),
    tarEnd(),
  ]);
  expect((await read(whole.subarray(0, 900), 100)).at(-1)).toBe("it ends in the middle");
});

test("paths and links that lead outside are known", () => {
  expect(["a/b", "./a", "a//b/", "."].map(safePath)).toEqual(["a/b", "a", "a/b", ""]);
  expect(["/a", "../a", "a/../../b", "a\0b", "x/".repeat(200)].map(safePath)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect([pointsInside("a/b", "../c"), pointsInside("a", "b/../c")]).toEqual([true, true]);
  expect([pointsInside("a", "../c"), pointsInside("a", "/etc"), pointsInside("a/b", "../../x"), pointsInside("a", "")]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
