import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CaptureStream, captureTime, readCapture } from "@mimic/network";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openCaptureFiles } from "./capture-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mimic-capture-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function capture(frames: number): Uint8Array {
  const stream = new CaptureStream({ snapLength: 0 });
  const port = stream.addInterface({ name: "hello" });
  for (let i = 0; i < frames; i++) stream.packet(port, new Uint8Array(1000), captureTime(i, 0), "inbound");
  return stream.take() as Uint8Array;
}

test("a ring keeps the newest files, each whole and readable by its owner only, and leaves others alone", async () => {
  await writeFile(join(folder, "lab-old.pcapng"), "mine");
  {
    await using files = openCaptureFiles(join(folder, "lab.pcapng"), { maxFileBytes: 10_000, maxFiles: 3 });
    expect(await files.write(capture(100))).toBe(true);
    expect(files.paths).toHaveLength(3);
  }
  const names = (await readdir(folder)).sort();
  expect(names).toEqual(["lab-00008.pcapng", "lab-00009.pcapng", "lab-00010.pcapng", "lab-old.pcapng"]);
  let frames = 0;
  for (const name of names.slice(0, 3)) {
    const items = readCapture(await readFile(join(folder, name)));
    expect(items.at(-1)?.kind).toBe("packet");
    frames += items.filter((item) => item.kind === "packet").length;
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  }
  expect(frames).toBeGreaterThan(20);
});

test("a single file ends when it is full; one that is there already is not touched", async () => {
  const path = join(folder, "lab.pcapng");
  {
    await using files = openCaptureFiles(path, { maxFileBytes: 10_000, maxFiles: 1 });
    expect(await files.write(capture(100))).toBe(false);
  }
  const before = await readFile(path);
  expect(readCapture(before).filter((item) => item.kind === "packet").length).toBeGreaterThan(5);
  await using again = openCaptureFiles(path, { maxFileBytes: 0, maxFiles: 1 });
  await expect(again.write(capture(1))).rejects.toMatchObject({ code: "capture.file_exists" });
  expect(await readFile(path)).toEqual(before);
});

test("a folder that is not there is told in words", async () => {
  await using files = openCaptureFiles(join(folder, "none", "lab.pcapng"), { maxFileBytes: 0, maxFiles: 1 });
  await expect(files.write(capture(1))).rejects.toMatchObject({ code: "capture.file_failed" });
});
