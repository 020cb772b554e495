import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { FILES_AS_DISK } from "@mimic/model";
import { expect, test } from "vitest";
import { filesOfFolder, whyNoDisk, zipOf } from "./folder-zip.ts";

const never = new AbortController().signal;
const file = (path: string, text = "x") => ({ path, bytes: new Blob([text]) });

test("a folder becomes a zip whose files, checksums and directory are as the specification says", async () => {
  const zip = Buffer.from(await (await zipOf([file("GAME.EXE", "MZ and more"), file("data/é.dat", "")], never)).arrayBuffer());
  const end = zip.length - 22;
  expect(zip.readUInt32LE(end)).toBe(0x06054b50);
  expect([zip.readUInt16LE(end + 8), zip.readUInt16LE(end + 10)]).toEqual([2, 2]);
  let at = zip.readUInt32LE(end + 16);
  expect(at + zip.readUInt32LE(end + 12)).toBe(end);
  for (const { name, text } of [
    { name: "GAME.EXE", text: "MZ and more" },
    { name: "data/é.dat", text: "" },
  ]) {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    expect(zip.readUInt32LE(at + 16)).toBe(crc32(text));
    const length = zip.readUInt16LE(at + 28);
    expect(zip.subarray(at + 46, at + 46 + length).toString()).toBe(name);
    const local = zip.readUInt32LE(at + 42);
    expect(zip.readUInt32LE(local)).toBe(0x04034b50);
    expect(zip.subarray(local + 4, local + 30)).toEqual(zip.subarray(at + 6, at + 32));
    expect(zip.subarray(local + 30 + length, local + 30 + length + zip.readUInt32LE(at + 24)).toString()).toBe(text);
    at += 46 + length;
  }
});

test("the folder's own name is no part of the disk", () => {
  const chosen = (path: string) => Object.assign(new File(["x"], "x"), { webkitRelativePath: path });
  const { folder, files } = filesOfFolder([chosen("game/GAME.EXE"), chosen("game/data/1.dat")]);
  expect([folder, files.map(({ path }) => path)]).toEqual(["game", ["GAME.EXE", "data/1.dat"]]);
});

test("what is no disk of that time says why before anything is sent", () => {
  expect(whyNoDisk([file("a")])).toBeUndefined();
  expect(whyNoDisk([])).toContain("no file");
  expect(whyNoDisk(Array.from({ length: FILES_AS_DISK.maxFiles + 1 }, () => file("a")))).toContain("10000 files");
  expect(whyNoDisk([file(`${"d/".repeat(FILES_AS_DISK.maxDepth)}a`)])).toContain("too deep");
  expect(whyNoDisk([{ path: "a", bytes: { size: FILES_AS_DISK.maxBytes + 1 } as Blob }])).toContain("480 MiB");
});

test("a file that cannot be read is named, and cancelling says so", async () => {
  const gone = { size: 1, stream: () => new ReadableStream({ start: (controller) => controller.error(new Error("gone")) }) } as Blob;
  await expect(zipOf([{ path: "a/b.dat", bytes: gone }], never)).rejects.toMatchObject({
    code: "browser.file_unreadable",
    message: "“a/b.dat” cannot be read.",
  });
  await expect(zipOf([file("a")], AbortSignal.abort())).rejects.toMatchObject({ code: "browser.upload_cancelled" });
});
