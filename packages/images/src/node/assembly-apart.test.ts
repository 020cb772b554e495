// Assembling in a process of its own: what it says arrives, and it is gone when nobody wants it any more.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Log, type Progress, silentLog } from "@mimic/base";
import { afterAll, expect, test } from "vitest";
import { assembleApart } from "./assembly-apart.ts";

const folder = mkdtempSync(join(tmpdir(), "mimic-apart-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = join(import.meta.dirname, "assembly-process.test-helper.ts");
const content = join(import.meta.dirname, "../../../../content");

const order = (mirror: string) => ({
  source: { way: "assemble" as const, builder: "tiny-linux" as const, suite: "bookworm", packages: ["busybox-static"], options: {} },
  folder: mkdtempSync(join(folder, "order-")),
  cacheDirectory: join(folder, "cache"),
  contentDirectory: content,
  environment: { MIMIC_DEBIAN_MIRROR: mirror },
});

test("progress, warnings and a failure with its code arrive from the other process", async () => {
  const reported: Progress[] = [];
  const warned: string[] = [];
  const log: Log = { ...silentLog, warn: (words) => warned.push(words) };
  const asked = assembleApart({ program, log })(order("http://127.0.0.1:9/debian"), {
    signal: new AbortController().signal,
    report: (progress) => reported.push(progress),
  });
  await expect(asked).rejects.toMatchObject({ code: "download.failed", hint: expect.stringMatching(/./) });
  expect(reported.map(({ words }) => words)).toContain("Asking 127.0.0.1:9 for its list of packages");
  expect(warned).toContain("debian mirror not usable");
});

test("cancelled work ends the process, and the reason is what the asker gave", async () => {
  const reached = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  await using server = createServer((request) => {
    request.socket.once("close", () => left.resolve());
    reached.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const abort = new AbortController();
  const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`;
  const asked = assembleApart({ program, log: silentLog })(order(mirror), { signal: abort.signal, report() {} });
  await Promise.race([reached.promise, asked]);
  abort.abort(new Error("not wanted any more"));
  await expect(asked).rejects.toThrow("not wanted any more");
  await left.promise;
});

test("a process that is killed in the middle is reported, with what to do", async () => {
  const asked = assembleApart({ program, args: ["die"], log: silentLog })(order("http://127.0.0.1:9/debian"), {
    signal: new AbortController().signal,
    report() {},
  });
  await expect(asked).rejects.toMatchObject({ code: "image.assembly_broken_off", message: expect.stringContaining("SIGKILL") });
});
