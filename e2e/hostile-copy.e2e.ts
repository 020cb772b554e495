// A copy whose guest does its worst as root: all of its memory written, a balloon blown up, memory plugged in and taken offline,
// its disk discarded and overwritten, and its engine's own descriptors tried from outside as one would that took it over.
// The template and a copy beside it stay byte for byte what they were. With a plain shared file in place of the sealed memory
// a balloon alone changes the template: that is the control.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { mkdtemp, open, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { connectQmp } from "@mimic/qmp/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

const isRoot = process.getuid?.() === 0;
/** From here on more can be plugged in. */
const MEMORY_MIB = 1024;

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const hardware = { memoryMiB: MEMORY_MIB };
  await mimic.done(
    mimic.client.machines.create({ name: "mould", system: "tiny-linux", hardware, diskBytes: 16 << 20, network: null, start: true }),
  );
  await inside("mould", "yes template | dd of=/dev/vda bs=64k count=64 conv=notrunc,fsync iflag=fullblock 2>/dev/null");
  await mimic.done(mimic.client.templates.make({ machine: "mould", name: "base" }));
  await mimic.client.machines.kill({ machine: "mould" });
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const inside = async (machine: string, script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};

async function digestOf(path: string, from = 0, bytes = Number.POSITIVE_INFINITY): Promise<string> {
  await using file = await open(path, "r");
  const hash = createHash("sha256");
  const buffer = Buffer.alloc(4 << 20);
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytes - at), from + at);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest("hex");
}

/** Open files of a process whose target looks like that, as paths that open them anew. */
async function openFiles(pid: number, wanted: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const path = `/proc/${pid}/fd/${fd}`;
    if (wanted.test(await readlink(path).catch(() => ""))) found.push(path);
  }
  return found;
}

const SEALED = /memfd:mimic-(template|mould)/;

/** All that is the template's: its files, its layers, and the sealed memory that the daemon holds. */
async function templateNow(): Promise<Record<string, string>> {
  const [template = ""] = await readdir(`${mimic.home}/data/templates`);
  const layers = await readdir(`${mimic.home}/data/layers`);
  const [held = ""] = await openFiles(mimic.daemon?.pid ?? 0, SEALED);
  const files = [
    ...["g1/memory", "g1/state"].map((name) => `${mimic.home}/data/templates/${template}/${name}`),
    ...layers.map((name) => `${mimic.home}/data/layers/${name}`),
    held,
  ];
  const digests: Record<string, string> = {};
  for (const path of files) digests[path] = await digestOf(path);
  expect(Object.keys(digests).length).toBeGreaterThan(3);
  return digests;
}

/** The guest's whole memory as its engine sees it. */
async function memoryOf(pid: number): Promise<string> {
  const line = (await readFile(`/proc/${pid}/maps`, "utf8")).split("\n").find((one) => SEALED.test(one)) ?? "";
  const [from = 0, to = 0] = (line.split(" ")[0] ?? "").split("-").map((text) => Number.parseInt(text, 16));
  expect(to - from).toBe(MEMORY_MIB * 1024 ** 2);
  return await digestOf(`/proc/${pid}/mem`, from, to - from);
}

const diskOf = async (id: string): Promise<string> => {
  const folder = `${mimic.home}/data/machines/${id}/disks`;
  const [name = ""] = await readdir(folder);
  return await digestOf(`${folder}/${name}`);
};

