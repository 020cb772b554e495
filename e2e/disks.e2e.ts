// Long work on the disks of a real machine that runs: chains get shorter, disks become independent, move to other drives
// and are compacted; drives fill up and go away, and the daemon is killed in the middle. What its guest reads is always the same.
import { execFile } from "node:child_process";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

const run = promisify(execFile);
const MIB = 1024 ** 2;

let mimic: Installation;
let id: string;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const job = await mimic.done(mimic.client.machines.create({ name: "box", system: "tiny-linux", diskBytes: 16 * MIB, start: true }));
  id = job.result?.machine ?? "";
  await mkdir(`${mimic.home}/big`, { mode: 0o700 });
}, 300_000);
afterAll(async () => {
  await mimic?.[Symbol.asyncDispose]();
});

const inside = async (script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", "box", "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
/** Past the guest's own cache. */
const digest = () => inside("echo 3 > /proc/sys/vm/drop_caches; md5sum /dev/vda | cut -c1-32");
const writeNoise = (mib: number, at: number) =>
  inside(`head -c ${mib * MIB} /dev/urandom | dd of=/dev/vda bs=1M seek=${at} conv=fsync,notrunc 2>/dev/null`);
const bootId = () => inside("cat /proc/sys/kernel/random/boot_id");
const disk = async () => {
  const [first] = (await mimic.client.machines.show({ machine: "box" })).hardware.disks;
  if (first === undefined) throw new Error("it has no disk");
  return first;
};
const take = (name: string) => mimic.done(mimic.client.moments.take({ machine: "box", kind: "snapshot", name }));
async function remove(moment: string): Promise<void> {
  const { job } = await mimic.client.moments.remove({ machine: "box", moment });
  if (job) await mimic.done({ job });
}
const files = async (folder: string) => (await readdir(folder).catch(() => [])).sort();
const ownFiles = () => files(`${mimic.home}/data/machines/${id}/disks`);
async function storageFolder(name: string): Promise<string> {
  const found = (await mimic.client.storages.list({})).storages.find((one) => one.name === name);
  return `${found?.folder}/mimic/${found?.id}`;
}

describe("while a machine runs", () => {
  test("deleting moments makes its chain shorter, and its disk becomes independent of the rest", async () => {
    const boot = await bootId();
    await writeNoise(2, 0);
    await take("one");
    await writeNoise(2, 1);
    await take("two");
    await writeNoise(1, 3);
    const before = await digest();
    expect((await disk()).layers).toHaveLength(2);
    await remove("one");
    expect((await disk()).layers).toHaveLength(1);
    expect(await files(`${mimic.home}/data/layers`)).toHaveLength(1);
    const flat = await mimic.mimic(["disk", "flatten", "box", "1", "--rate", "100M"]);
    expect(flat.code, flat.err).toBe(0);
    expect(flat.out).toContain("depends on nothing else now");
    expect(await disk()).not.toHaveProperty("layers");
    expect(await digest()).toBe(before);
    expect(await bootId()).toBe(boot);
    // Its moment is what it was.
    await mimic.done(mimic.client.moments.restore({ machine: "box", moment: "two", as: "old" }));
    const [of] = (await mimic.client.machines.show({ machine: "old" })).hardware.disks;
    expect(of?.layers).toHaveLength(1);
    await mimic.client.machines.remove({ machine: "old" });
    await mimic.client.trash.empty({});
  }, 120_000);

  test("its disk moves to another drive and back, with moments that are kept there", async () => {
    const before = await digest();
    const added = await mimic.mimic(["storage", "add", "big", `${mimic.home}/big`]);
    expect(added.code, added.err).toBe(0);
    const moved = await mimic.mimic(["disk", "move", "box", "1", "big"]);
    expect(moved.code, moved.err).toBe(0);
    expect(await ownFiles()).toEqual([]);
    const there = await storageFolder("big");
    expect(await files(`${there}/disks/${id}`)).toEqual([`${(await disk()).head}.qcow2`]);
    expect(await digest()).toBe(before);
    await writeNoise(1, 5);
    await take("three");
    expect(await files(`${there}/layers`)).toHaveLength(1);
    expect((await mimic.mimic(["storage", "ls"])).out).toMatch(/big +\S.*box/);
    expect((await mimic.mimic(["storage", "rm", "big"])).err).toContain("storage.in_use");
    const now = await digest();
    await mimic.mimic(["disk", "move", "box", "1", "main"]);
    expect(await files(`${there}/disks/${id}`)).toEqual([]);
    await remove("three");
    // What was frozen there is taken in by the file here, and goes.
    expect(await files(`${there}/layers`)).toEqual([]);
    expect(await digest()).toBe(now);
  }, 120_000);

  test("a drive that fills up in the middle stops the move, with the reason; the guest notices nothing", async () => {
    const small = `${mimic.home}/small`;
    await mkdir(small, { mode: 0o700 });
    await run("mount", ["-t", "tmpfs", "-o", "size=90m,mode=0700", "mimic-test", small]);
    try {
      await mimic.client.storages.add({ name: "small", folder: small });
      await writeNoise(8, 6);
      const before = await digest();
      const { job } = await mimic.client.machines.moveDisk({
        machine: "box",
        disk: (await disk()).id,
        to: "small",
        bytesPerSecond: MIB,
      });
      const ballast = await open(`${small}/ballast`, "w");
      const fill = async (bytes: number) => {
        for (;;) await ballast.write(Buffer.alloc(bytes, 1));
      };
      for (const bytes of [8 * MIB, 4096]) await expect(fill(bytes)).rejects.toThrow("ENOSPC");
      await ballast.close();
      const ended = await mimic.ended({ job });
      // It is stopped before the last of it is taken, unless it gets full faster than anybody looks.
      expect(["host.disk_short", "disk.full"]).toContain(ended.problem?.code);
      expect(ended.problem?.message).toMatch(/left on the disk|disk is full/);
      expect(await files(`${await storageFolder("small")}/disks/${id}`)).toEqual([]);
      expect(await digest()).toBe(before);
      expect((await mimic.client.machines.show({ machine: "box" })).power).toBe("running");
      // Too little from the start is refused at once.
      await expect(mimic.client.machines.moveDisk({ machine: "box", disk: (await disk()).id, to: "small" })).rejects.toMatchObject({
        code: "host.disk_short",
      });
      await mimic.client.storages.remove({ storage: "small" });
    } finally {
      await run("umount", ["-l", small]);
    }
  }, 120_000);

  test("cancelling leaves everything as it was", async () => {
    const before = await digest();
    for (const what of ["move", "flatten"]) {
      if (what === "flatten") await take("cut");
      const wish = { machine: "box", disk: (await disk()).id, bytesPerSecond: MIB };
      const { job } = await (what === "move"
        ? mimic.client.machines.moveDisk({ ...wish, to: "big" })
        : mimic.client.machines.flattenDisk(wish));
      await wait(300);
      await mimic.client.jobs.cancel({ job: job.id });
      expect((await mimic.ended({ job })).state).toBe("cancelled");
    }
    await remove("cut");
    expect(await files(`${await storageFolder("big")}/disks/${id}`)).toEqual([]);
    expect(await digest()).toBe(before);
  }, 120_000);

  test("a daemon that is killed in the middle of a move, a flatten or a merge leaves the guest its disk", async () => {
    const boot = await bootId();
    for (let round = 0; round < 6; round++) {
      await writeNoise(1, round);
      await take(`k${round}`);
      await writeNoise(1, round + 7);
      const before = await digest();
      const { id: of, storage } = await disk();
      const slowly = { machine: "box", disk: of, bytesPerSecond: 8 * MIB };
      const begin = [
        () => mimic.client.machines.moveDisk({ ...slowly, to: storage ? "main" : "big" }),
        () => mimic.client.machines.flattenDisk(slowly),
        () => mimic.client.moments.remove({ machine: "box", moment: `k${round}` }),
        () => mimic.client.machines.moveDisk({ ...slowly, to: storage ? "main" : "big", flatten: true }),
      ][round % 4] as () => Promise<unknown>;
      await begin();
      await wait(Math.random() * 400);
      await mimic.killDaemon();
      await mimic.start();
      expect(await digest()).toBe(before);
      const { head, id: own, storage: place } = await disk();
      const found = [...(await ownFiles()), ...(await files(`${await storageFolder("big")}/disks/${id}`))];
      expect(found, `round ${round}, ${place}`).toEqual([`${head ?? own}.qcow2`]);
      for (const { name } of (await mimic.client.moments.list({ machine: "box" })).moments) if (name.startsWith("k")) await remove(name);
      expect(await digest()).toBe(before);
    }
    expect(await bootId()).toBe(boot);
    const before = await digest();
    await mimic.client.machines.kill({ machine: "box" });
    await mimic.done(mimic.client.machines.start({ machine: "box" }));
    expect(await digest()).toBe(before);
  }, 240_000);
});

describe("while it is off", () => {
  test("compacting gives back what is only zeros, and asks the guest while it runs", async () => {
    await inside("dd if=/dev/zero of=/dev/vda bs=1M seek=6 count=8 conv=fsync,notrunc 2>/dev/null");
    const before = await digest();
    const unknown = await mimic.mimic(["disk", "compact", "box", "1"]);
    // Nothing is mounted in it, which its guest says.
    expect(unknown.out, unknown.err).toMatch(/The guest says: .*(mounted|fstrim)/);
    await mimic.client.machines.kill({ machine: "box" });
    const done = await mimic.mimic(["disk", "compact", "box", "1"]);
    expect(done.code, done.err).toBe(0);
    expect(done.out).toMatch(/takes .* now, \d+(\.\d+)? MiB less/);
    await mimic.done(mimic.client.machines.start({ machine: "box" }));
    expect(await digest()).toBe(before);
  }, 120_000);

  test("a machine whose drive is away is not started, and says which; when it is back, everything is there", async () => {
    const before = await digest();
    await mimic.client.machines.kill({ machine: "box" });
    if ((await disk()).storage === undefined)
      await mimic.done(mimic.client.machines.moveDisk({ machine: "box", disk: (await disk()).id, to: "big" }));
    await rename(`${mimic.home}/big`, `${mimic.home}/unplugged`);
    // An empty mount point.
    await mkdir(`${mimic.home}/big`, { mode: 0o700 });
    const refused = await mimic.mimic(["start", "box"]);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toMatch(/storage\.away/);
    expect(refused.err).toMatch(/not mounted/);
    expect(refused.err).toMatch(/Nothing that lies in it is lost/);
    await expect(mimic.client.moments.take({ machine: "box", kind: "snapshot" }).then((started) => mimic.done(started))).rejects.toThrow(
      /storage.away/,
    );
    await mimic.killDaemon();
    await mimic.start();
    expect((await mimic.mimic(["storage", "ls"])).out).toMatch(/big +not there/);
    expect(await readdir(`${mimic.home}/big`)).toEqual([]);
    await rm(`${mimic.home}/big`, { recursive: true });
    await rename(`${mimic.home}/unplugged`, `${mimic.home}/big`);
    await mimic.done(mimic.client.machines.start({ machine: "box" }));
    expect(await digest()).toBe(before);
    await mimic.client.machines.kill({ machine: "box" });
    await mimic.client.machines.remove({ machine: "box" });
    await mimic.client.trash.empty({});
    expect(await files(`${await storageFolder("big")}/disks`)).toEqual([]);
    expect((await mimic.mimic(["storage", "rm", "big"])).code).toBe(0);
    expect((await stat(`${mimic.home}/big`)).isDirectory()).toBe(true);
  }, 120_000);

  test("folders that others can write to, and such as are none, are refused with the reason", async () => {
    await mkdir(`${mimic.home}/open`);
    await run("chmod", ["777", `${mimic.home}/open`]);
    for (const [folder, why] of [
      [`${mimic.home}/open`, /other people/],
      [`${mimic.home}/nowhere`, /not there/],
      [`${mimic.home}/data/layers`, /own folders/],
    ] as const) {
      const refused = await mimic.mimic(["storage", "add", "bad", folder]);
      expect(refused.err).toMatch(/storage\.unusable/);
      expect(refused.err).toMatch(why);
    }
    expect((await mimic.client.storages.list({})).storages).toHaveLength(1);
  });
});
