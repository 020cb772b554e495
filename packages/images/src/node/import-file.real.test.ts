// The way in for files of strangers, against the real qemu-img: what other programs write comes in whole, and
// the three attacks that read other files of this computer do not – while without our defences they work.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { isRefusal, silentLog } from "@mimic/base";
import { ImageRecord } from "@mimic/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ImportTools, importFile } from "./import-file.ts";
import { runJailed } from "./jail.ts";

const work = { signal: new AbortController().signal, report() {} };
const qemuImg = (...args: string[]): string => execFileSync("qemu-img", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const canary = `canary-${randomBytes(16).toString("hex")}`;
let folder: string;
let made = 0;
let tools: ImportTools;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mimic-import-"));
  chmodSync(folder, 0o700);
  tools = {
    quarantine: async () => {
      const path = join(folder, "quarantine", String(made++));
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return path;
    },
    clock: { nowMs: () => 0, monotonicMs: () => 0, sleep: async () => {} },
    log: silentLog,
    environment: process.env,
    maxVirtualBytes: 1024 ** 3,
  };
  writeFileSync(join(folder, "secret"), `${" ".repeat(600)}${canary}${" ".repeat(2048)}`);
  truncateSync(join(folder, "secret"), 2048);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An 8 MiB disk with a partition table and our canary in it. */
function aDisk(path: string): string {
  const bytes = Buffer.alloc(8 * 1024 ** 2);
  bytes.set([0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0xff, 0x3f, 0, 0], 446);
  bytes.set([0x55, 0xaa], 510);
  bytes.write(`content-of-the-disk ${canary}`, 1024 ** 2);
  writeFileSync(path, bytes);
  return path;
}

const bring = (path: string, more: { format?: string; kind?: "disk" | "cd" | "floppy" } = {}) =>
  importFile({ name: "test", from: { path }, ...more }, tools, work);
const leftovers = (): string[] => (existsSync(join(folder, "quarantine")) ? readdirSync(join(folder, "quarantine")) : []);

/** All bytes of a disk as the guest would see them. */
function contentOf(path: string): Buffer {
  const out = join(folder, `flat-${made++}`);
  qemuImg("convert", "-f", "qcow2", "-O", "raw", path, out);
  return readFileSync(out);
}

describe("disks that other programs write", () => {
  const kinds: [string, string[], string][] = [
    ["raw", [], "img"],
    ["qcow2", [], "qcow2"],
    ["qcow2", ["-c", "-o", "compression_type=zstd"], "zstd.qcow2"],
    ["qcow2", ["-o", "compat=0.10"], "old.qcow2"],
    ["vmdk", ["-o", "subformat=monolithicSparse"], "vmdk"],
    ["vmdk", ["-o", "subformat=streamOptimized"], "stream.vmdk"],
    ["vdi", [], "vdi"],
    ["vdi", ["-o", "static=on"], "static.vdi"],
    ["vpc", ["-o", "force_size=on"], "vhd"],
    ["vpc", ["-o", "force_size=on,subformat=fixed"], "fixed.vhd"],
    ["vhdx", [], "vhdx"],
  ];
  test.each(kinds)("%s %j come in whole", async (format, options, ending) => {
    const raw = aDisk(join(folder, "disk.img"));
    const path = join(folder, `disk.${ending}`);
    if (format !== "raw") qemuImg("convert", "-f", "raw", "-O", format, ...options, raw, path);
    const result = await bring(path);
    if (isRefusal(result)) throw new Error(result.why);
    expect(ImageRecord.parse(result.record)).toMatchObject({ kind: "disk", format: "qcow2" });
    expect(
      contentOf(result.path)
        .subarray(0, 8 * 1024 ** 2)
        .equals(readFileSync(raw)),
    ).toBe(true);
    expect(result.record.sizeBytes).toBe(statSync(result.path).size);
  });

  test("packed ones are unpacked: gz, xz, zst, zip", async () => {
    const raw = aDisk(join(folder, "disk.img"));
    writeFileSync(join(folder, "disk.img.gz"), gzipSync(readFileSync(raw)));
    writeFileSync(join(folder, "disk.img.zst"), zstdCompressSync(readFileSync(raw)));
    execFileSync("xz", ["-kf", raw]);
    execFileSync("python3", [
      "-c",
      "import zipfile,sys; z=zipfile.ZipFile(sys.argv[1],'w',zipfile.ZIP_DEFLATED); z.write(sys.argv[2],'../../etc/disk.img'); z.close()",
      join(folder, "disk.zip"),
      raw,
    ]);
    for (const ending of ["img.gz", "img.zst", "img.xz", "zip"]) {
      const result = await bring(join(folder, `disk.${ending}`));
      if (isRefusal(result)) throw new Error(`${ending}: ${result.why}`);
      expect(contentOf(result.path).equals(readFileSync(raw)), ending).toBe(true);
    }
  });

  test("the same bytes become the same image", async () => {
    const path = aDisk(join(folder, "same.img"));
    const [one, two] = [await bring(path), await bring(path)];
    if (isRefusal(one) || isRefusal(two)) throw new Error("refused");
    expect(one.record.digest).toBe(two.record.digest);
  });

  test("floppies and CDs stay as they are", async () => {
    const floppy = join(folder, "floppy.img");
    writeFileSync(floppy, Buffer.alloc(1_474_560, 7));
    expect(await bring(floppy)).toMatchObject({ record: { kind: "floppy", format: "raw", sizeBytes: 1_474_560 } });
    const iso = join(folder, "cd.iso");
    writeFileSync(iso, Buffer.concat([Buffer.alloc(32_769), Buffer.from("CD001"), Buffer.alloc(90_000)]));
    expect(await bring(iso)).toMatchObject({ record: { kind: "cd", format: "raw" } });
  });
});

/** A hostile file: how it is made, and as what QEMU's tools would take it. */
interface Attack {
  readonly name: string;
  readonly code: string;
  readonly format: string;
  make(path: string, secret: string): void;
}

const ATTACKS: readonly Attack[] = [
  {
    name: "a qcow2 whose backing file is a secret",
    code: "image.names_other_file",
    format: "qcow2",
    make: (path, secret) => void qemuImg("create", "-f", "qcow2", "-u", "-b", secret, "-F", "raw", path, "1M"),
  },
  {
    name: "a qcow2 whose data file is a secret",
    code: "image.names_other_file",
    format: "qcow2",
    make(path, secret) {
      const stand = secret.replace(/.$/, "x");
      qemuImg("create", "-f", "qcow2", "-o", `data_file=${stand},data_file_raw=on`, path, "2048");
      const bytes = readFileSync(path);
      bytes.write(secret, bytes.indexOf(stand));
      writeFileSync(path, bytes);
    },
  },
  {
    name: "a vmdk whose extent is a secret",
    code: "image.names_other_file",
    format: "vmdk",
    make: (path, secret) =>
      writeFileSync(
        path,
        `# Disk DescriptorFile\nversion=1\nCID=deadbeef\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 4 FLAT "${secret}" 0\nddb.adapterType = "ide"\nddb.geometry.cylinders = "1"\nddb.geometry.heads = "16"\nddb.geometry.sectors = "63"\n`,
      ),
  },
];

describe("files that try to read other files of this computer", () => {
  test.each(ATTACKS)("$name: works without our defences (the control)", ({ format, make }) => {
    const path = join(folder, `control-${made++}`);
    make(path, join(folder, "secret"));
    const out = `${path}.out`;
    qemuImg("convert", "-f", format, "-O", "raw", path, out);
    expect(readFileSync(out).includes(canary)).toBe(true);
  });

  test.each(ATTACKS)("$name: is refused, says which part is the reason, and leaves nothing behind", async ({ make, code }) => {
    const path = join(folder, `attack-${made++}`);
    make(path, join(folder, "secret"));
    const before = leftovers();
    const result = await bring(path);
    expect(result).toMatchObject({ kind: "refused", code });
    expect(isRefusal(result) && result.why).toMatch(/The reason is (its|the|a) /);
    expect(leftovers()).toEqual(before);
  });

  test.each(ATTACKS)("$name: even past the inspector, the cage does not show the secret", async ({ format, make }) => {
    const place = join(folder, `forced-${made++}`);
    mkdirSync(join(place, "out"), { recursive: true });
    make(join(place, "image"), join(folder, "secret"));
    const job = { input: join(place, "image"), output: join(place, "out"), maxFileBytes: 1e8, environment: process.env };
    const done = await runJailed({ ...job, args: ["convert", "-f", format, "-O", "raw", "/in/image", "/out/o"] }, work);
    expect(done.code).not.toBe(0);
    for (const name of readdirSync(join(place, "out"))) expect(readFileSync(join(place, "out", name)).includes(canary)).toBe(false);
    // The control for the cage itself: an honest image does come through it.
    const honest = join(place, "honest");
    cpSync(aDisk(join(folder, "disk.img")), honest);
    expect(
      (await runJailed({ ...job, input: honest, args: ["convert", "-f", "raw", "-O", "raw", "/in/image", "/out/honest"] }, work)).code,
    ).toBe(0);
  });

  test.each(['json:{"driver":"file","filename":"/etc/passwd"}', "nbd://127.0.0.1:10809/x", "../secret", "/dev/fd/0"])(
    "a backing file named %s is refused",
    async (name) => {
      const path = join(folder, `backing-${made++}`);
      qemuImg("create", "-f", "qcow2", path, "1M");
      const bytes = readFileSync(path);
      bytes.writeBigUInt64BE(1024n, 8);
      bytes.writeUInt32BE(name.length, 16);
      bytes.write(name, 1024);
      writeFileSync(path, bytes);
      expect(await bring(path)).toMatchObject({ kind: "refused", code: "image.names_other_file" });
    },
  );
});

describe("files that try to fill this computer", () => {
  test("a header that promises 8 EiB is refused before anything is converted", async () => {
    const path = join(folder, "huge.qcow2");
    qemuImg("create", "-f", "qcow2", path, "1M");
    const file = openSync(path, "r+");
    writeSync(file, Buffer.from("7ffffffffffffe00", "hex"), 0, 8, 24);
    closeSync(file);
    expect(await bring(path)).toMatchObject({ kind: "refused", code: "image.too_large" });
  });

  test("a sparse file larger than the cap is refused", async () => {
    const path = join(folder, "sparse.img");
    writeFileSync(path, "");
    truncateSync(path, 2 * 1024 ** 3);
    const before = leftovers();
    await expect(bring(path)).rejects.toMatchObject({ code: "image.too_large" });
    expect(leftovers()).toEqual(before);
  });

  test.each(["gz", "zst", "xz"])("a bomb in %s is stopped while it unfolds", async (ending) => {
    const path = join(folder, `bomb.img.${ending}`);
    const zeroes = Buffer.alloc(900 * 1024 ** 2);
    if (ending === "gz") writeFileSync(path, gzipSync(zeroes, { level: 9 }));
    if (ending === "zst") writeFileSync(path, zstdCompressSync(zeroes));
    if (ending === "xz") writeFileSync(path, execFileSync("xz", ["-1", "-c"], { input: zeroes, maxBuffer: 1e8 }));
    const before = leftovers();
    await expect(bring(path)).rejects.toMatchObject({ code: "image.bomb" });
    expect(leftovers()).toEqual(before);
  });

  test("a conversion cannot write more than it may", async () => {
    const place = join(folder, `fsize-${made++}`);
    mkdirSync(join(place, "out"), { recursive: true });
    writeFileSync(join(place, "image"), randomBytes(4 * 1024 ** 2));
    const job = { input: join(place, "image"), output: join(place, "out"), environment: process.env };
    const args = ["convert", "-f", "raw", "-O", "raw", "/in/image", "/out/o"];
    expect((await runJailed({ ...job, maxFileBytes: 1024 ** 2, args }, work)).code).not.toBe(0);
    expect((await runJailed({ ...job, maxFileBytes: 16 * 1024 ** 2, args }, work)).code).toBe(0);
  });
});

describe("files that are not what they seem", () => {
  test("two things at once are refused unless the person says which", async () => {
    const path = join(folder, "both.img");
    const bytes = readFileSync(aDisk(join(folder, "disk.img")));
    bytes.write("CD001", 32_769);
    const qcow = join(folder, "q.qcow2");
    qemuImg("create", "-f", "qcow2", qcow, "1M");
    const both = Buffer.concat([readFileSync(qcow), Buffer.alloc(100_000)]);
    both.write("CD001", 32_769);
    writeFileSync(path, both);
    expect(await bring(path)).toMatchObject({ kind: "refused", code: "image.ambiguous" });
    const asRaw = await bring(path, { format: "raw", kind: "disk" });
    if (isRefusal(asRaw)) throw new Error(asRaw.why);
    // Taken as raw it stays raw: the header inside is data of the disk.
    expect(contentOf(asRaw.path).subarray(0, 4).toString("latin1")).toBe("QFI\xfb");
  });

  test("a cut image is refused and leaves nothing", async () => {
    const path = join(folder, "cut.qcow2");
    qemuImg("convert", "-f", "raw", "-O", "qcow2", aDisk(join(folder, "disk.img")), path);
    writeFileSync(path, readFileSync(path).subarray(0, 70_000));
    const before = leftovers();
    expect(await bring(path)).toMatchObject({ kind: "refused" });
    expect(leftovers()).toEqual(before);
  });

  test("a picture is no disk", async () => {
    const path = join(folder, "picture.png");
    writeFileSync(path, Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), randomBytes(5000)]));
    expect(await bring(path)).toMatchObject({ kind: "refused", code: "image.unknown_format" });
  });

  test("cancelling leaves nothing behind", async () => {
    const before = leftovers();
    const stop = new AbortController();
    const promise = importFile({ name: "x", from: { path: aDisk(join(folder, "disk.img")) } }, tools, {
      signal: stop.signal,
      report: () => stop.abort(new Error("enough")),
    });
    await expect(promise).rejects.toThrow("enough");
    expect(leftovers()).toEqual(before);
  });
});
