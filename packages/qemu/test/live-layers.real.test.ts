// Chains that get shorter, and disks that move, under a real Linux that digests and writes them meanwhile.
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readlinkSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import type { DiskSpec } from "@mimic/model";
import type { GuestAgent, RunningMachine } from "@mimic/workbench/ports";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aPlan, disk } from "./context.ts";
import { linuxGuest } from "./guests.ts";
import { aWorkshop, patient, realClock, type Workshop } from "./real-ports.ts";

const MIB = 1024 ** 2;
const SIZE = 16 * MIB;

let shop: Workshop;
let machine: RunningMachine;
let agent: GuestAgent;
let spec: DiskSpec;
/** Top to bottom, as the record would say. */
let chain: { path: string; format: "qcow2" | "raw" }[];

const at = (name: string) => `${shop.folder}/m/disks/${name}.qcow2`;

/** raw base ← l3 ← l2 ← l1 ← own, each with a MiB of its own, frozen ones only to be read. */
beforeAll(async () => {
  const guest = await linuxGuest();
  shop = await aWorkshop();
  await mkdir(`${shop.folder}/m/disks`, { recursive: true });
  const base = `${shop.folder}/base.raw`;
  await writeFile(base, new Uint8Array(SIZE).fill(1));
  chain = [{ path: base, format: "raw" }];
  for (const [index, name] of ["l3", "l2", "l1", "own"].entries()) {
    const under = chain[0] as (typeof chain)[number];
    await shop.qemu.diskTool.createOverlay(at(name), under, SIZE, patient());
    if (name !== "own") execFileSync("qemu-io", ["-f", "qcow2", "-c", `write -P ${index + 2} ${index}M 1M`, at(name)]);
    if (name !== "own") chmodSync(at(name), 0o444);
    chain.unshift({ path: at(name), format: "qcow2" });
  }
  spec = disk(0, "virtio", { sizeBytes: SIZE, place: 0, format: "qcow2", readOnly: false }) as DiskSpec;
  const plan = aPlan(
    {
      memoryMiB: 192,
      disks: [spec],
      directBoot: { image: "a".repeat(64), kernel: "kernel", initrd: "initrd", commandLine: guest.commandLine },
    },
    { kernel: guest.kernel, initrd: guest.initrd, disks: { [spec.id]: chain } },
    `${shop.folder}/m`,
  );
  machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  agent = machine.agent as GuestAgent;
  await agent.waitUntilReady(patient());
});
afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
});

async function sh(script: string): Promise<string> {
  let out = "";
  const keep = (bytes: Uint8Array) => {
    out += new TextDecoder().decode(bytes);
  };
  const exit = await agent.exec({ program: "sh", args: ["-c", script], onStdout: keep, onStderr: keep }, patient());
  if (exit.kind !== "exited" || exit.code !== 0) throw new Error(`${script}: ${JSON.stringify(exit)} ${out}`);
  return out.trim();
}
/** Past the guest's cache: what its disk says. */
const digest = () => sh("echo 3 > /proc/sys/vm/drop_caches; sha256sum /dev/vda | cut -c1-64");
const opens = (path: string): number =>
  readdirSync(`/proc/${machine.run.pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${machine.run.pid}/fd/${fd}`).startsWith(path);
    } catch {
      return false;
    }
  }).length;
/** From now on the guest writes and counts, until `stop`. */
const busy = () =>
  sh(
    "echo 0 > /run/n; (while [ ! -e /run/stop ]; do dd if=/dev/zero of=/dev/vda bs=4096 seek=3000 count=8 conv=notrunc,fsync 2>/dev/null; n=$(cat /run/n); echo $((n+1)) > /run/n; done) >/dev/null 2>&1 &",
  );

test("a frozen layer in the middle takes in the one below it while the guest works, and the one below is closed", async () => {
  const before = await digest();
  const said: number[] = [];
  const [, l1, l2, l3] = chain;
  const wish = { diskId: spec.id, length: 5, into: 1, through: 2, path: l1?.path as string, below: l3?.path };
  await machine.live.absorb(wish, { ...patient(), report: (progress) => void said.push(progress.done ?? 0) });
  chain = chain.filter((one) => one !== l2);
  expect(opens(l2?.path as string)).toBe(0);
  expect(await digest()).toBe(before);
  expect(said.length).toBeGreaterThan(0);
  // Another machine may have the same layer open again: it is not held for writing.
  execFileSync("qemu-io", ["-r", "-f", "qcow2", "-c", "read -P 3 1M 1M", l1?.path as string]);
});

