// A download that is cut off or tampered with, from a mirror that does so: refused, or gone on with, and nothing half done
// is kept.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

const run = promisify(execFile);
const NAME = "debian-12-generic-amd64.qcow2";
let bytes: Buffer;
let mirror: Server;
let behaviour: "cut" | "flip" | "whole" = "whole";
const ranges: string[] = [];
let fetching: Installation;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "mimic-mirror-"));
  await run("qemu-img", ["create", "-q", "-f", "raw", `${folder}/raw`, "8M"]);
  await writeFile(`${folder}/raw`, Buffer.alloc(8 << 20, "0123456789abcdef a disk for downloading "));
  await run("qemu-img", ["convert", "-O", "qcow2", `${folder}/raw`, `${folder}/${NAME}`]);
  bytes = await readFile(`${folder}/${NAME}`);
  await rm(folder, { recursive: true });
  mirror = createServer((request, response) => {
    if (request.url?.endsWith("SHA512SUMS")) return void response.end(`${createHash("sha512").update(bytes).digest("hex")}  ${NAME}\n`);
    if (!request.url?.endsWith(NAME)) return void response.writeHead(404).end();
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    ranges.push(request.headers.range ?? "all");
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": bytes.length - from,
      etag: '"one"',
      "accept-ranges": "bytes",
      ...(from > 0 ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    const body = Buffer.from(bytes.subarray(from));
    if (behaviour === "flip") body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    if (behaviour === "cut")
      response.write(body.subarray(0, Math.min(body.length, 1 << 20)), () => setTimeout(() => response.destroy(), 100));
    else response.end(body);
  });
  await new Promise<void>((done) => mirror.listen(0, "127.0.0.1", done));
  fetching = await install({ env: { MIMIC_IMAGE_MIRROR: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}` } });
}, 60_000);
afterAll(async () => {
  await fetching?.[Symbol.asyncDispose]();
  mirror?.close();
});

test("a download with another digest is refused, and nothing of it is kept", async () => {
  behaviour = "flip";
  const failed = await fetching.mimic(["image", "pull", "debian-12"]);
  expect(failed.code).not.toBe(0);
  expect(failed.err).toContain("image.digest_wrong");
  expect((await fetching.client.images.list({})).images).toEqual([]);
  expect(await readdir(`${fetching.home}/data/images`)).toEqual([]);
  expect(await readdir(`${fetching.home}/data/quarantine`)).toEqual([]);
}, 60_000);

test("a download that is cut off says so and goes on from there the next time", async () => {
  behaviour = "cut";
  ranges.length = 0;
  const failed = await fetching.mimic(["image", "pull", "debian-12"]);
  expect(failed.code).not.toBe(0);
  expect(failed.err).toContain("download.failed");
  expect((await fetching.client.images.list({})).images).toEqual([]);
  behaviour = "whole";
  const tried = ranges.length;
  const done = await fetching.mimic(["image", "pull", "debian-12"]);
  expect(done.err + done.out).toMatch(/The image of .* is here/);
  expect(done.code).toBe(0);
  expect(ranges.slice(tried)[0]).toMatch(/^bytes=[1-9]/);
  expect((await fetching.client.images.list({})).images.map(({ system }) => system)).toEqual(["debian-12"]);
}, 90_000);
