// Mimic's own readers beside the field's tools: what mke2fs and mtools put on a disk is found there, file by file and byte
// by byte; what only the journal holds is seen as e2fsck would put it in place; a bent disk never breaks a reader.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareDisks } from "../filesystem/compare-disks.ts";
import { openVolume } from "../filesystem/open-volume.ts";
import { cachedSource, type Source } from "../filesystem/source.ts";
import type { Entry, Volume } from "../filesystem/volume.ts";

let folder: string;
let tree: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mimic-fs-"));
  tree = join(folder, "tree");
  mkdirSync(join(tree, "deep/er/and/deeper"), { recursive: true });
  mkdirSync(join(tree, "many"));
  // Enough for a folder with an index of its own.
  for (let i = 0; i < 1500; i++) writeFileSync(join(tree, `many/a-file-with-a-long-name-${i}.txt`), `${i}`);
  writeFileSync(join(tree, "deep/er/and/deeper/last"), "the end");
  writeFileSync(join(tree, "large"), randomBytes(3 << 20));
  writeFileSync(join(tree, "empty"), "");
  writeFileSync(join(tree, "ünï cödé.txt"), "names");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = (path: string): Source => {
  const bytes = readFileSync(path);
  return cachedSource(bytes.length, async (offset, length) => bytes.subarray(offset, offset + length));
};

async function volumeOf(path: string): Promise<Volume> {
  const opened = await openVolume(source(path));
  if (!("volume" in opened)) throw new Error(`${opened.system}: ${opened.why}`);
  return opened.volume;
}

async function contentOf(volume: Volume, entry: Entry): Promise<Buffer> {
  const bytes = Buffer.alloc(entry.sizeBytes);
  for (const { at, start, length } of entry.content)
    for (let done = 0; done < Math.min(length, entry.sizeBytes - at); done += 1 << 16) {
      const count = Math.min(1 << 16, length - done, entry.sizeBytes - at - done);
      bytes.set(await volume.read(start + done, count), at + done);
    }
  return bytes;
}

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** “/path kind digest” of everything, as the reader says. */
async function asRead(path: string): Promise<{ system: string; lines: string[]; problems: number }> {
  const volume = await volumeOf(path);
  const lines: string[] = [];
  for await (const entry of volume.walk()) {
    if (entry.path.startsWith("/lost+found")) continue;
    const what =
      entry.kind === "folder"
        ? ""
        : entry.kind === "link"
          ? entry.self || (await contentOf(volume, entry)).toString()
          : digest(await contentOf(volume, entry));
    lines.push(`${entry.path} ${entry.kind} ${what}`);
  }
  return { system: volume.system, lines: lines.sort(), problems: volume.problems() };
}

/** The same as this computer's own kernel says. */
function asWritten(at: string, below = ""): string[] {
  return readdirSync(at, { withFileTypes: true })
    .flatMap((entry) => {
      const [path, name] = [join(at, entry.name), `${below}/${entry.name}`];
      if (entry.isDirectory()) return [`${name} folder `, ...asWritten(path, name)];
      return [entry.isSymbolicLink() ? `${name} link ${readlinkSync(path)}` : `${name} file ${digest(readFileSync(path))}`];
    })
    .sort();
}

const mke2fs = (name: string, ...options: string[]): string => {
  const path = join(folder, name);
  execFileSync("mke2fs", ["-q", "-F", "-d", tree, ...options, path, "24M"]);
  return path;
};

