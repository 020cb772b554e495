// What a disposable leaves behind: a word that was written in it, to its disk, its memory and its consoles, is looked for in
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
  await file.truncate(2 * 1024 ** 3);
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
    for n in 1 2 3 4 5 6 7 8; do echo "$w"; done > /dev/shm/it; echo "$w" > /dev/ttyS0; echo "$w" > /dev/hvc0
    dd if=/dev/vda bs=512 skip=8 count=1 iflag=direct 2>/dev/null | head -n 1`;
  return { whole: `${one}-${two}`, script };
};

/** Files of the installation that hold it, and whether the raw disk does anywhere. */
async function traces(text: string): Promise<{ files: string[]; raw: boolean }> {
  await sh("sync", ["-f", place]);
  const holds = async (args: readonly string[]): Promise<string> => (await sh("grep", args).catch(() => ({ stdout: "" }))).stdout;
  const files = (await holds(["-rlaF", text, place])).split("\n").filter(Boolean);
  // Through the file's own bytes, as the file system wrote them.
  return { files: files.map((path) => path.slice(mimic.home.length)), raw: (await holds(["-laF", text, raw])) !== "" };
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
    for (const swap of swaps)
      expect((await sh("grep", ["-laF", whole, swap.split(/\s/)[0] ?? ""]).catch(() => ({ stdout: "" }))).stdout).toBe("");
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

test.skipIf(!isRoot)("controls: of one that is kept after all it is found, and a named disposable forgets it at its stop", async () => {
  const kept = word();
  const machine = (await mimic.done(mimic.client.disposables.run({ of: "base" }))).result?.machine ?? "";
  expect(await inside(machine, kept.script)).toBe(kept.whole);
  await mimic.client.disposables.keep({ machine, name: "kept" });
  expect((await traces(kept.whole)).files.some((path) => path.includes("/disks/"))).toBe(true);
  await mimic.client.machines.kill({ machine: "kept" });
  const named = word();
  await mimic.done(mimic.client.disposables.run({ of: "base", name: "again" }));
  const disk = named.script.replace('echo "$w" > /dev/ttyS0; ', "");
  expect(await inside("again", disk)).toBe(named.whole);
  expect(await traces(named.whole)).toEqual({ files: [], raw: false });
  await mimic.client.machines.kill({ machine: "again" });
  await expect.poll(async () => (await mimic.client.machines.show({ machine: "again" })).power).toBe("stopped");
  expect(await traces(named.whole)).toEqual({ files: [], raw: false });
});
