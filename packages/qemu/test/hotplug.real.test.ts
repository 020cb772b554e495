// Parts that come and go while a real Linux runs: disks under copying, processors, memory, limits, and a daemon that
// was ended in between.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { type DiskSpec, whyNotSave } from "@mimic/model";
import type { GuestAgent, RunningMachine } from "@mimic/workbench/ports";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aPlan, disk } from "./context.ts";
import { linuxGuest } from "./guests.ts";
import { aWorkshop, patient, type Workshop } from "./real-ports.ts";

const MIB = 1024 ** 2;

let shop: Workshop;
let machine: RunningMachine;
let agent: GuestAgent;
let plan: ReturnType<typeof aPlan>;

beforeAll(async () => {
  const guest = await linuxGuest();
  shop = await aWorkshop();
  plan = aPlan(
    {
      memoryMiB: 1024,
      directBoot: { image: "a".repeat(64), kernel: "kernel", initrd: "initrd", commandLine: guest.commandLine },
    },
    { kernel: guest.kernel, initrd: guest.initrd },
    `${shop.folder}/m`,
  );
  await mkdir(`${shop.folder}/m/disks`, { recursive: true });
  machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  agent = machine.agent as GuestAgent;
  await agent.waitUntilReady(patient());
});
afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
});

async function sh(script: string, ...args: string[]): Promise<string> {
  let out = "";
  const keep = (bytes: Uint8Array) => {
    out += new TextDecoder().decode(bytes);
  };
  const exit = await agent.exec({ program: "sh", args: ["-c", script, "sh", ...args], onStdout: keep, onStderr: keep }, patient());
  if (exit.kind !== "exited" || exit.code !== 0) throw new Error(`${script}: ${JSON.stringify(exit)} ${out}`);
  return out.trim();
}

/** A new disk with its chain: an overlay over a raw base where `base` is given. */
async function aDisk(n: number, bus: DiskSpec["bus"], sizeBytes = 64 * MIB) {
  const spec = disk(n, bus, { sizeBytes, place: n, format: "qcow2", readOnly: false }) as DiskSpec;
  const path = `${shop.folder}/m/disks/${spec.id}.qcow2`;
  await shop.qemu.diskTool.createEmpty(path, "qcow2", sizeBytes, patient());
  return { spec, chain: [{ path, format: "qcow2" as const }], path };
}

