// Things go wrong around Mimic: each time with a message that names what, a stable code, a hint, and nothing lost.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, cp, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Installation, install, ROOT, startTinyLinux } from "./kit/installation.ts";
import { whyNoSmallDisk } from "./kit/small-disk.ts";

const run = promisify(execFile);
let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
}, 300_000);
afterAll(() => mimic?.[Symbol.asyncDispose]());

const listening = async (server: ReturnType<typeof createServer>): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
};

/** Digest of a folder: names and bytes of everything in it. */
async function treeHash(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const path of entries.map((entry) => join(entry.parentPath, entry.name)).sort()) hash.update(path).update(await readFile(path));
  return hash.digest("hex");
}

/** What a QEMU 5.2 says of itself at its monitor; of what came later it knows nothing. */
const OLD_QEMU = `#!/usr/bin/perl
use IO::Socket::UNIX;
my ($path) = "@ARGV" =~ /path=([^,]+)/;
my $server = IO::Socket::UNIX->new(Local => $path, Listen => 1) or die "no socket: $!";
while (my $peer = $server->accept) {
  $peer->autoflush(1);
  print $peer '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 5}, "package": "Debian 1:5.2"}, "capabilities": []}}', "\\r\\n";
  while (my $line = <$peer>) {
    my ($id) = $line =~ /"id"\\s*:\\s*("[^"]*"|\\d+)/;
    my $answer = $line =~ /qmp_capabilities/ ? '"return": {}' : '"error": {"class": "CommandNotFound", "desc": "not known"}';
    print $peer "{$answer", defined $id ? ", \\"id\\": $id" : "", "}\\r\\n";
  }
}
`;

describe("QEMU", () => {
  test("that is missing is named, with how to get it, and everything else works", async () => {
    await using without = await install({ tinyLinux: true, env: { MIMIC_QEMU: "/nonexistent/qemu-system-x86_64" } });
    const failed = await without.mimic(["new", "a", "--os", "tiny-linux", "--start"]);
    expect(failed.code).not.toBe(0);
    expect(failed.err).toMatch(/QEMU/);
    expect(failed.err).toContain("qemu.missing");
    expect((await without.mimic(["ls"])).code).toBe(0);
    const doctor = await without.mimic(["doctor"]);
    expect(doctor.out).toMatch(/QEMU/);
    expect((await without.client.host.diagnose({})).findings.find(({ id }) => id === "qemu")?.state).toBe("bad");
  }, 60_000);

  test("that is too old is named with its version", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mimic-old-"));
    await chmod(folder, 0o755);
    await writeFile(`${folder}/qemu`, OLD_QEMU, { mode: 0o755 });
    await using old = await install({ tinyLinux: true, env: { MIMIC_QEMU: `${folder}/qemu` } });
    const failed = await old.mimic(["new", "a", "--os", "tiny-linux", "--start"]);
    expect(failed.code).not.toBe(0);
    expect(failed.err).toContain("(qemu.too_old)");
    expect(failed.err).toContain("QEMU 5.2.0 is too old; Mimic needs 7.2 or newer.");
    const finding = (await old.client.host.diagnose({})).findings.find(({ id }) => id === "qemu");
    expect(finding).toMatchObject({ state: "bad", found: expect.stringContaining("5.2.0") });
    await rm(folder, { recursive: true });
  }, 60_000);

  test("that is killed leaves a machine that says so, with its last words, and starts again", async () => {
    const id = await startTinyLinux(mimic, "killed");
    process.kill(await mimic.machinePid(id), "SIGKILL");
    await expect.poll(async () => (await mimic.client.machines.show({ machine: id })).power, { timeout: 10_000 }).toBe("failed");
    expect((await mimic.client.machines.show({ machine: id })).because).toMatch(/killed from outside/);
    expect((await mimic.mimic(["logs", "killed"])).out).toMatch(/killed from outside/);
    expect((await mimic.mimic(["ls"])).out).toMatch(/killed +failed/);
    await mimic.done(mimic.client.machines.start({ machine: id }));
    await mimic.client.machines.kill({ machine: id });
  }, 60_000);
});

