import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader, collect } from "../archive/byte-reader.ts";
import { readTar } from "../archive/tar.ts";
import { conffilesOf, dpkgDatabase, statusStanza, type UnpackedPackage } from "./dpkg-database.ts";
import { guestScripts } from "./guest-scripts.ts";
import { FIRST_SECTOR, masterBootRecord } from "./mbr.ts";
import { mergedPath } from "./merged-usr.ts";
import { type GuestWord, GuestWords } from "./progress.ts";
import { passingFiles, systemFiles } from "./system-files.ts";
import { TAR_END, type TarMeta, tarHeader, tarPadding } from "./write-tar.ts";

const text = new TextEncoder();
const utf8 = new TextDecoder();

describe("dpkg's records", () => {
  const control = "Package: libx\nArchitecture: amd64\nMulti-Arch: same\nVersion: 1\nDescription: x\n long\n .\n more\n";
  const libx: UnpackedPackage = {
    name: "libx",
    control: [
      { name: "control", mode: 0o644, body: text.encode(control) },
      { name: "postinst", mode: 0o755, body: text.encode("#!/bin/sh\n") },
      { name: "conffiles", mode: 0o644, body: text.encode("/etc/x\nremove-on-upgrade /etc/old\n") },
      { name: "triggers", mode: 0o644, body: text.encode("# x\ninterest-noawait /usr/share/x\ninterest ldconfig\nactivate y\n") },
    ],
    paths: ["/.", "/etc", "/etc/x"],
  };
  const files = new Map(dpkgDatabase([libx], new Set()).map((file) => [file.path, utf8.decode(file.body)]));

  test("say that a package is unpacked and which configuration files wait under another name", () => {
    expect(statusStanza(libx)).toBe(
      `${control.trimEnd()}\nStatus: install ok unpacked\nConffiles:\n /etc/x newconffile\n /etc/old newconffile remove-on-upgrade\n`,
    );
    expect([...conffilesOf(libx)]).toEqual(["/etc/x"]);
  });

  test("keep the control files under the name that dpkg looks for, but not the control file itself", () => {
    expect(files.get("var/lib/dpkg/info/libx:amd64.list")).toBe("/.\n/etc\n/etc/x\n");
    expect(files.has("var/lib/dpkg/info/libx:amd64.postinst")).toBe(true);
    expect([...files.keys()].some((path) => path.endsWith(".control"))).toBe(false);
  });

  test("know who waits for which trigger, by path and by name", () => {
    expect(files.get("var/lib/dpkg/triggers/File")).toBe("/usr/share/x libx:amd64/noawait\n");
    expect(files.get("var/lib/dpkg/triggers/ldconfig")).toBe("libx:amd64\n");
  });

  test("tell apt which packages nobody asked for", () => {
    expect(files.get("var/lib/apt/extended_states")).toBe("Package: libx\nArchitecture: amd64\nAuto-Installed: 1\n\n");
    expect(dpkgDatabase([libx], new Set(["libx"])).find((file) => file.path.endsWith("extended_states"))?.body).toHaveLength(0);
  });
});

const name = fc.stringMatching(/^[a-zA-Z0-9._-]{1,60}$/).filter((one) => one !== "." && one !== "..");
const metas: fc.Arbitrary<TarMeta & { body: Uint8Array }> = fc
  .record({
    path: fc.array(name, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/")),
    kind: fc.constantFrom("file", "folder", "link", "hard"),
    mode: fc.nat(0o7777),
    uid: fc.nat(65_535),
    gid: fc.nat(65_535),
    mtime: fc.nat(2 ** 31),
    body: fc.uint8Array({ maxLength: 1500 }),
    target: fc.array(name, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/")),
  })
  .map((one) => ({
    ...one,
    sizeBytes: one.kind === "file" ? one.body.length : 0,
    target: one.kind === "link" || one.kind === "hard" ? one.target : "",
  }));

describe("the archive for the new disk", () => {
  test("is read back entry by entry as it was written, whatever the names, owners and sizes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(metas, { maxLength: 5 }), async (entries) => {
        const bytes = async function* () {
          for (const entry of entries) {
            yield tarHeader(entry);
            if (entry.kind === "file") yield* [entry.body, new Uint8Array(tarPadding(entry.sizeBytes))];
          }
          yield TAR_END;
        };
        const found: object[] = [];
        for await (const entry of readTar(new ByteReader(bytes(), "test"), { rootFileSystem: true })) {
          const { path, kind, mode, uid, gid, mtime, sizeBytes, target } = entry;
          found.push({ path, kind, mode, uid, gid, mtime, sizeBytes, target, body: await collect(entry.body, 10_000, "body") });
        }
        expect(found).toEqual(entries.map((entry) => ({ ...entry, body: entry.kind === "file" ? entry.body : new Uint8Array(0) })));
      }),
      { numRuns: 60 },
    );
  });

  test("keeps hard links and backslashes out of every other archive", async () => {
    const read = async (meta: Partial<TarMeta>, rootFileSystem: boolean): Promise<string[]> => {
      const whole: TarMeta = { path: "a", kind: "file", mode: 0, uid: 0, gid: 0, mtime: 0, sizeBytes: 0, target: "", ...meta };
      const paths: string[] = [];
      const source = (async function* () {
        yield* [tarHeader(whole), TAR_END];
      })();
      for await (const entry of readTar(new ByteReader(source, "test"), { rootFileSystem })) paths.push(entry.path);
      return paths;
    };
    for (const meta of [{ kind: "hard", target: "b" }, { path: "x\\x2dy" }] as const) {
      await expect(read(meta, false)).rejects.toMatchObject({ code: "archive.malformed" });
      expect(await read(meta, true)).toEqual([meta === undefined || !("path" in meta) ? "a" : meta.path]);
    }
    for (const meta of [{ kind: "hard", target: "../b" }, { path: "../a" }, { path: "/a" }] as const)
      await expect(read(meta, true)).rejects.toMatchObject({ code: "archive.malformed" });
  });

  test("puts what packages call /bin, /sbin and /lib under /usr, and leaves the rest", () => {
    expect(["bin/sh", "lib64/x.so", "library", "usr/bin/a", "etc/lib/x", "lib"].map(mergedPath)).toEqual([
      "usr/bin/sh",
      "usr/lib64/x.so",
      "library",
      "usr/bin/a",
      "etc/lib/x",
      "usr/lib",
    ]);
  });
});