test.skipIf(!isRoot)("a hostile copy changes neither its template nor a copy beside it by a byte", async () => {
  const { client } = mimic;
  const sibling = (await mimic.done(client.disposables.run({ of: "base" }))).result?.machine ?? "";
  await client.machines.pause({ machine: sibling });
  const siblingPid = await mimic.machinePid(sibling);
  const before = { template: await templateNow(), memory: await memoryOf(siblingPid), disk: await diskOf(sibling) };

  const hostile = (await mimic.done(client.machines.create({ name: "hostile", template: "base", network: null, start: true }))).result
    ?.machine as string;
  const pid = await mimic.machinePid(hostile);
  const was = { memory: await memoryOf(pid), disk: await diskOf(hostile) };
  // All that it can write: two file systems in memory, each up to what the kernel gives.
  await inside(
    "hostile",
    "for at in /tmp /dev/shm /run; do yes POISON | head -c 300M > $at/poison 2>/dev/null; done; echo 3 > /proc/sys/vm/drop_caches; true",
  );
  await inside("hostile", "rm -f /tmp/poison /dev/shm/poison /run/poison");
  const set = async (memoryMiB: number) => (await client.machines.change({ machine: "hostile", hardware: { memoryMiB } })).changes[0];
  expect(await set(256)).toMatchObject({ when: "live" });
  expect(await set(MEMORY_MIB)).toMatchObject({ when: "live" });
  expect(await set(MEMORY_MIB + 256)).toMatchObject({ when: "live" });
  await inside("hostile", "for each in /sys/devices/system/memory/memory*/state; do echo offline > $each; done 2>/dev/null; true");
  await inside("hostile", "blkdiscard /dev/vda; yes POISON | dd of=/dev/vda bs=64k conv=fsync 2>/dev/null; true");
  await inside(
    "hostile",
    "mke2fs -F /dev/vda >/dev/null 2>&1; mkdir -p /x; mount /dev/vda /x && head -c 4M /dev/zero > /x/a && sync && rm /x/a && fstrim /x; umount /x; true",
  );
  // It did something at all.
  expect(await memoryOf(pid)).not.toBe(was.memory);
  expect(await diskOf(hostile)).not.toBe(was.disk);
  await asWhoTookItOver(pid);

  expect(await templateNow()).toEqual(before.template);
  expect(await memoryOf(siblingPid)).toBe(before.memory);
  expect(await diskOf(sibling)).toBe(before.disk);
  await client.machines.resume({ machine: sibling });
  expect(await inside(sibling, "head -c 8 /dev/vda; hostname")).toMatch(/^templatedisp-/);
  const later = (await mimic.done(client.disposables.run({ of: "base" }))).result?.machine ?? "";
  expect(await inside(later, "head -c 8 /dev/vda")).toBe("template");
  // What its engine complained of is bounded.
  const log = async (): Promise<string> => await readFile(`${mimic.home}/data/machines/${hostile}/log/qemu.log`, "utf8");
  await expect.poll(async () => (await log()).length, { timeout: 30_000 }).toBeLessThan(3 << 20);
  expect(await log()).toContain("ram_block_discard_range");
  for (const machine of [sibling, later]) await client.disposables.discard({ machine });
});

/** The engine's descriptors, opened anew as root, which may do more than it: the memory takes no write, the layers are for reading. */
async function asWhoTookItOver(pid: number): Promise<void> {
  const memories = await openFiles(pid, SEALED);
  expect(memories.length).toBeGreaterThan(0);
  for (const path of memories) {
    await using file = await open(path, constants.O_RDWR);
    await expect(file.write(Buffer.from("POISON"), 0, 6, 0)).rejects.toThrow(/EPERM/);
    await expect(file.truncate(4096)).rejects.toThrow(/EPERM/);
  }
  const layers = await openFiles(pid, /\/layers\/lay_/);
  expect(layers.length).toBeGreaterThan(0);
  for (const path of layers) {
    const facts = await readFile(path.replace("/fd/", "/fdinfo/"), "utf8");
    expect(Number.parseInt(/flags:\s+(\d+)/.exec(facts)?.[1] ?? "", 8) & 3, path).toBe(constants.O_RDONLY);
  }
}

test.skipIf(!isRoot)("control: the same balloon on a plain file changes it, although QEMU maps it privately", async () => {
  const folder = await mkdtemp("/tmp/mimic-h-");
  const [image = ""] = await readdir(`${mimic.home}/data/images`);
  const parts = `${mimic.home}/data/images/${image}/parts`;
  const memory = `${folder}/memory`;
  await writeFile(memory, Buffer.alloc(128 << 20, 0x5a));
  const before = await digestOf(memory);
  const args = [
    ...["-M", "q35,memory-backend=mem0", "-m", "128", "-accel", "tcg", "-nodefaults", "-display", "none"],
    ...["-object", `memory-backend-file,id=mem0,size=128M,mem-path=${memory},share=off`, "-device", "virtio-balloon-pci"],
    ...["-kernel", `${parts}/kernel`, "-initrd", `${parts}/initrd`, "-append", "quiet"],
    ...["-qmp", `unix:${folder}/qmp,server=on,wait=off`],
  ];
  const qemu: ChildProcess = spawn("qemu-system-x86_64", args, { stdio: "ignore" });
  try {
    const signal = AbortSignal.timeout(120_000);
    const session = await connectQmp(`${folder}/qmp`, { signal, patienceMs: 20_000 });
    await session.execute("balloon", { value: 64 << 20 }, { signal });
    while ((await session.execute("query-balloon", {}, { signal })).actual > 80 << 20) await wait(200, undefined, { signal });
    expect(await digestOf(memory)).not.toBe(before);
    session.close();
  } finally {
    qemu.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
});
