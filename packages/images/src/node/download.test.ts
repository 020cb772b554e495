// Downloads against servers of our own on loopback, well-behaved and not.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRefusal, silentLog } from "@mimic/base";
import { System } from "@mimic/model";
import { createMessage, generateKey, readPrivateKey, sign } from "openpgp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { downloadImage } from "./download.ts";
import { fetchFile } from "./fetch-file.ts";
import { httpGet, isPrivateAddress } from "./http-get.ts";

const work = { signal: new AbortController().signal, report() {} };
const bytes = randomBytes(300_000);
const sha256 = createHash("sha256").update(bytes).digest("hex");
let folder: string;
let server: Server;
let base: string;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
let ranges: (string | undefined)[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "mimic-download-"));
  ranges = [];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const plan = (more: object = {}) => ({
  urls: [`${base}/x`],
  path: join(folder, "x"),
  maxBytes: 1_000_000,
  plainHttp: true,
  privateRedirects: true,
  what: "x",
  expected: { algorithm: "sha256" as const, hex: sha256 },
  ...more,
});

function serve(request: IncomingMessage, response: ServerResponse, etag = '"1"'): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const whole = request.headers["if-range"] !== undefined && request.headers["if-range"] !== etag;
  const start = whole ? 0 : from;
  response.writeHead(start > 0 ? 206 : 200, {
    etag,
    "content-length": bytes.length - start,
    ...(start > 0 ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  response.end(bytes.subarray(start));
}

/** However slow this computer is: once so many bytes are in the file. */
function whenCame(count: number, then: () => void): void {
  const look = setInterval(() => {
    if ((statSync(join(folder, "x.part"), { throwIfNoEntry: false })?.size ?? 0) < count) return;
    clearInterval(look);
    then();
  }, 10);
}

/** Cuts the first answer after 100,000 bytes. */
function cutOnce(request: IncomingMessage, response: ServerResponse): void {
  if (ranges.length > 1) {
    serve(request, response);
    return;
  }
  response.writeHead(200, { "content-length": bytes.length, etag: '"1"' });
  response.write(bytes.subarray(0, 100_000));
  whenCame(1, () => response.destroy());
}

describe("fetching a file", () => {
  test("a cut connection is continued where it stopped", async () => {
    handle = cutOnce;
    expect((await fetchFile(plan(), work)).sha256).toBe(sha256);
    expect(readFileSync(join(folder, "x")).equals(bytes)).toBe(true);
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test("without a known digest it is continued only while the ETag is the same", async () => {
    handle = (request, response) => (ranges.length > 1 ? serve(request, response, '"2"') : cutOnce(request, response));
    expect((await fetchFile(plan({ expected: undefined }), work)).sha256).toBe(sha256);
  });

  test("a wrong digest is an error and nothing stays", async () => {
    handle = serve;
    await expect(fetchFile(plan({ expected: { algorithm: "sha256", hex: "0".repeat(64) } }), work)).rejects.toMatchObject({
      code: "image.digest_wrong",
    });
    expect(() => readFileSync(join(folder, "x"))).toThrow();
    expect(() => readFileSync(join(folder, "x.part"))).toThrow();
  });

  test("the next address is tried when one fails", async () => {
    handle = (request, response) => (request.url === "/broken" ? response.writeHead(503).end() : serve(request, response));
    expect((await fetchFile(plan({ urls: [`${base}/broken`, `${base}/x`] }), work)).url).toBe(`${base}/x`);
  });

  test("more bytes than allowed are refused, announced or not", async () => {
    handle = (_, response) => {
      response.writeHead(200, { "transfer-encoding": "chunked" });
      response.end(bytes);
    };
    await expect(fetchFile(plan({ maxBytes: 1000 }), work)).rejects.toMatchObject({ code: "download.too_large" });
    handle = serve;
    await expect(fetchFile(plan({ maxBytes: 1000 }), work)).rejects.toMatchObject({ code: "download.too_large" });
  });

  test("cancelling stops it and keeps what came", async () => {
    const stop = new AbortController();
    handle = (_, response) => {
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 50_000));
      whenCame(50_000, () => stop.abort(new Error("enough")));
    };
    await expect(fetchFile(plan(), { ...work, signal: stop.signal })).rejects.toThrow("enough");
    expect(readFileSync(join(folder, "x.part")).length).toBe(50_000);
  });
});

describe("redirects", () => {
  const get = (privateRedirects: boolean, plainHttp = true) =>
    httpGet(`${base}/from`, { signal: work.signal, plainHttp, privateRedirects });
  test("to a private address are refused, by number and by name; a person's own mirror may (the control)", async () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]"]) {
      handle = (request, response) =>
        request.url === "/from"
          ? response.writeHead(302, { location: base.replace("127.0.0.1", host).replace(/$/, "/to") }).end()
          : response.end("secret");
      await expect(get(false), host).rejects.toMatchObject({ code: "download.redirect_refused" });
    }
    handle = (request, response) => (request.url === "/from" ? response.writeHead(302, { location: "/to" }).end() : response.end("secret"));
    const reply = await get(true);
    expect(reply.status).toBe(200);
    await reply.body[Symbol.asyncIterator]().return?.();
  });

  test("end after five", async () => {
    handle = (_, response) => response.writeHead(302, { location: "/from" }).end();
    await expect(get(true)).rejects.toMatchObject({ code: "download.redirect_refused" });
    expect(ranges.length).toBe(6);
  });

  test("to anything but http are refused", async () => {
    handle = (_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end();
    await expect(get(true)).rejects.toMatchObject({ code: "download.redirect_refused" });
  });

  test("plain http is not spoken where it is not allowed", async () => {
    handle = serve;
    await expect(get(false, false)).rejects.toMatchObject({ code: "download.redirect_refused" });
  });

  test.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "not-an-address",
  ])("%s counts as private", (address) => expect(isPrivateAddress(address)).toBe(true));
  test.each(["8.8.8.8", "151.101.2.132", "2a04:4e42::644"])("%s does not", (address) => expect(isPrivateAddress(address)).toBe(false));
});

