// What a disposable leaves behind: a word that was written in it, to its disk, its memory, its consoles and its screen, is looked for in
// the raw bytes of the disk on which Mimic keeps everything, also where files were removed. Of a machine that stays, and of one
// that was thrown away like any file, the same word is found there: so it is looked for in the right place.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

const sh = promisify(execFile);
const isRoot = process.getuid?.() === 0;

let mimic: Installation;
let folder: string;
/** Everything of this Mimic lies on a disk of its own: a file with a file system in it. */
let raw: string;
let place: string;
beforeAll(async () => {
  if (!isRoot) return;
  folder = await mkdtemp("/tmp/mimic-t-");
  raw = `${folder}/disk`;
  place = `${folder}/m`;
  await using file = await open(raw, "wx");
  await file.truncate(1024 ** 3);
  await mkdir(place);
  await sh("mkfs.ext4", ["-q", "-E", "nodiscard", raw]);
  await sh("mount", ["-o", "loop,nodiscard", raw, place]);
  mimic = await install({ tinyLinux: true, within: place });
  const hardware = { memoryMiB: 128 };
  await mimic.done(
    mimic.client.machines.create({ name: "mould", system: "tiny-linux", hardware, diskBytes: 16 << 20, network: null, start: true }),
  );
  await mimic.done(mimic.client.templates.make({ machine: "mould", name: "base" }));
  await mimic.client.machines.kill({ machine: "mould" });
}, 300_000);
afterAll(async () => {
  if (!isRoot) return;
  await mimic?.[Symbol.asyncDispose]();
  // Lazily: a process that has just been ended may still hold it for a moment.
  await sh("umount", ["-l", place]);
  await rm(folder, { recursive: true, force: true });
});

