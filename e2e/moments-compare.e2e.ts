// What differs between moments of a real machine, as a real kernel wrote it on a real disk: through the API and the
// command line, with the reader of file systems in its cage, and a disk that means harm.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const disk = `${mimic.home}/ext4.img`;
  execFileSync("mke2fs", ["-q", "-t", "ext4", disk, "256M"]);
  await mimic.done(mimic.client.images.import({ path: disk, name: "ext4", format: "raw", kind: "disk" }));
  await mimic.done(mimic.client.machines.create({ name: "box", system: "tiny-linux" }));
  await mimic.client.machines.change({ machine: "box", addDisk: { image: "ext4" } });
  await mimic.done(mimic.client.machines.start({ machine: "box" }));
  await inside("mkdir -p /mnt && mount -t ext4 $(ls /dev/vd? | tail -1) /mnt");
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const inside = async (script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", "box", "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
const snapshot = (name: string) => mimic.done(mimic.client.moments.take({ machine: "box", kind: "snapshot", name }));
/** “added /a” of everything that differs on the disk with the file system. */
const differs = async (from: string, to?: string) => {
  const { disks } = await mimic.client.moments.compare({ machine: "box", moment: from, ...(to && { with: to }) });
  const volume = disks.at(-1)?.volumes[0];
  expect(volume === undefined || volume.system === "ext4", volume?.why).toBe(true);
  return volume?.files?.changes.map(({ change, path }) => `${change} ${path}`) ?? [];
};

test("files that a guest made, changed, renamed and removed between two moments are told, and no others", async () => {
  await inside(
    "cd /mnt && mkdir -p etc home/me && for i in $(seq 300); do echo $i > home/me/$i; done && echo one > etc/conf && echo gone > etc/old && seq 20000 > big",
  );
  await snapshot("before");
  expect(await differs("before", "before")).toEqual([]);
  await inside(
    "cd /mnt && echo two > etc/conf && rm etc/old && mv home/me/7 home/me/seven && mkdir new && echo x > new/file && chmod 600 home/me/8 && echo y | dd of=big bs=1 seek=50000 conv=notrunc 2>/dev/null",
  );
  // No sync: what the guest had not written yet is put in order by its agent.
  await snapshot("after");
  expect(await differs("before", "after")).toEqual([
    "changed /big",
    "changed /etc/conf",
    "removed /etc/old",
    "removed /home/me/7",
    "attributes /home/me/8",
    "added /home/me/seven",
    "added /new",
    "added /new/file",
  ]);
  // The one that the running machine stands right on becomes a machine as well.
  await mimic.done(mimic.client.moments.restore({ machine: "box", moment: "after", as: "copy" }));
  await mimic.done(mimic.client.machines.start({ machine: "copy", wait: "running" }));
  await mimic.client.machines.kill({ machine: "copy" });
  const told = await mimic.mimic(["moments", "diff", "box", "after", "before"]);
  expect(told.code, told.err).toBe(0);
  expect(told.out).toContain("  - /new/file  2 B");
  expect(told.out).toContain("  + /etc/old  5 B");
}, 120_000);

test("of a machine whose file systems nobody held still, what only the journal holds is told too", async () => {
  await inside("echo journal > /mnt/late && sync -f /mnt/late 2>/dev/null || sync");
  // One that stands still cannot be asked to hold its file systems still.
  await mimic.client.machines.pause({ machine: "box" });
  await snapshot("torn");
  await mimic.client.machines.resume({ machine: "box" });
  const { moments } = await mimic.client.moments.list({ machine: "box" });
  expect(moments.find(({ name }) => name === "torn")?.consistency).toBe("cut");
  expect(await differs("after", "torn")).toEqual(["added /late"]);
}, 120_000);

test("the present is compared while the machine is off, and refused while it runs", async () => {
  await expect(mimic.client.moments.compare({ machine: "box", moment: "torn" })).rejects.toMatchObject({ code: "moment.present_runs" });
  await inside("rm /mnt/late && sync && umount /mnt");
  await mimic.client.machines.kill({ machine: "box" });
  expect(await differs("torn")).toEqual(["removed /late"]);
}, 120_000);

test("a disk that means harm is told as unreadable, or read as far as it makes sense; the daemon lives", async () => {
  const evil = `${mimic.home}/evil.img`;
  const bytes = randomBytes(8 << 20);
  // A superblock that promises everything, over chance.
  bytes.writeUInt16LE(0xef53, 1024 + 0x38);
  bytes.writeUInt32LE(0, 1024 + 0x18);
  bytes.writeUInt32LE(8192, 1024 + 4);
  bytes.writeUInt32LE(1, 1024 + 0x14);
  bytes.writeUInt32LE(0x42, 1024 + 0x60);
  bytes.writeUInt16LE(256, 1024 + 0x58);
  bytes.writeUInt32LE(8192, 1024 + 0x20);
  bytes.writeUInt32LE(2 ** 31, 1024 + 0x28);
  await writeFile(evil, bytes);
  await mimic.done(mimic.client.images.import({ path: evil, name: "evil", format: "raw", kind: "disk" }));
  await mimic.client.machines.change({ machine: "box", addDisk: { image: "evil" } });
  await snapshot("evil one");
  const { id, hardware } = await mimic.client.machines.show({ machine: "box" });
  const disk = hardware.disks.at(-1);
  execFileSync("qemu-io", ["-f", "qcow2", "-c", "write -P 7 1M 64k", `${mimic.home}/data/machines/${id}/disks/${disk?.head}.qcow2`]);
  const { disks } = await mimic.client.moments.compare({ machine: "box", moment: "evil one" });
  expect(disks.at(-1)).toMatchObject({ change: "changed", writtenBytes: 65_536, volumes: [{ part: 0 }] });
  expect((await mimic.client.host.show({})).version).not.toBe("");
}, 120_000);