describe("a system's download", () => {
  const iso = Buffer.concat([Buffer.alloc(32_769), Buffer.from("CD001"), randomBytes(100_000)]);
  const isoSha = createHash("sha256").update(iso).digest("hex");
  const system = (proof: object): System =>
    System.parse({
      id: "test",
      name: "Test",
      summary: "x",
      family: "other",
      picture: "disc",
      architecture: "x86_64",
      minimum: { memoryMiB: 1, diskBytes: 0 },
      hardware: {},
      source: { way: "download", urls: ["https://images.example/cd/test.iso"], kind: "cd", format: "raw", proof },
      readiness: { sign: { kind: "none" } },
      licence: "x",
      homepage: "https://images.example/",
    });
  const tools = (mirror: string) => ({
    quarantine: async () => mkdtempSync(join(folder, "q-")),
    clock: { nowMs: () => 0, monotonicMs: () => 0, sleep: async () => {} },
    log: silentLog,
    environment: { PATH: process.env["PATH"], MIMIC_IMAGE_MIRROR: mirror },
    maxVirtualBytes: 1024 ** 3,
    cacheDirectory: join(folder, "cache"),
    contentDirectory: join(folder, "content"),
  });
  const get = (proof: object, mirror = base) => {
    const it = system(proof);
    if (it.source.way !== "download") throw new Error("no");
    return downloadImage(it, it.source, tools(mirror), work);
  };
  const list = (signed = false, key = "k") => ({
    by: "checksums",
    url: "https://images.example/cd/SUMS",
    algorithm: "sha256",
    fileName: "test.iso",
    ...(signed ? { signature: { url: "https://images.example/cd/SUMS.gpg", key } } : {}),
  });
  const site = (files: Record<string, string | Uint8Array>) => {
    handle = (request, response) => {
      const body = files[request.url ?? ""];
      if (body === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "content-length": Buffer.byteLength(body) }).end(body);
    };
  };

  test("is checked against the digest in the recipe and comes from the mirror", async () => {
    site({ "/images.example/cd/test.iso": iso });
    const result = await get({ by: "digest", digest: { algorithm: "sha256", hex: isoSha } });
    if (isRefusal(result)) throw new Error(result.why);
    expect(result.record).toMatchObject({ digest: isoSha, kind: "cd", format: "raw", system: "test" });
    expect(readFileSync(result.path).equals(iso)).toBe(true);
  });

  test("with one byte changed is refused", async () => {
    const changed = Buffer.from(iso);
    changed[50_000] = (changed[50_000] ?? 0) ^ 1;
    site({ "/images.example/cd/test.iso": changed });
    await expect(get({ by: "digest", digest: { algorithm: "sha256", hex: isoSha } })).rejects.toMatchObject({ code: "image.digest_wrong" });
  });

  test("is checked against the publisher's list, also from a folder", async () => {
    site({ "/test.iso": iso, "/SUMS": `${isoSha}  test.iso\n` });
    expect(await get(list())).toMatchObject({ record: { digest: isoSha } });
    const mirror = join(folder, "mirror", "images.example", "cd");
    mkdirSync(mirror, { recursive: true });
    writeFileSync(join(mirror, "test.iso"), iso);
    writeFileSync(join(mirror, "SUMS"), `${isoSha}  test.iso\n`);
    expect(await get(list(), join(folder, "mirror"))).toMatchObject({ record: { digest: isoSha } });
  });

  test("that its publisher's list does not name is an error", async () => {
    site({ "/test.iso": iso, "/SUMS": `${isoSha}  newer.iso\n` });
    await expect(get(list())).rejects.toMatchObject({ code: "image.checksum_missing" });
  });

  test("with a signature: only the recipe's key counts", async () => {
    const make = async () => {
      const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: "test" }] });
      return { publicKey, key: await readPrivateKey({ armoredKey: privateKey }) };
    };
    const [ours, other] = [await make(), await make()];
    mkdirSync(join(folder, "content", "keys"), { recursive: true });
    writeFileSync(join(folder, "content", "keys", "k.asc"), ours.publicKey);
    const sums = `${isoSha}  test.iso\n`;
    const signedBy = async (who: typeof ours) =>
      sign({ message: await createMessage({ binary: Buffer.from(sums) }), signingKeys: who.key, detached: true });
    site({ "/test.iso": iso, "/SUMS": sums, "/SUMS.gpg": await signedBy(ours) });
    expect(await get(list(true))).toMatchObject({ record: { digest: isoSha } });
    site({ "/test.iso": iso, "/SUMS": sums, "/SUMS.gpg": await signedBy(other) });
    await expect(get(list(true))).rejects.toMatchObject({ code: "image.signature_wrong" });
    site({ "/test.iso": iso, "/SUMS": `${sums} `, "/SUMS.gpg": await signedBy(ours) });
    await expect(get(list(true))).rejects.toMatchObject({ code: "image.signature_wrong" });
  });
});
