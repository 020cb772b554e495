// Every parser against bytes that make no sense: an answer or our own error, never anything else, never for long.
import { MimicError } from "@mimic/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAr } from "./archive/ar.ts";
import { ByteReader } from "./archive/byte-reader.ts";
import { writeCpio } from "./archive/cpio.ts";
import { readTar, safePath } from "./archive/tar.ts";
import { chooseMember, readZip } from "./archive/zip.ts";
import { findChecksum } from "./checksums.ts";
import { parseDeb822Sources, parseOneLineSources, planMirrors } from "./debian/apt-sources.ts";
import { packageOf, parseStanza, readPackageIndex } from "./debian/control.ts";
import { parseRelease } from "./debian/release.ts";
import { compareVersions } from "./debian/version.ts";
import { decideImage } from "./inspect/inspect.ts";
import { inspectQcow2 } from "./inspect/qcow2.ts";
import type { Inspected } from "./inspect/types.ts";
import { inspectVdi } from "./inspect/vdi.ts";
import { inspectVhd } from "./inspect/vhd.ts";
import { inspectVhdx } from "./inspect/vhdx.ts";
import { inspectVmdk } from "./inspect/vmdk.ts";
import { busyboxApplets } from "./tiny-linux/applets.ts";
import { moduleInfo, neededLibraries } from "./tiny-linux/elf.ts";

const inspected = (bytes: Uint8Array): Inspected => ({
  sizeBytes: bytes.length,
  read: async (offset, length) => bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
});

async function* inChunks(bytes: Uint8Array, size = 97): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const readerOf = (bytes: Uint8Array): ByteReader => new ByteReader(inChunks(bytes), "test");
const text = new TextEncoder();

/** Runs it to its end; only our own errors may come. */
async function answers(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(MimicError);
  }
}

const drain = async (source: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of source);
};

/** Random bytes behind a start that gets past the first look. */
const behind = (magic: Uint8Array, at = 0, length = 4096) =>
  fc.uint8Array({ minLength: 600, maxLength: length }).map((bytes) => {
    const out = new Uint8Array(Math.max(bytes.length, at + magic.length));
    out.set(bytes);
    out.set(magic, at);
    return out;
  });

