import { createHash } from "node:crypto";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestOf, sha256Of } from "../src/node/digest.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mimic-digest-"));
});
afterAll(() => rm(folder, { recursive: true }));
const { signal } = new AbortController();

test("a file's digest is that of all of its bytes, told as they are read", async () => {
  const bytes = Buffer.alloc((3 << 20) + 5, 9);
  await writeFile(join(folder, "whole"), bytes);
  let told = 0;
  const found = await digestOf(join(folder, "whole"), { signal, onBytes: (count) => (told += count) });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  expect(found).toEqual({ kind: "read", sha256, sizeBytes: bytes.length });
  expect([told, await sha256Of(join(folder, "whole"), { signal })]).toEqual([bytes.length, sha256]);
});

test("what is not a file, or not there, is said and never waited for", async () => {
  await symlink("whole", join(folder, "link"));
  // Whoever reads this one to its end never comes back.
  const paths = [join(folder, "gone"), join(folder, "link"), "/dev/zero", folder];
  const found = await Promise.all(paths.map((path) => digestOf(path, { signal })));
  expect(found).toEqual([
    { kind: "missing" },
    { kind: "unreadable", why: "it is a link" },
    { kind: "unreadable", why: "it is no file" },
    { kind: "unreadable", why: "it is no file" },
  ]);
});

test("reading ends when it is cancelled", async () => {
  const aborted = AbortSignal.abort(new Error("enough"));
  await expect(digestOf(join(folder, "whole"), { signal: aborted })).rejects.toThrow("enough");
});