describe("the daemon's door", () => {
  test("that is taken by another program is named with the way out, and the command line says so too", async () => {
    const other = createServer();
    const port = await listening(other);
    const home = await mkdtemp(join(tmpdir(), "mimic-e-"));
    const taken = new Installation(home, { MIMIC_PORT: String(port) });
    await expect(taken.start()).rejects.toThrow(/daemon\.port_taken/);
    const { code, err } = await taken.mimic(["ls"]);
    expect(code).not.toBe(0);
    expect(err).toContain(String(port));
    expect(err).toContain("MIMIC_PORT");
    await new Promise((done) => other.close(done));
    expect((await taken.mimic(["ls"])).code).toBe(0);
    await taken[Symbol.asyncDispose]();
  }, 60_000);

  test("is served by exactly one of many daemons that start at once, over a lock that a dead one left", async () => {
    const home = await mkdtemp(join(tmpdir(), "mimic-e-"));
    const many = new Installation(home, {});
    await mkdir(`${home}/run`, { mode: 0o700 });
    await writeFile(`${home}/run/lock.7`, JSON.stringify({ pid: 4_000_000, startTicks: "1", bootId: "another boot" }));
    const daemons = Array.from({ length: 6 }, () => {
      const child = spawn(process.execPath, [join(ROOT, ".mimic/build/daemon/main.js")], {
        env: many.env,
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr.on("data", (bytes: Buffer) => {
        said += bytes.toString();
      });
      return { child, said: () => said };
    });
    const running = () => daemons.filter(({ child }) => child.exitCode === null);
    await expect.poll(() => running().length, { timeout: 40_000 }).toBe(1);
    await expect.poll(() => many.client.host.show({}).then((host) => host.dataDirectory), { timeout: 20_000 }).toBe(`${home}/data`);
    for (const { child, said } of daemons.filter(({ child }) => child.exitCode !== null)) {
      expect(said()).toContain("daemon.already_runs");
      expect(child.exitCode).toBe(1);
    }
    expect(running()).toHaveLength(1);
    const [last] = running();
    await many.client.daemon.shutdown({ machines: false });
    if (last && last.child.exitCode === null) await once(last.child, "exit");
    await rm(home, { recursive: true });
  }, 90_000);
});

describe("records", () => {
  test("of a newer Mimic stop an older one before it writes a byte", async () => {
    const home = await mkdtemp(join(tmpdir(), "mimic-e-"));
    const newer = new Installation(home, {});
    await newer.start();
    await newer.stop();
    await writeFile(`${home}/data/version.json`, '{"dataVersion":99}\n');
    const before = await treeHash(`${home}/data`);
    await expect(newer.start()).rejects.toThrow(/store\.newer_data.*99|99.*store\.newer_data/s);
    expect(await treeHash(`${home}/data`)).toBe(before);
    await writeFile(`${home}/data/version.json`, '{"dataVersion":1}\n');
    await newer.start();
    await newer[Symbol.asyncDispose]();
  }, 60_000);

  test("that cannot be read, or are newer, are told and left alone; a previous copy is used where there is one", async () => {
    const ids: Record<string, string> = {};
    for (const name of ["torn", "future", "whole", "rescued"]) {
      const job = await mimic.done(mimic.client.machines.create({ name, system: "tiny-linux" }));
      ids[name] = job.result?.machine ?? "";
    }
    await mimic.client.machines.change({ machine: "rescued", note: "first" });
    await mimic.client.machines.change({ machine: "rescued", note: "second" });
    await mimic.stop();
    const record = (name: string) => `${mimic.home}/data/machines/${ids[name]}/machine.json`;
    const folderOf = (name: string) => `${mimic.home}/data/machines/${ids[name]}`;
    for (const name of ["torn", "future"])
      for (const file of await readdir(folderOf(name))) if (/^machine\.json./.test(file)) await rm(`${folderOf(name)}/${file}`);
    const text = await readFile(record("torn"), "utf8");
    await writeFile(record("torn"), text.slice(0, 100));
    await writeFile(record("future"), (await readFile(record("future"), "utf8")).replace(/"schemaVersion": \d+/, '"schemaVersion": 99'));
    await writeFile(record("rescued"), "");
    const before = [await treeHash(folderOf("torn")), await treeHash(folderOf("future"))];
    await mimic.start();
    const names = (await mimic.client.machines.list({})).machines.map((machine) => machine.name as string);
    expect(names).toContain("whole");
    expect(names).toContain("rescued");
    expect(names).not.toContain("torn");
    // Whose they are, where, and what to do is what people see, and a program by the code.
    const { findings } = await mimic.client.host.diagnose({});
    const findingOf = (name: string) => findings.find(({ found }) => found.includes(ids[name] ?? "nobody"));
    expect(findingOf("torn")).toMatchObject({ state: "bad", code: "store.unreadable_record" });
    expect(findingOf("torn")?.mend).toContain(record("torn"));
    expect(findingOf("future")).toMatchObject({ state: "bad", code: "store.newer_record", found: expect.stringContaining("“future”") });
    expect(findingOf("future")?.mend).toMatch(/newer Mimic/);
    const doctor = await mimic.mimic(["doctor"]);
    expect(doctor.code).toBe(1);
    for (const words of ["(store.unreadable_record)", "(store.newer_record)", folderOf("torn"), folderOf("future")])
      expect(doctor.out.replace(/\s+/g, "")).toContain(words.replace(/\s+/g, ""));
    expect((await mimic.client.machines.list({})).unreadable).toBe(2);
    const terminal = await run("script", ["-qec", `${join(ROOT, "mimic")} ls`, "/dev/null"], { env: mimic.env });
    expect(terminal.stdout).toContain("The records of 2 more machines cannot be read. Which, and what to do: mimic doctor");
    expect((await mimic.mimic(["ls"])).err).toBe("");
    const { story } = await mimic.client.machines.story({ machine: "rescued" });
    expect(story.some(({ words }) => words.startsWith("Its record could not be read"))).toBe(true);
    expect([await treeHash(folderOf("torn")), await treeHash(folderOf("future"))]).toEqual(before);
    // Mended by hand, it is back.
    await mimic.stop();
    await writeFile(record("torn"), text);
    await mimic.start();
    expect((await mimic.client.machines.show({ machine: "torn" })).power).toBe("stopped");
    expect((await mimic.client.machines.list({})).unreadable).toBe(1);
  }, 90_000);

  test("in a folder of somebody else keep the daemon from starting", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "needs root, which alone may give a folder to somebody else");
    const home = await mkdtemp(join(tmpdir(), "mimic-e-"));
    await mkdir(`${home}/data`, { mode: 0o700 });
    await chown(`${home}/data`, 61_234, 61_234);
    const strange = new Installation(home, {});
    await expect(strange.start()).rejects.toThrow(/store\.unsafe_folder/);
    await chown(`${home}/data`, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    await strange.start();
    await strange[Symbol.asyncDispose]();
  }, 30_000);
});

test("names that could be something else are refused, each with a name that would do", async () => {
  const bad = [
    "my machine",
    "a,b",
    "it's",
    'say "hi"',
    "Größe",
    "名前",
    "..",
    "../../etc/passwd",
    "-rf",
    "UPPER",
    "a".repeat(100),
    "a\nb",
    "a/b",
    " ",
    "\u202eabc",
  ];
  for (const name of bad) {
    const refused = (await mimic.client.machines.create({ name, system: "tiny-linux" }).catch((error: unknown) => error)) as {
      code?: string;
      hint?: string;
    };
    expect(refused.code, name).toBe("name.invalid");
    const suggested = /[“: ]([a-z0-9][a-z0-9-]{0,62})[”.]?/.exec(refused.hint ?? "")?.[1];
    expect(suggested, `${name}: ${refused.hint}`).toBeDefined();
    const { code, err } = await mimic.mimic(["new", `--os=tiny-linux`, "--", name]);
    expect(code, name).not.toBe(0);
    expect(err.trim().split("\n").length, err).toBeGreaterThan(1);
  }
  expect((await mimic.client.machines.list({})).machines.every(({ name }) => /^[a-z0-9-]+$/.test(name))).toBe(true);
}, 60_000);

test("more memory than this computer has is refused before anything starts", async () => {
  await mimic.done(mimic.client.machines.create({ name: "huge", system: "tiny-linux", hardware: { memoryMiB: 900_000 } }));
  const { code, err } = await mimic.mimic(["start", "huge"]);
  expect(code).not.toBe(0);
  expect(err).toContain("host.memory_short");
  expect(err).toMatch(/mimic set huge --memory/);
  expect((await mimic.client.machines.show({ machine: "huge" })).power).toBe("stopped");
}, 30_000);

test("a guest that never becomes usable is said so within its time, and is left running", async () => {
  const job = await mimic.done(mimic.client.machines.create({ name: "mute", system: "tiny-linux" }));
  await mimic.stop();
  const path = `${mimic.home}/data/machines/${job.result?.machine}/machine.json`;
  const record = JSON.parse(await readFile(path, "utf8")) as { body: { readiness: unknown } };
  record.body.readiness = { sign: { kind: "serial", text: "words that nobody says" }, withinMs: 3000 };
  await writeFile(path, JSON.stringify(record));
  await mimic.start();
  const { code, err } = await mimic.mimic(["start", "mute"]);
  expect(code).not.toBe(0);
  expect(err).toContain("machine.not_usable");
  expect(err).toMatch(/mimic console mute/);
  expect((await mimic.client.machines.show({ machine: "mute" })).power).toBe("running");
  await mimic.client.machines.kill({ machine: "mute" });
}, 60_000);

test("an image that changed on the disk is found, and is good again when it is put back", async () => {
  const [image] = (await mimic.client.images.list({})).images;
  if (!image) throw new Error("no image");
  const folder = `${mimic.home}/data/images/${image.digest}/parts`;
  const [part] = (await readdir(folder)).filter((name) => name.startsWith("initrd"));
  const file = await open(`${folder}/${part}`, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, 5000);
  const flip = async () => {
    byte[0] = (byte[0] ?? 0) ^ 1;
    await file.write(byte, 0, 1, 5000);
  };
  expect((await mimic.mimic(["image", "verify", image.digest.slice(0, 12)])).code).toBe(0);
  await flip();
  const bad = await mimic.mimic(["image", "verify", image.digest.slice(0, 12)]);
  expect(bad.code).not.toBe(0);
  expect(bad.err).toContain("image.damaged");
  await flip();
  await file.close();
  expect((await mimic.mimic(["image", "verify", image.digest.slice(0, 12)])).code).toBe(0);
}, 60_000);

describe("this computer's disk fills up", () => {
  let home: string | undefined;
  let full: Installation;
  beforeEach(({ skip }) => skip(whyNoSmallDisk !== undefined, whyNoSmallDisk));
  beforeAll(async () => {
    if (whyNoSmallDisk !== undefined) return;
    home = await mkdtemp(join(tmpdir(), "mimic-e-"));
    await run("mount", ["-t", "tmpfs", "-o", "size=200m,mode=0700", "mimic-test", home]);
    full = new Installation(home, {});
    await mkdir(`${home}/data`, { mode: 0o700 });
    await cp(`${mimic.home}/data/images`, `${home}/data/images`, { recursive: true, preserveTimestamps: true });
    await full.start();
  }, 60_000);
  afterAll(async () => {
    const { daemon } = full ?? {};
    await full?.client.daemon.shutdown({ machines: true }).catch(() => {});
    if (daemon && daemon.exitCode === null) await once(daemon, "exit");
    if (home === undefined) return;
    await run("umount", ["-l", home]).catch(() => {});
    await rm(home, { recursive: true, force: true });
  });

  /** To the last page: whatever is written next finds no room. */
  const fill = async () => {
    await leave(0);
    await using file = await open(`${home}/ballast`, "a");
    const isFull = (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOSPC") return true;
      throw error;
    };
    for (let full: unknown = false; full !== true; ) full = await file.write(Buffer.alloc(4096, 1)).catch(isFull);
  };
  /** Leaves about so many MiB free. */
  const leave = async (mib: number) => {
    await rm(`${home}/ballast`, { force: true });
    const free = (await full.client.host.show({})).diskFreeBytes;
    const file = await open(`${home}/ballast`, "w");
    for (let left = free - mib * 1024 ** 2; left > 0; left -= 1 << 20) await file.write(Buffer.alloc(Math.min(left, 1 << 20), 1));
    await file.close();
  };

  test("while a machine writes: it pauses and says why, goes on when there is room, and has lost nothing", async () => {
    await full.done(full.client.machines.create({ name: "writer", system: "tiny-linux", diskBytes: 64 << 20, start: true }));
    await leave(6);
    const writing = full.mimic([
      "exec",
      "writer",
      "--",
      "sh",
      "-c",
      "yes 'what was written must be there' | head -c 20971520 | dd of=/dev/vda bs=1M iflag=fullblock conv=fsync 2>&1 && echo written",
    ]);
    await expect
      .poll(async () => (await full.client.machines.show({ machine: "writer" })).trouble, { timeout: 60_000, interval: 500 })
      .toBe("diskFull");
    const paused = await full.client.machines.show({ machine: "writer" });
    expect(paused.power).toBe("paused");
    expect(paused.because).toMatch(/disk is full/);
    expect((await full.mimic(["ls"])).out).toMatch(/writer +paused \(disk full\)/);
    // Records still stand; a change that finds no room is refused and changes nothing.
    expect((await full.client.machines.list({})).machines).toHaveLength(1);
    await rm(`${home}/ballast`);
    await expect
      .poll(async () => (await full.client.machines.show({ machine: "writer" })).power, { timeout: 90_000, interval: 500 })
      .toBe("running");
    const { out, code } = await writing;
    expect(out).toContain("written");
    expect(code).toBe(0);
    const line = "what was written must be there\n";
    const expected = createHash("sha256")
      .update(line.repeat(Math.ceil(20_971_520 / line.length)).slice(0, 20_971_520))
      .digest("hex");
    const read = await full.mimic([
      "exec",
      "writer",
      "--",
      "sh",
      "-c",
      "echo 3 > /proc/sys/vm/drop_caches; head -c 20971520 /dev/vda | sha256sum",
    ]);
    expect(read.out).toContain(expected);
    await full.client.machines.kill({ machine: "writer" });
  }, 240_000);

  test("before a machine starts: the start is refused; without any room records stay as they were", async () => {
    await leave(10);
    const refused = await full.mimic(["start", "writer"]);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain("host.disk_short");
    await fill();
    const { machines } = await full.client.machines.list({});
    const failed = await full.mimic(["set", "writer", "--note", "n".repeat(1900)]);
    expect(failed.code).not.toBe(0);
    expect(failed.err).toContain("(store.no_space)");
    expect((await full.client.machines.list({})).machines).toEqual(machines);
    expect((await readdir(`${home}/data`, { recursive: true })).filter((path) => path.endsWith(".new"))).toEqual([]);
    const made = await full.mimic(["new", "one-more", "--os", "tiny-linux", "--disk", "1G"]);
    expect(made.code).not.toBe(0);
    expect(made.err).toMatch(/no_space|disk\.full|disk_short/);
    expect((await full.client.machines.list({})).machines.map(({ name }) => name as string)).toEqual(["writer"]);
    await rm(`${home}/ballast`);
    await full.done(full.client.machines.start({ machine: "writer" }));
    await full.client.machines.kill({ machine: "writer" });
  }, 120_000);
});