function tarHeader(fields: { name: string; size?: number; type?: string; prefix?: string; link?: string }): Uint8Array {
  const header = new Uint8Array(512);
  header.set(text.encode(fields.name), 0);
  header.set(text.encode("0000644\0"), 100);
  header.set(text.encode(`${(fields.size ?? 0).toString(8).padStart(11, "0")}\0`), 124);
  header.set(text.encode(fields.type ?? "0"), 156);
  header.set(text.encode(fields.link ?? ""), 157);
  header.set(text.encode("ustar\x0000"), 257);
  header.set(text.encode(fields.prefix ?? ""), 345);
  let sum = 256;
  header.forEach((byte, i) => {
    if (i < 148 || i >= 156) sum += byte;
  });
  header.set(text.encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return header;
}

describe("for any bytes", () => {
  const runs = { numRuns: 150 };
  test("the archive readers answer or refuse", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array({ maxLength: 3000 }), behind(text.encode("!<arch>\n")), behind(text.encode("PK\x03\x04"))),
        async (bytes) => {
          await answers(() => drain(readAr(readerOf(bytes))));
          await answers(() => drain(readTar(readerOf(bytes))));
          await answers(() => readZip(inspected(bytes)));
        },
      ),
      runs,
    ));

  test("the inspectors answer, and never throw", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 3000 }),
          behind(new Uint8Array([0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3])),
          behind(text.encode("KDMV")),
          behind(new Uint8Array([0x7f, 0x10, 0xda, 0xbe, 1, 0, 1, 0]), 0x40),
          behind(text.encode("conectix")),
          behind(text.encode("vhdxfile")),
        ),
        async (bytes) => {
          for (const inspect of [inspectQcow2, inspectVmdk, inspectVdi, inspectVhd, inspectVhdx])
            expect(typeof (await inspect(inspected(bytes))).good).toBe("boolean");
          await decideImage(inspected(bytes), { maxVirtualBytes: 2 ** 36, name: "x" });
        },
      ),
      runs,
    ));

  test("the readers of programs and of texts answer", () =>
    fc.assert(
      fc.asyncProperty(
        behind(new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1])),
        fc.string({ unit: "binary", maxLength: 800 }),
        async (bytes, words) => {
          neededLibraries(bytes);
          moduleInfo(bytes);
          busyboxApplets(bytes);
          parseRelease(words);
          parseOneLineSources(words);
          parseDeb822Sources(words);
          packageOf(parseStanza(words));
          findChecksum(words, "sha256", words);
          await readPackageIndex(inChunks(text.encode(words)), () => true);
        },
      ),
      runs,
    ));

  test("version order is an order", () => {
    const version = fc.stringMatching(/^[0-9]{1,2}(:[0-9]{1,2})?([.+~a-z][0-9a-z]{0,3}){0,3}(-[0-9a-z~]{1,3})?$/);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        expect(compareVersions(a, a)).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe("Debian's rules", () => {
  test.each([
    ["1.0~rc1", "1.0"],
    ["1.0", "1.0+b1"],
    ["9", "10"],
    ["6.1.176-1", "6.1.192-2"],
    ["2.0", "1:0.1"],
    ["1:7.2+dfsg-7+deb12u17", "1:7.2+dfsg-7+deb12u18+b3"],
  ])("%s is older than %s", (a, b) => expect(compareVersions(a, b)).toBeLessThan(0));

  test("the host's mirrors are read from both forms, others left out", () => {
    const oneLine =
      "# deb http://no.example/debian bookworm main\ndeb [signed-by=/k.gpg] http://a.example/debian/ bookworm main contrib\ndeb http://s.example/debian-security bookworm-security main\ndeb https://apt.example.com stable-thing main\ndeb cdrom:[x]/ bookworm main\ndeb-src http://src.example/debian bookworm main\n";
    expect(parseOneLineSources(oneLine)).toEqual([
      { base: "http://a.example/debian", security: false },
      { base: "http://s.example/debian-security", security: true },
    ]);
    const deb822 =
      "Types: deb\nURIs: http://b.example/debian\nSuites: trixie trixie-updates\nComponents: main\n\nTypes: deb\nEnabled: no\nURIs: http://c.example/debian\nSuites: trixie\nComponents: main\n";
    expect(parseDeb822Sources(deb822).map((mirror) => mirror.base)).toEqual(["http://b.example/debian", "http://b.example/debian"]);
  });

  test("the host's mirror comes before the public ones; an override stands alone", () => {
    expect(planMirrors({ host: [{ base: "http://a.example/debian", security: false }] }).main.slice(0, 2)).toEqual([
      "http://a.example/debian",
      "http://deb.debian.org/debian",
    ]);
    expect(planMirrors({ override: "http://127.0.0.1:1/debian/", host: [] })).toEqual({
      main: ["http://127.0.0.1:1/debian"],
      security: ["http://127.0.0.1:1/debian-security"],
    });
  });

  test("busybox's own names are found whatever bytes stand before them", () => {
    const names = ["[", "[[", "acpid", "busybox", "modprobe", ...Array.from({ length: 60 }, (_, n) => `program${n}`)];
    const table = `${names.join("\0")}\0`;
    for (const before of ["\0", " ", "x[\0[[\0!\0"]) expect(busyboxApplets(text.encode(`${before}${table}`)), before).toEqual(names);
  });

  test("an index cannot name a file outside the mirror", () => {
    const stanza = (fileName: string) => parseStanza(`Package: x\nFilename: ${fileName}\nSize: 1\nSHA256: ${"a".repeat(64)}\n`);
    expect(packageOf(stanza("pool/x.deb"))).toBeDefined();
    for (const name of ["../x.deb", "/etc/passwd", "pool/../../x", "http://e/x?y"]) expect(packageOf(stanza(name)), name).toBeUndefined();
  });
});

describe("archives with bad intentions", () => {
  const tarOf = (...parts: Uint8Array[]) => {
    const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0) + 1024);
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  };

  test("an honest tar is read (the control)", async () => {
    const seen: string[] = [];
    for await (const entry of readTar(readerOf(tarOf(tarHeader({ name: "./a/b" }), tarHeader({ name: "l", type: "2", link: "a/b" })))))
      seen.push(`${entry.kind} ${entry.path} ${entry.target}`);
    expect(seen).toEqual(["file a/b ", "link l a/b"]);
  });

  test.each([
    ["a name that climbs out", { name: "../../etc/passwd" }],
    ["an absolute name", { name: "/etc/passwd" }],
    ["a prefix that climbs out", { name: "passwd", prefix: "../etc" }],
    ["a backslash", { name: "a\\..\\b" }],
    ["a hard link", { name: "x", type: "1", link: "/etc/passwd" }],
    ["a device", { name: "x", type: "3" }],
    ["a pax header that overrides names", { name: "x", type: "x" }],
  ])("%s in a tar is refused", async (_, fields) => {
    await expect(drain(readTar(readerOf(tarOf(tarHeader(fields)))))).rejects.toMatchObject({ code: "archive.malformed" });
  });

  test("a safe path stays inside", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(".", "/", "a", "\\", "\0", "-") }), (name) => {
        const path = safePath(name);
        if (path !== undefined) expect(path.startsWith("/") || path.split("/").includes("..")).toBe(false);
      }),
    );
  });

  test("a zip without one clear image has none chosen", () => {
    const entry = (name: string) => ({ name, method: "stored" as const, crc32: 0, packedBytes: 0, sizeBytes: 0, dataAt: 0 });
    expect(chooseMember([entry("a.iso"), entry("readme.txt")], undefined)?.name).toBe("a.iso");
    expect(chooseMember([entry("a.iso"), entry("b.iso")], undefined)).toBeUndefined();
    expect(chooseMember([entry("a.iso"), entry("b.iso")], "b.iso")?.name).toBe("b.iso");
  });
});

test("an initramfs has the same bytes for the same entries", () => {
  const entries = [
    { path: "a", kind: "folder" as const, mode: 0o755 },
    { path: "a/b", kind: "file" as const, mode: 0o644, body: text.encode("hello") },
  ];
  const one = writeCpio(entries);
  expect(one).toEqual(writeCpio(entries));
  expect(new TextDecoder().decode(one).match(/070701/g)?.length).toBe(3);
  expect(one.length % 4).toBe(0);
});

describe("checksum lists", () => {
  const hex = "ab".repeat(32);
  test.each([
    ["GNU", `${hex}  image.qcow2\n${"cd".repeat(32)}  other\n`],
    ["GNU binary", `${hex} *image.qcow2\n`],
    ["BSD", `# comment\nSHA256 (image.qcow2) = ${hex}\n`],
    ["alone", `${hex.toUpperCase()}\n`],
  ])("%s is read", (_, list) => expect(findChecksum(list, "sha256", "image.qcow2")).toBe(hex));

  test("a list that says two things says nothing", () => {
    expect(findChecksum(`${hex}  i\n${"cd".repeat(32)}  i\n`, "sha256", "i")).toBeUndefined();
    expect(findChecksum(`${hex}  not-i\n`, "sha256", "i")).toBeUndefined();
  });
});