describe("ext2, ext3 and ext4 as mke2fs makes them", () => {
  beforeAll(() => {
    symlinkSync("large", join(tree, "short-link"));
    symlinkSync(`/${"long/".repeat(30)}end`, join(tree, "long-link"));
    linkSync(join(tree, "large"), join(tree, "second-name"));
    writeFileSync(join(tree, "holes"), "start");
    truncateSync(join(tree, "holes"), 9_000_000);
    writeFileSync(join(tree, "holes"), "end", { flag: "a" });
  });
  test.each([
    ["ext2", ["-t", "ext2", "-b", "1024"]],
    ["ext3", ["-t", "ext3", "-b", "4096"]],
    ["ext4", ["-t", "ext4", "-b", "1024"]],
    ["ext4", ["-t", "ext4", "-b", "4096", "-O", "^64bit,^metadata_csum", "-I", "128"]],
    ["ext4", ["-t", "ext4", "-b", "2048", "-O", "meta_bg,^resize_inode"]],
  ])("%s (%j) is read file by file as it was written", async (system, options) => {
    const found = await asRead(mke2fs(`${system}-${options.length}.img`, ...options));
    expect(found.system).toBe(system);
    expect(found.lines).toEqual(asWritten(tree));
    expect(found.problems).toBe(0);
  });

  test("what only the journal holds is read as e2fsck puts it in place", async () => {
    const path = mke2fs("journal.img", "-t", "ext4", "-b", "1024", "-O", "^metadata_csum");
    const debugfs = (request: string) =>
      execFileSync("debugfs", ["-w", "-R", request, path], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const block = Number(/\d+/.exec(debugfs("blocks /"))?.[0]);
    const bytes = readFileSync(path).subarray(block * 1024, (block + 1) * 1024);
    const renamed = Buffer.from(bytes);
    renamed.write("EMPTY", renamed.indexOf("empty"), "latin1");
    writeFileSync(join(folder, "block"), renamed);
    writeFileSync(join(folder, "orders"), `jo\njw -b ${block} ${join(folder, "block")}\njc\n`);
    execFileSync("debugfs", ["-w", "-f", join(folder, "orders"), path], { stdio: "ignore" });
    const names = async () => (await asRead(path)).lines.filter((line) => /empty/i.test(line)).map((line) => line.split(" ")[0]);
    // In its place stands the old one still.
    expect(
      readFileSync(path)
        .subarray(block * 1024, (block + 1) * 1024)
        .includes("empty"),
    ).toBe(true);
    expect(await names()).toEqual(["/EMPTY"]);
    try {
      execFileSync("e2fsck", ["-fy", path], { stdio: "ignore" });
    } catch {
      // 1 = it put something in order
    }
    expect(await names()).toEqual(["/EMPTY"]);
  });

  test("two times of one disk differ by exactly what debugfs changed in between", async () => {
    const before = mke2fs("before.img", "-t", "ext4");
    const after = join(folder, "after.img");
    execFileSync("cp", ["--sparse=always", before, after]);
    writeFileSync(join(folder, "new"), "something new");
    const debugfs = (request: string) => execFileSync("debugfs", ["-w", "-R", request, after], { stdio: "ignore" });
    debugfs(`write ${join(folder, "new")} new`);
    debugfs("rm empty");
    debugfs("rm large");
    debugfs(`write ${join(folder, "new")} large`);
    debugfs("set_inode_field deep/er/and/deeper/last mode 0100600");
    const size = statSync(before).size;
    const [found] = await compareDisks(source(before), source(after), [{ start: 0, length: size }]);
    expect(found?.files?.changes.map(({ path, change }) => `${change} ${path}`)).toEqual([
      "attributes /deep/er/and/deeper/last",
      "removed /empty",
      "changed /large",
      "added /new",
    ]);
    expect(lstatSync(after).size).toBe(size);
  });

  test("a bent disk never breaks the reader", async () => {
    const honest = readFileSync(mke2fs("bent.img", "-t", "ext4", "-b", "1024"));
    const anywhere = fc.oneof(
      fc.integer({ min: 1024, max: 2048 }),
      fc.integer({ min: 2048, max: 400_000 }),
      fc.integer({ min: 0, max: honest.length - 64 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anywhere, fc.uint8Array({ minLength: 1, maxLength: 64 })), { minLength: 1, maxLength: 10 }),
        async (places) => {
          const bytes = Buffer.from(honest);
          for (const [at, some] of places) bytes.set(some, at);
          const opened = await openVolume(cachedSource(bytes.length, async (offset, length) => bytes.subarray(offset, offset + length)));
          if (!("volume" in opened)) return;
          for await (const { path } of opened.volume.walk()) expect(path.startsWith("/")).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("FAT as mkfs.vfat and mtools make it", () => {
  test.each([
    ["FAT12", 4, "12"],
    ["FAT16", 32, "16"],
    ["FAT32", 64, "32"],
  ])("%s is read file by file as it was written", async (system, size, bits) => {
    const path = join(folder, `${system}.img`);
    writeFileSync(path, "");
    truncateSync(path, size << 20);
    execFileSync("mkfs.vfat", ["-F", bits, path], { stdio: "ignore" });
    const from = join(folder, `for-${system}`);
    mkdirSync(join(from, "folder/Another Folder"), { recursive: true });
    for (let i = 0; i < 40; i++) writeFileSync(join(from, `folder/A long name of a file ${i}.text`), `${i}`.repeat(i * 50));
    writeFileSync(join(from, "folder/Another Folder/ünï.txt"), randomBytes(100_000));
    writeFileSync(join(from, "SHORT.TXT"), "short");
    writeFileSync(join(from, "lower.txt"), "lower");
    execFileSync("mcopy", ["-s", "-Q", "-i", path, join(from, "folder"), join(from, "SHORT.TXT"), join(from, "lower.txt"), "::/"], {
      env: { ...process.env, LC_ALL: "C.UTF-8", MTOOLS_SKIP_CHECK: "1" },
    });
    const found = await asRead(path);
    expect(found.system).toBe(system);
    expect(found.lines).toEqual(asWritten(from));
    expect(found.problems).toBe(0);
  });
});
