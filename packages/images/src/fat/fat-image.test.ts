import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FatFile, makeDisk, makeFloppy } from "./fat-image.ts";
import { shortName } from "./names.ts";

const text = (words: string) => new TextEncoder().encode(words);
const u16 = (bytes: Uint8Array, at: number) => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

/** Reads a FAT volume back, by the specification and not by the writer: path → bytes. */
function readBack(volume: Uint8Array): Map<string, Uint8Array> {
  const [cluster, root, fats] = [volume[13] ?? 0, u16(volume, 17), u16(volume, 22)];
  const is12 = new TextDecoder().decode(volume.subarray(54, 59)) === "FAT12";
  const rootAt = (1 + 2 * fats) * 512;
  const dataAt = rootAt + root * 32;
  const next = (n: number): number => {
    if (!is12) return u16(volume, 512 + 2 * n);
    const pair = u16(volume, 512 + Math.floor(n * 1.5));
    return n & 1 ? pair >> 4 : pair & 0xfff;
  };
  const end = is12 ? 0xff8 : 0xfff8;
  const chain = (first: number): Uint8Array => {
    const parts: Uint8Array[] = [];
    for (let n = first, guard = 0; n >= 2 && n < end && guard < 70_000; n = next(n), guard++)
      parts.push(volume.subarray(dataAt + (n - 2) * cluster * 512, dataAt + (n - 1) * cluster * 512));
    return Buffer.concat(parts);
  };
  const found = new Map<string, Uint8Array>();
  const visit = (entries: Uint8Array, path: string): void => {
    for (let at = 0; at + 32 <= entries.length && entries[at] !== 0; at += 32) {
      const name = new TextDecoder("latin1").decode(entries.subarray(at, at + 11));
      const attributes = entries[at + 11] ?? 0;
      const first = u16(entries, at + 26);
      const size = u16(entries, at + 28) + u16(entries, at + 30) * 65_536;
      if (attributes === 0x08 || name.startsWith(".")) continue;
      const full = `${path}/${name.slice(0, 8).trim()}.${name.slice(8).trim()}`;
      if (attributes === 0x10) visit(chain(first), full);
      else found.set(full, chain(first).subarray(0, size));
    }
  };
  visit(volume.subarray(rootAt, dataAt), "");
  return found;
}

describe("a FAT image", () => {
  test("of a floppy holds its files and folders", () => {
    const floppy = makeFloppy(
      [
        { path: ["GAME.EXE"], bytes: text("MZ") },
        { path: ["data", "Level One.dat"], bytes: new Uint8Array(3000).fill(7) },
      ],
      "game",
    );
    expect(floppy.length).toBe(1_474_560);
    const found = readBack(floppy);
    expect([...found.keys()].sort()).toEqual(["/DATA./LEVELONE.DAT", "/GAME.EXE"]);
    expect(found.get("/DATA./LEVELONE.DAT")).toEqual(Buffer.alloc(3000, 7));
  });
  test("of a hard disk has one partition that begins at the second track, within what an old BIOS can reach", () => {
    const disk = makeDisk([{ path: ["a.txt"], bytes: text("hello") }], "x");
    expect(u16(disk, 510)).toBe(0xaa55);
    expect(disk[450]).toBe(0x04);
    expect(disk.length % (16 * 63 * 512)).toBe(0);
    expect(readBack(disk.subarray(63 * 512)).get("/A.TXT")).toEqual(Buffer.from("hello"));
  });
  test("gives back whatever files it was given, each under a name of its own", () => {
    const aFile = fc.record({
      path: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }),
      bytes: fc.uint8Array({ maxLength: 5000 }),
    });
    fc.assert(
      fc.property(fc.array(aFile, { minLength: 1, maxLength: 30 }), (files: FatFile[]) => {
        const sorted = (list: Iterable<Uint8Array>) => [...list].map((bytes) => Buffer.from(bytes).toString("hex")).sort();
        for (const volume of [makeFloppy(files, "x"), makeDisk(files, "x").subarray(63 * 512)])
          expect(sorted(readBack(volume).values())).toEqual(sorted(files.map(({ bytes }) => bytes)));
      }),
      { numRuns: 40 },
    );
  });
  test("says that files do not fit instead of leaving some out", () => {
    const large = [{ path: ["big"], bytes: new Uint8Array(1_500_000) }];
    expect(() => makeFloppy(large, "x")).toThrow(expect.objectContaining({ code: "image.too_large" }));
    const many = Array.from({ length: 300 }, (_, n) => ({ path: [`f${n}`], bytes: new Uint8Array(0) }));
    expect(() => makeFloppy(many, "x")).toThrow(expect.objectContaining({ code: "image.too_many_files" }));
  });
});

test("names are what DOS can say, whatever they were, and never a device of DOS", () => {
  const taken = new Set<string>();
  expect(shortName("Prince of Persia.exe", taken)).toBe("PRINCEOFEXE");
  expect(shortName("prince of Paris.exe", taken)).toBe("PRINCE~1EXE");
  expect(shortName("con.txt", taken)).toBe("CON_    TXT");
  expect(shortName(".hidden", taken)).toBe("HIDDEN     ");
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 50 }), (names) => {
      const seen = new Set<string>();
      for (const name of names) {
        const short = shortName(name, seen);
        expect(short).toMatch(/^[A-Z0-9!#$%&'()\-@^_`{}~ ]{11}$/);
        expect(short.startsWith(" ")).toBe(false);
      }
      expect(seen.size).toBe(names.length);
    }),
  );
});