test("work on a chain that is not what the record says is refused, and what is cut off changes nothing", async () => {
  const before = await digest();
  const wish = { diskId: spec.id, into: 0, through: 1, path: chain[0]?.path as string, below: chain[2]?.path };
  await expect(machine.live.absorb({ ...wish, length: 9 }, patient())).rejects.toMatchObject({ code: "disk.chain_differs" });
  const stop = new AbortController();
  const slow = machine.live.absorb({ ...wish, length: 4, bytesPerSecond: 65_536 }, { signal: stop.signal, report: () => {} });
  await realClock.sleep(200, patient());
  stop.abort(new Error("no more"));
  await expect(slow).rejects.toThrow("no more");
  expect(opens(chain[1]?.path as string)).toBeGreaterThan(0);
  expect(await digest()).toBe(before);
});

test("a disk moves to another file under the guest's writes, and its old file is given back", async () => {
  await busy();
  const [own, ...under] = chain;
  const to = at(`lay_${"m".repeat(26)}`);
  await shop.qemu.diskTool.createOverlay(to, under[0] as (typeof chain)[number], SIZE, patient());
  const atReady: string[] = [];
  const move = { diskId: spec.id, name: `lay_${"m".repeat(26)}`, path: to, isWhole: false, atReady: async () => void atReady.push("now") };
  await machine.live.moveDisk(move, patient());
  expect(atReady).toEqual(["now"]);
  expect(opens(own?.path as string)).toBe(0);
  const count = Number(await sh("cat /run/n"));
  await realClock.sleep(300, patient());
  expect(Number(await sh("cat /run/n"))).toBeGreaterThan(count);
  expect(machine.paused).toBe(false);
  chain = [{ path: to, format: "qcow2" }, ...under];
});

test("a move that fails when both are the same leaves the disk where it is", async () => {
  const to = at(`lay_${"f".repeat(26)}`);
  await shop.qemu.diskTool.createOverlay(to, chain[1] as (typeof chain)[number], SIZE, patient());
  const fails = async () => Promise.reject(new Error("the record could not be written"));
  const move = { diskId: spec.id, name: `lay_${"f".repeat(26)}`, path: to, isWhole: false, atReady: fails };
  await expect(machine.live.moveDisk(move, patient())).rejects.toMatchObject({ code: "disk.work_failed" });
  expect(opens(to)).toBe(0);
  expect(opens(chain[0]?.path as string)).toBeGreaterThan(0);
});

test("a disk becomes independent of all that it stands on, and takes layers and grows as before", async () => {
  await sh("touch /run/stop; sleep 1");
  const before = await digest();
  const wish = {
    diskId: spec.id,
    length: chain.length,
    into: 0,
    through: chain.length - 1,
    path: chain[0]?.path as string,
    below: undefined,
  };
  await machine.live.absorb(wish, patient());
  for (const one of chain.slice(1)) expect(opens(one.path)).toBe(0);
  expect(await digest()).toBe(before);
  const over = at(`lay_${"o".repeat(26)}`);
  await shop.qemu.diskTool.createOverlay(over, chain[0] as (typeof chain)[number], SIZE, patient());
  await machine.layDisks([{ diskId: spec.id, name: `lay_${"o".repeat(26)}`, path: over }], patient());
  await machine.live.growDisk(spec.id, 2 * SIZE, patient());
  expect(await sh("cat /sys/block/vda/size")).toBe(String((2 * SIZE) / 512));
  await machine.end(patient());
  const info = JSON.parse(
    execFileSync("qemu-img", ["info", "--output=json", "-f", "qcow2", chain[0]?.path as string], { encoding: "utf8" }),
  );
  expect(info["backing-filename"]).toBeUndefined();
  execFileSync("qemu-img", ["check", "-f", "qcow2", chain[0]?.path as string]);
});