const inside = async (machine: string, script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
let count = 0;
/** Put together in the guest only, so that no command line that passes through Mimic holds it whole. */
const word = (): { readonly whole: string; readonly script: string } => {
  const [one, two] = [`canary${++count}`, Math.random().toString(36).slice(2)];
  const script = `w=$(echo ${one} ${two} | tr ' ' -); echo "$w" | dd of=/dev/vda bs=512 seek=8 conv=notrunc,fsync 2>/dev/null
    for n in 1 2 3 4 5 6 7 8; do echo "$w"; done > /dev/shm/it; for to in ttyS0 hvc0 tty1; do echo "$w" > /dev/$to; done
    dd if=/dev/vda bs=512 skip=8 count=1 iflag=direct 2>/dev/null | head -n 1`;
  return { whole: `${one}-${two}`, script };
};

/** What grep finds; as bytes, whatever they would mean in a language. */
const holds = async (args: readonly string[]): Promise<string> =>
  (await sh("grep", args, { env: { ...process.env, LC_ALL: "C" } }).catch(() => ({ stdout: "" }))).stdout;
/** Files of the installation that hold one of these, and whether the raw disk does anywhere. */
async function traces(...texts: readonly string[]): Promise<{ files: string[]; raw: boolean }> {
  await sh("sync", ["-f", place]);
  const wanted = texts.flatMap((text) => ["-e", text]);
  const files = (await holds(["-rlaF", ...wanted, place])).split("\n").filter(Boolean);
  // Through the file's own bytes, as the file system wrote them.
  return { files: files.map((path) => path.slice(mimic.home.length)), raw: (await holds(["-laF", ...wanted, raw])) !== "" };
}
const gone = (machine: string) =>
  expect
    .poll(async () => (await mimic.client.machines.list({})).machines.some(({ id }) => id === machine), { timeout: 15_000 })
    .toBe(false);

test.skipIf(!isRoot)(
  "what was written in a disposable is nowhere: no file, no removed file, no swap, while it runs and afterwards",
  async () => {
    const { whole, script } = word();
    const machine = (await mimic.done(mimic.client.disposables.run({ of: "base" }))).result?.machine ?? "";
    expect(await inside(machine, script)).toBe(whole);
    expect(await traces(whole)).toEqual({ files: [], raw: false });
    await mimic.client.disposables.discard({ machine });
    await gone(machine);
    expect(await traces(whole)).toEqual({ files: [], raw: false });
    // Memory can reach a disk by this computer's own swap; here there is none, or it would have to be looked through too.
    const swaps = (await readFile("/proc/swaps", "utf8")).trim().split("\n").slice(1);
    for (const swap of swaps) expect(await holds(["-laF", whole, swap.split(/\s/)[0] ?? ""])).toBe("");
  },
);

test.skipIf(!isRoot)("one that was killed with the daemon away leaves nothing either", async () => {
  const { whole, script } = word();
  const machine = (await mimic.done(mimic.client.disposables.run({ of: "base" }))).result?.machine ?? "";
  expect(await inside(machine, script)).toBe(whole);
  const pid = await mimic.machinePid(machine);
  await mimic.killDaemon();
  process.kill(pid, "SIGKILL");
  await mimic.start();
  await gone(machine);
  expect(await traces(whole)).toEqual({ files: [], raw: false });
});

test.skipIf(!isRoot)(
  "controls: of an ordinary machine it is found in files, and after that was thrown away still on the raw disk",
  async () => {
    const { whole, script } = word();
    await mimic.done(mimic.client.machines.create({ name: "stays", template: "base", network: null, start: true }));
    expect(await inside("stays", script)).toBe(whole);
    const there = await traces(whole);
    expect(there.files.some((path) => path.includes("/disks/"))).toBe(true);
    expect(there.files.some((path) => path.endsWith("serial.log"))).toBe(true);
    expect(there.raw).toBe(true);
    await mimic.client.machines.kill({ machine: "stays" });
    await expect.poll(async () => (await mimic.client.machines.show({ machine: "stays" })).power).toBe("stopped");
    await mimic.client.machines.remove({ machine: "stays" });
    await mimic.client.trash.empty({});
    expect(await traces(whole)).toEqual({ files: [], raw: true });
  },
);

/** From the middle of a picture's file: as good as no other picture has the same bytes there. */
const pieceOf = (picture: Buffer): Buffer => picture.subarray(picture.length >> 1, (picture.length >> 1) + 48);
/** Of what a machine's screen shows now, as Mimic hands it out; the file is made outside. */
async function pieceOfScreen(machine: string): Promise<Buffer> {
  const ran = await mimic.mimic(["screenshot", machine, `${folder}/seen.png`]);
  expect(ran.code, ran.err).toBe(0);
  return pieceOf(await readFile(`${folder}/seen.png`));
}
/** Whether these bytes are anywhere on the disk. */
async function isOnDisk(piece: Buffer): Promise<boolean> {
  await sh("sync", ["-f", place]);
  const hex = Array.from(piece, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  return (await holds(["-laP", hex, raw])) !== "";
}

test.skipIf(!isRoot)(
  "a named disposable leaves nothing of its disk, its consoles and its screen, while it runs, found again, off and removed",
  async () => {
    await mimic.done(mimic.client.disposables.run({ of: "base", name: "again" }));
    const first = word();
    expect(await inside("again", first.script)).toBe(first.whole);
    const seen = await pieceOfScreen("again");
    // What is not written down is still there to be looked at, as long as it runs.
    const serial = async () => (await mimic.mimic(["logs", "again", "--serial"])).out;
    await expect.poll(serial).toContain(first.whole);
    await mimic.killDaemon();
    await mimic.start();
    const second = word();
    expect(await inside("again", second.script)).toBe(second.whole);
    await expect.poll(serial).toContain(second.whole);
    const nowhere = async () => expect(await traces(first.whole, second.whole)).toEqual({ files: [], raw: false });
    await nowhere();
    await mimic.client.machines.kill({ machine: "again" });
    await expect.poll(async () => (await mimic.client.machines.show({ machine: "again" })).power).toBe("stopped");
    await nowhere();
    expect(await isOnDisk(seen)).toBe(false);
    await mimic.client.machines.remove({ machine: "again" });
    await mimic.client.trash.empty({});
    await nowhere();
  },
);

test.skipIf(!isRoot)("controls: of one that is kept after all it is found, and so is the picture of a machine that stays", async () => {
  const kept = word();
  const machine = (await mimic.done(mimic.client.disposables.run({ of: "base" }))).result?.machine ?? "";
  expect(await inside(machine, kept.script)).toBe(kept.whole);
  await mimic.client.disposables.keep({ machine, name: "kept" });
  expect((await traces(kept.whole)).files.some((path) => path.includes("/disks/"))).toBe(true);
  // With a moment a picture of the screen is kept.
  const job = await mimic.done(mimic.client.moments.take({ machine: "kept", kind: "snapshot" }));
  const picture = `${mimic.home}/data/machines/${machine}/moments/${job.result?.["moment"]}/picture.png`;
  expect(await isOnDisk(pieceOf(await readFile(picture)))).toBe(true);
  await mimic.client.machines.kill({ machine: "kept" });
});