const holds = (path: string): boolean =>
  readdirSync(`/proc/${machine.run.pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${machine.run.pid}/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });

/** The guest's name of the disk with this serial number. */
const named = (id: string) =>
  sh(
    `i=0; while [ $i -lt 60 ]; do for b in /sys/block/[vs]d*; do
       s=$(cat $b/serial 2>/dev/null; cat $b/device/vpd_pg80 2>/dev/null | tr -d '\\000'); case $s in *$1*) echo /dev/\${b##*/}; exit 0;; esac
     done; i=$((i+1)); sleep 0.2; done; exit 1`,
    id.slice(-20),
  );

test("a disk comes while the guest copies, holds what was copied byte for byte, and goes when the guest has let go", async () => {
  const { spec, chain, path } = await aDisk(1, "virtio");
  // The guest is busy all the while: it digests what it copies again and again.
  const busy = sh(
    "dd if=/dev/urandom of=/tmp/load bs=1M count=24 2>/dev/null; i=0; while [ $i -lt 6 ]; do md5sum < /tmp/load; i=$((i+1)); done | sort -u | wc -l",
  );
  await machine.live.plugDisk(spec, chain, patient());
  const device = await named(spec.id);
  expect(machine.run.hardware.disks).toEqual([{ ...spec, at: "port0" }]);
  expect(holds(path)).toBe(true);
  expect(await busy).toBe("1");
  const [copied, read] = (
    await sh(
      `dd if=/tmp/load of=${device} bs=1M 2>/dev/null; sync; sha256sum < /tmp/load; dd if=${device} bs=1M count=24 iflag=direct 2>/dev/null | sha256sum`,
    )
  ).split("\n");
  expect(read).toBe(copied);
  await machine.live.unplugDisk(spec.id, patient());
  expect(machine.run.hardware.disks).toEqual([]);
  expect(await sh("ls /sys/block | grep -c '^vd' || true")).toBe("0");
  expect(holds(path)).toBe(false);
  // The file is the whole truth: what the guest wrote stands in it.
  execFileSync("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", path, `${path}.raw`]);
  const bytes = (await readFile(`${path}.raw`)).subarray(0, 24 * MIB);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(copied?.split(" ")[0]);
});

test("a disk that is plugged in grows while it is mounted, is held to a limit and let go again", async () => {
  const { spec, chain, path } = await aDisk(2, "scsi", 48 * MIB);
  // A file system that brings the tool to make it larger, as the guest of a distribution has it.
  const files = `${shop.folder}/tools`;
  await mkdir(files);
  const libraries = execFileSync("ldd", ["/sbin/resize2fs"], { encoding: "utf8" }).match(/\/\S+\.so\S*/g) ?? [];
  execFileSync("cp", ["-L", "/sbin/resize2fs", ...libraries, files]);
  execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", files, `${shop.folder}/fs.raw`, "48m"]);
  execFileSync("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", `${shop.folder}/fs.raw`, path]);
  await machine.live.plugDisk(spec, chain, patient());
  const device = await named(spec.id);
  await sh(
    `mkdir -p /mnt && mount -t ext4 ${device} /mnt && mkdir -p /opt/t && cp /mnt/*.so* /mnt/resize2fs /opt/t/ && printf '#!/bin/sh\\nexec /opt/t/ld-linux-x86-64.so.2 --library-path /opt/t /opt/t/resize2fs "$@"\\n' > /usr/sbin/resize2fs && chmod +x /usr/sbin/resize2fs`,
  );
  const before = Number(await sh("df -k /mnt | tail -1 | awk '{print $2}'"));
  await machine.live.growDisk(spec.id, 160 * MIB, patient());
  expect(await agent.growFileSystem(spec.id, patient())).toBe("The guest says: the file system at /mnt has grown too.");
  expect(Number(await sh("df -k /mnt | tail -1 | awk '{print $2}'"))).toBeGreaterThan(before * 2.5);
  expect(machine.run.hardware.disks[0]).toMatchObject({ sizeBytes: 160 * MIB });
  const read = async () => {
    const began = performance.now();
    await sh(`dd if=${device} of=/dev/null bs=256k count=32 iflag=direct 2>/dev/null`);
    return performance.now() - began;
  };
  await machine.live.limitDisk(spec.id, { bytesPerSecond: 2 * MIB, operationsPerSecond: 0 }, patient());
  // 8 MiB at 2 MiB a second; a moment's burst is given.
  expect(await read()).toBeGreaterThan(2500);
  await machine.live.limitDisk(spec.id, { bytesPerSecond: 0, operationsPerSecond: 0 }, patient());
  const free = await read();
  await machine.live.limitDisk(spec.id, { bytesPerSecond: MIB, operationsPerSecond: 0 }, patient());
  expect(await read()).toBeGreaterThan(free);
  // With a limit in between the guest hears of a new size all the same.
  await machine.live.growDisk(spec.id, 192 * MIB, patient());
  await expect.poll(() => sh(`cat /sys/block/${device.slice(5)}/size`), { timeout: 20_000 }).toBe(String(192 * 2048));
  await sh("umount /mnt");
  await machine.live.unplugDisk(spec.id, patient());
  expect(holds(path)).toBe(false);
});

test("a disk under an overlay comes with its images, and half of a failed one does not stay", async () => {
  const base = `${shop.folder}/base.raw`;
  execFileSync("sh", ["-c", `head -c 8388608 /dev/urandom > ${base}`]);
  const spec = disk(3, "virtio", { sizeBytes: 8 * MIB, place: 3, format: "qcow2" }) as DiskSpec;
  const path = `${shop.folder}/m/disks/over.qcow2`;
  await shop.qemu.diskTool.createOverlay(path, { path: base, format: "raw" }, 8 * MIB, patient());
  const chain = [
    { path, format: "qcow2" as const },
    { path: base, format: "raw" as const },
  ];
  await expect(machine.live.plugDisk({ ...spec, bus: "sata" }, chain, patient())).rejects.toThrow();
  expect(holds(base)).toBe(false);
  await machine.live.plugDisk(spec, chain, patient());
  const device = await named(spec.id);
  expect(await sh(`sha256sum < ${device}`)).toContain(createHash("sha256").update(readFileSync(base)).digest("hex"));
  await machine.live.unplugDisk(spec.id, patient());
  expect(holds(base)).toBe(false);
});

test("processors come and are used; fewer are used when the guest is asked, and none is pulled out", async () => {
  expect(await sh("nproc")).toBe("1");
  await machine.live.setCpus(3, patient());
  for (let tries = 0; tries < 50 && (await agent.useCpus(3, patient())) !== 3; tries++) await wait(100);
  expect(await sh("nproc")).toBe("3");
  expect(await agent.useCpus(1, patient())).toBe(1);
  await machine.live.setCpus(1, patient());
  expect(await sh("nproc")).toBe("1");
  expect(await agent.useCpus(2, patient())).toBe(2);
  await machine.live.setCpus(2, patient());
  expect(machine.run.hardware.cpus).toBe(2);
  expect(await sh("echo alive")).toBe("alive");
});

test("memory comes, goes back, and goes below what it was started with", async () => {
  const total = async () => Math.round(Number((await sh("grep MemTotal /proc/meminfo")).replace(/\D+/g, "")) / 1024);
  const before = await total();
  await machine.live.setMemory(1536, patient());
  expect(await total()).toBeGreaterThan(before + 450);
  await machine.live.setMemory(1024, patient());
  expect(await total()).toBeLessThan(before + 60);
  await machine.live.setMemory(768, patient());
  expect(await total()).toBeLessThan(before - 200);
  await machine.live.setMemory(1024, patient());
  expect(machine.run.hardware.memoryMiB).toBe(1024);
  // The device stays, and a saved state would miss it: so it is not saved.
  expect(machine.run.growth?.grown).toEqual(["SCSI controller", "processors", "memory"]);
  expect(whyNotSave(machine.run.hardware, machine.run.growth)).toContain("memory changed while it runs");
  expect(await total()).toBeGreaterThan(before - 60);
});

test("USB devices come and go", async () => {
  const device = { id: `usb_${"1".repeat(26)}`, kind: "tablet" as const };
  await machine.live.plugUsb(device, patient());
  expect(machine.run.hardware.usb).toEqual([device]);
  await machine.live.unplugUsb(device.id, patient());
  expect(machine.run.hardware.usb).toEqual([]);
  const { spec, chain } = await aDisk(5, "usb");
  await machine.live.plugDisk(spec, chain, patient());
  await machine.live.unplugDisk(spec.id, patient());
});

// Only root may make groups here; elsewhere the reason is said instead.
test.skipIf(process.getuid?.() !== 0 || !existsSync("/sys/fs/cgroup"))(
  "a limit on processor time holds, and goes with the machine",
  async () => {
    const spent = async () => {
      const began = (await machine.usage(patient())).cpuMs;
      await wait(1500);
      return (await machine.usage(patient())).cpuMs - began;
    };
    const busy = sh("sh -c 'while :; do :; done' & p=$!; sleep 30; kill $p").catch(() => {});
    await wait(500);
    const free = await spent();
    await machine.live.limitCpu(20, patient());
    // A fifth of 1.5 s, and room for what was running when it began. A busy computer only makes it less.
    expect(await spent()).toBeLessThan(600);
    await machine.live.limitCpu(0, patient());
    expect(await spent()).toBeGreaterThan(0);
    expect(free).toBeGreaterThan(0);
    await sh("killall sleep; true");
    await busy;
  },
);

test("a daemon that was ended between the plugging and its note finds what is really there", async () => {
  const { spec, chain } = await aDisk(4, "virtio");
  const noted = machine.run;
  await machine.live.plugDisk(spec, chain, patient());
  const { at } = machine.run.hardware.disks[0] as DiskSpec;
  await machine.release();
  const wanted = { ...plan, record: { ...plan.record, hardware: { ...plan.record.hardware, disks: [spec] } } };
  const again = await shop.again().hypervisor.adopt(wanted, noted, patient());
  if (!again) throw new Error("not found again");
  shop.own(again);
  expect(again.run.hardware.disks).toEqual([{ ...spec, at }]);
  await again.live.unplugDisk(spec.id, patient());
  expect(again.run.hardware.disks).toEqual([]);
  await again.end(patient());
});
