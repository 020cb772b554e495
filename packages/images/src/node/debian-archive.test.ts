// A Debian mirror of our own, signed by a key of our own, and everything that can be wrong with it.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { silentLog } from "@mimic/base";
import { createCleartextMessage, generateKey, type PrivateKey, readPrivateKey, sign } from "openpgp";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { unpackDeb } from "./deb-file.ts";
import { DebianArchive } from "./debian-archive.ts";

import { storeXz } from "./store-xz.test-helper.ts";

const work = { signal: new AbortController().signal, report() {} };
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
let folder: string;
let server: Server;
let base: string;
let key: PrivateKey;
let foreign: PrivateKey;
let files: Map<string, Uint8Array>;
let asked: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mimic-debian-"));
  const [ours, other] = await Promise.all([generateKey({ userIDs: [{ name: "ours" }] }), generateKey({ userIDs: [{ name: "other" }] })]);
  key = await readPrivateKey({ armoredKey: ours.privateKey });
  foreign = await readPrivateKey({ armoredKey: other.privateKey });
  mkdirSync(join(folder, "keys", "debian"), { recursive: true });
  writeFileSync(join(folder, "keys", "debian", "test.asc"), ours.publicKey);
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const body = files.get(decodeURIComponent(request.url ?? ""));
    if (body) response.writeHead(200, { "content-length": body.length }).end(body);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  files = new Map();
  asked = [];
  rmSync(join(folder, "cache"), { recursive: true, force: true });
});

function aTar(name: string, body: string): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar  \0", 257);
  header.write(
    `${header
      .reduce((a, b) => a + b, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return Buffer.concat([header, Buffer.from(body.padEnd(512, "\0")), Buffer.alloc(1024)]);
}

function aDeb(name: string, body: string): Uint8Array {
  const member = (title: string, bytes: Uint8Array) =>
    Buffer.concat([
      Buffer.from(
        `${title.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`,
      ),
      bytes,
      Buffer.alloc(bytes.length % 2, 10),
    ]);
  return Buffer.concat([
    Buffer.from("!<arch>\n"),
    member("debian-binary", Buffer.from("2.0\n")),
    member("control.tar.gz", gzipSync(aTar("./control", "x"))),
    member("data.tar.gz", gzipSync(aTar(name, body))),
  ]);
}

interface SuiteOptions {
  readonly suite?: string;
  readonly codename?: string;
  readonly signer?: PrivateKey;
  readonly validUntil?: string;
  readonly version?: string;
  readonly tamper?: "index" | "package" | "release";
}

/** Puts one package “hello” into a suite of our mirror. */
async function publish({ suite = "bookworm", codename = suite, signer = key, validUntil, version = "1.0", tamper }: SuiteOptions = {}) {
  const root = suite.endsWith("-security") ? "/debian-security" : "/debian";
  const deb = aDeb("./usr/bin/hello", `hello ${version}`);
  const fileName = `pool/main/h/hello_${version}_amd64.deb`;
  const index = Buffer.from(
    `Package: hello\nVersion: ${version}\nArchitecture: amd64\nFilename: ${fileName}\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n\n`,
  );
  const packed = storeXz(index);
  const release = `Codename: ${codename}\nSuite: oldstable\n${validUntil ? `Valid-Until: ${validUntil}\n` : ""}SHA256:\n ${sha256(packed)} ${packed.length} main/binary-amd64/Packages.xz\n`;
  let signed = await sign({ message: await createCleartextMessage({ text: release }), signingKeys: signer });
  if (tamper === "release") signed = signed.replace("oldstable", "oldstabil");
  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length - 20 ? byte ^ 1 : byte));
  files.set(`${root}/dists/${suite}/InRelease`, Buffer.from(signed));
  files.set(`${root}/dists/${suite}/main/binary-amd64/Packages.xz`, tamper === "index" ? flip(packed) : packed);
  files.set(`${root}/${fileName}`, tamper === "package" ? flip(deb) : deb);
}

const open = () =>
  new DebianArchive({
    cacheDirectory: join(folder, "cache"),
    contentDirectory: folder,
    mirrors: { main: [base], security: [`${base}-security`] },
    clock: { nowMs: () => Date.parse("2026-06-01T00:00:00Z"), monotonicMs: () => 0, sleep: async () => {} },
    log: silentLog,
  });
async function getHello(archive = open()): Promise<string> {
  const found = (await archive.packages("bookworm", (name) => name === "hello", work)).get("hello");
  if (!found) throw new Error("not found");
  const { files: unpacked } = await unpackDeb(await archive.fetch(found, work), () => true, { signal: work.signal, maxBytes: 1000 });
  return Buffer.from(unpacked.get("usr/bin/hello")?.body ?? []).toString();
}

describe("a Debian mirror", () => {
  test("gives a package whose every step is signed for", async () => {
    await publish();
    expect(await getHello()).toBe("hello 1.0");
  });

  test("is asked only once for what the cache has, and a damaged cache is noticed", async () => {
    await publish();
    await getHello();
    const { length } = asked.filter((url) => url.includes("pool"));
    await getHello();
    expect(asked.filter((url) => url.includes("pool"))).toHaveLength(length);
    const deb = files.get("/debian/pool/main/h/hello_1.0_amd64.deb") ?? new Uint8Array(0);
    const cached = join(folder, "cache", "debian", sha256(deb));
    writeFileSync(cached, Buffer.concat([readFileSync(cached), Buffer.from("x")]));
    expect(await getHello()).toBe("hello 1.0");
  });

  test("with a security suite gives the newer package; without one it still serves", async () => {
    await publish();
    await publish({ suite: "bookworm-security", version: "1.1" });
    expect(await getHello()).toBe("hello 1.1");
  });

  test("whose security index is out of date is used without it", async () => {
    await publish();
    await publish({ suite: "bookworm-security", version: "1.1", validUntil: "Mon, 05 Jan 2026 00:00:00 UTC" });
    expect(await getHello()).toBe("hello 1.0");
  });

  test.each<[string, SuiteOptions, string]>([
    [
      "signed by a stranger",
      {
        get signer() {
          return foreign;
        },
      },
      "image.signature_wrong",
    ],
    ["whose index was changed after signing", { tamper: "release" }, "image.signature_wrong"],
    ["whose list of packages was changed", { tamper: "index" }, "image.digest_wrong"],
    ["whose package was changed", { tamper: "package" }, "image.digest_wrong"],
    ["that serves another suite under this name", { codename: "trixie" }, "debian.wrong_suite"],
    ["whose index is out of date", { validUntil: "Mon, 05 Jan 2026 00:00:00 UTC" }, "debian.index_expired"],
  ])("%s is refused", async (_, options, code) => {
    await publish(options);
    await expect(getHello()).rejects.toMatchObject({ code });
  });

  test("that is not signed at all is refused", async () => {
    await publish();
    files.set("/debian/dists/bookworm/InRelease", Buffer.from("Codename: bookworm\nSHA256:\n"));
    await expect(getHello()).rejects.toMatchObject({ code: "image.signature_wrong" });
  });
});
