// What a zip of a stranger may do on its way to a disk: be read, or be refused with the reason.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packZip } from "./pack-files.ts";

const work = { signal: new AbortController().signal, report() {} };
let folder: string;
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mimic-pack-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Member {
  readonly name: string;
  readonly bytes?: Uint8Array;
  /** What is said of its size, whatever it is. */
  readonly saysBytes?: number;
  readonly crc?: number;
  readonly flags?: number;
}

function zipOf(members: readonly Member[]): Buffer {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const { name, bytes = Buffer.from("x"), saysBytes = bytes.length, crc = crc32(bytes), flags = 0 } of members) {
    const [title, packed] = [Buffer.from(name), deflateRawSync(bytes)];
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(flags, 2);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc, 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(saysBytes, 18);
    facts.writeUInt16LE(title.length, 22);
    const where = Buffer.alloc(14);
    where.writeUInt32LE(at, 10);
    parts.push(Buffer.from("PK\x03\x04"), facts, title, packed);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), facts, where, title);
    at += 30 + title.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}

function pack(bytes: Uint8Array) {
  const path = join(folder, String(made++));
  writeFileSync(path, bytes);
  return packZip(path, work);
}
const packed = (...members: Member[]) => pack(zipOf(members));

describe("a zip that becomes a disk", () => {
  test("gives its files with their folders, whichever slash was used, and leaves folders themselves out", async () => {
    const files = await packed(
      { name: "GAME/", bytes: Buffer.alloc(0) },
      { name: "GAME/play.exe", bytes: Buffer.from("MZ") },
      { name: "a\\./b.txt" },
    );
    expect(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual([
      [["GAME", "play.exe"], "MZ"],
      [["a", "b.txt"], "x"],
    ]);
  });

  test.each(["../evil.txt", "a/../../evil.txt", "a\\..\\evil.txt", "..", "./."].map((name) => [name]))(
    "is refused when a name leads out of it: %s",
    async (name) => {
      await expect(packed({ name: "good.txt" }, { name })).rejects.toMatchObject({
        code: "archive.malformed",
        message: expect.stringContaining("leads out of it"),
      });
    },
  );

  test("has names in the letters that it says they are in, and none leads out in any of them", async () => {
    expect((await packed({ name: "Käse.txt", flags: 0x800 })).map(({ path }) => path)).toEqual([["Käse.txt"]]);
    await expect(packed({ name: "ä/../../b", flags: 0x800 })).rejects.toMatchObject({ code: "archive.malformed" });
  });

  test("takes a name that begins at the root as one within", async () => {
    expect((await packed({ name: "/etc/passwd" })).map(({ path }) => path)).toEqual([["etc", "passwd"]]);
  });

  test("is refused when it says that it unfolds to more than a thousand times its size", async () => {
    await expect(packed({ name: "zeros", saysBytes: 100 * 1024 ** 2 })).rejects.toMatchObject({ code: "image.bomb" });
  });

  test("is refused when it unfolds to more than it says", async () => {
    const bytes = Buffer.alloc(8 * 1024 ** 2);
    await expect(packed({ name: "zeros", bytes, saysBytes: 100 })).rejects.toMatchObject({
      code: "archive.malformed",
      message: expect.stringContaining("not what its directory says"),
    });
  });

  test("is refused when all its files together are larger than such a disk", async () => {
    await expect(packed({ name: "a", saysBytes: 300 * 1024 ** 2 }, { name: "b", saysBytes: 300 * 1024 ** 2 })).rejects.toMatchObject({
      code: "image.too_large",
    });
  });

  test("is refused when its folders are too deep, with that reason", async () => {
    await expect(packed({ name: `${"d/".repeat(32)}f` })).rejects.toMatchObject({ code: "image.too_many_files" });
    expect(await packed({ name: `${"d/".repeat(31)}f` })).toHaveLength(1);
  });

  test("is refused when a file is not what its checksum says", async () => {
    await expect(packed({ name: "a", crc: 1 })).rejects.toMatchObject({ code: "archive.malformed" });
  });

  test("never gives a name with a way out, and never fails without a reason, whatever its bytes are", async () => {
    const good = zipOf([{ name: "a/b" }, { name: "c.txt", bytes: Buffer.alloc(500, 7) }]);
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (each) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of each) bytes[at] = value;
        const answer = await pack(bytes).catch((error: { code?: string }) => error.code ?? String(error));
        if (typeof answer === "string") expect(answer).toMatch(/^(archive|image)\.[a-z_]+$/);
        else for (const { path } of answer) expect(path.some((name) => name === ".." || /[/\\]/.test(name))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});