describe("the partition table", () => {
  test("has one active Linux partition from 1 MiB to the end", () => {
    const sector = masterBootRecord(8 * 1024 ** 3, 0x12345678);
    const view = new DataView(sector.buffer);
    expect([sector[446], sector[450], sector[510], sector[511]]).toEqual([0x80, 0x83, 0x55, 0xaa]);
    expect(view.getUint32(454, true) + view.getUint32(458, true)).toBe((8 * 1024 ** 3) / 512);
    expect(view.getUint32(454, true)).toBe(FIRST_SECTOR);
    expect(view.getUint32(440, true)).toBe(0x12345678);
    expect(() => masterBootRecord(1024, 0)).toThrow(RangeError);
  });
});

describe("what the installing guest says", () => {
  const words = (lines: string, cut: number): GuestWord[] => {
    const reader = new GuestWords();
    const bytes = text.encode(lines);
    return [...reader.read(bytes.subarray(0, cut)), ...reader.read(bytes.subarray(cut))];
  };
  const lines =
    "noise\r\n@mimic phase disk\r\n@mimic step 3 171 libc6:amd64\r\n@mimic phase nonsense\n@mimic failed at \u001b[31m here\n@mimic done\n";

  test("is understood wherever the bytes are cut, without control characters", () => {
    fc.assert(
      fc.property(fc.nat(lines.length), (cut) => {
        const found = words(lines, cut);
        expect(found.slice(0, 2)).toEqual([
          { kind: "phase", phase: "disk" },
          { kind: "step", done: 3, total: 171, name: "libc6:amd64" },
        ]);
        expect(found.slice(3)).toEqual([{ kind: "done" }]);
        expect(JSON.stringify(found[2])).not.toContain("\\u001b");
      }),
    );
  });

  test("never throws and never holds more than a line, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3000 })), (pieces) => void pieces.flatMap((piece) => new GuestWords().read(piece))),
    );
    const reader = new GuestWords();
    for (let i = 0; i < 100; i++) reader.read(new Uint8Array(100_000).fill(65));
    expect(reader.read(text.encode("\n@mimic done\n"))).toEqual([{ kind: "done" }]);
  });
});

describe("the new system's own settings", () => {
  const files = systemFiles({ uuid: "0b0c", suite: "bookworm", user: "mimic" });

  test("find the disk by its file system, and let the user do everything without a password", () => {
    const at = (path: string) => utf8.decode(files.find((file) => file.path === path)?.body ?? new Uint8Array(0));
    expect(at("etc/fstab")).toMatch(/^UUID=0b0c \/ ext4 /);
    expect(at("etc/sudoers.d/mimic")).toContain("mimic ALL=(ALL:ALL) NOPASSWD: ALL");
    expect(files.find((file) => file.path === "etc/sudoers.d/mimic")?.mode).toBe(0o440);
  });

  test("that only serve the installation are removed at its end", () => {
    const { setup } = guestScripts({
      uuid: "u",
      user: "mimic",
      order: ["a"],
      preinsts: [{ name: "a", info: "a:amd64" }],
      dpkgVersion: "1",
    });
    const [, clean = ""] = setup.split("phase clean\n");
    for (const { path } of passingFiles()) expect(clean).toContain(path.replace(/ssh_host_.*/, "ssh_host_*"));
    expect(setup).toContain("preinst a a:amd64");
  });
});
