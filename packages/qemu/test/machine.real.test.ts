// Real QEMU, real cage. The guest is a boot sector where that is enough.

import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { aPlan, disk } from "./context.ts";
import { bootSector } from "./guests.ts";
import { aWorkshop, newsOf, patient, realClock, serialSays, type Workshop } from "./real-ports.ts";

async function sectorPlan(shop: Workshop, text: string, hardware: object = {}, writes = false, name = "m") {
  const folder = `${shop.folder}/${name}`;
  const { mkdir } = await import("node:fs/promises");
  await mkdir(`${folder}/disks`, { recursive: true, mode: 0o700 });
  const plan = aPlan({ memoryMiB: 32, agent: false, input: "ps2", disks: [disk(1, "ide", { format: "raw" })], ...hardware }, {}, folder);
  const path = Object.values(plan.files.disks)[0]?.[0]?.path as string;
  const bytes = new Uint8Array(1024 ** 2);
  bytes.set(bootSector(text, writes));
  await writeFile(path, bytes);
  return { plan, path };
}

test("a machine starts in its cage, speaks on its serial port, and ends when told", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "HELLO FROM THE BOOT SECTOR");
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  await serialSays(machine, "HELLO FROM THE BOOT SECTOR");
  const status = readFileSync(`/proc/${machine.run.pid}/status`, "utf8");
  expect(status).toMatch(/^Seccomp:\s*2$/m);
  expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
  expect(status).not.toMatch(/^Uid:\s*0\b/m);
  expect(status).toMatch(/^CapEff:\s*0{16}$/m);
  // A network namespace and a process namespace of its own.
  for (const kind of ["net", "pid", "mnt", "ipc", "uts"])
    expect(readlinkSync(`/proc/${machine.run.pid}/ns/${kind}`)).not.toBe(readlinkSync(`/proc/self/ns/${kind}`));
  expect(machine.isolation.grade).toBe(machine.run.accelerator === "tcg" ? "C" : "A");
  const exited = newsOf(machine, "exited");
  await machine.end(patient());
  expect(await exited).toMatchObject({ expected: true });
  expect(existsSync(`/proc/${machine.run.pid}`)).toBe(false);
});

test("the cage hides everything but the machine's folder, and without the cage it is there (control)", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "UP");
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  const inside = (path: string): boolean => existsSync(`/proc/${machine.run.pid}/root${path}`);
  expect(inside("/m/qmp.sock")).toBe(true);
  for (const hidden of ["/home", "/root", "/etc/passwd", "/var", shop.folder, "/tmp"]) expect(inside(hidden)).toBe(false);
  await using open = await aWorkshop({ bwrap: "none" });
  const other = await sectorPlan(open, "UP");
  const uncaged = open.own(await open.qemu.hypervisor.boot(other.plan, patient()));
  expect(existsSync(`/proc/${uncaged.run.pid}/root/etc/passwd`)).toBe(true);
  expect(uncaged.isolation.grade).toBe("D");
  expect(uncaged.isolation.because.join(" ")).toContain("without a cage");
});

test("a folder named “a,file=/etc/hostname” is a folder, and QEMU opens nothing else", async () => {
  await using shop = await aWorkshop();
  const { plan, path } = await sectorPlan(shop, "COMMAS", {}, false, "a,file=/etc/hostname");
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  await serialSays(machine, "COMMAS");
  const fds = await import("node:fs").then((fs) =>
    fs.readdirSync(`/proc/${machine.run.pid}/fd`).map((fd) => readlinkSync(`/proc/${machine.run.pid}/fd/${fd}`)),
  );
  expect(fds).toContain(path);
  expect(fds.filter((f) => f.startsWith("/etc/"))).toEqual([]);
});

test("a daemon that was killed finds its machine again, running, and hears it", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "STILL HERE");
  const first = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  await serialSays(first, "STILL HERE");
  await first.release();
  const again = shop.again().hypervisor;
  const machine = await again.adopt(plan, first.run, patient());
  expect(machine?.paused).toBe(false);
  expect(new TextDecoder().decode(machine?.serial[0]?.history())).toContain("STILL HERE");
  const paused = machine && newsOf(machine, "paused");
  await machine?.pause(patient());
  expect(await paused).toMatchObject({ why: "asked" });
  const exited = machine && newsOf(machine, "exited");
  await machine?.end(patient());
  expect(await exited).toMatchObject({ expected: true });
  expect(await again.adopt(plan, first.run, patient())).toBeUndefined();
});

test("a process number that now belongs to another program is not taken for the machine", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "X");
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  const other = { ...machine.run, cookie: "f".repeat(16) };
  expect(await shop.again().hypervisor.adopt(plan, other, patient())).toBeUndefined();
  expect(await shop.again().hypervisor.adopt(plan, { ...machine.run, bootId: "another boot" }, patient())).toBeUndefined();
});

test("a QEMU that no record knows is ended; known ones and those of other installations are left alone", async () => {
  await using shop = await aWorkshop();
  await using stranger = await aWorkshop();
  const known = shop.own(await shop.qemu.hypervisor.boot((await sectorPlan(shop, "KNOWN", {}, false, "known")).plan, patient()));
  const orphan = shop.own(await shop.qemu.hypervisor.boot((await sectorPlan(shop, "ORPHAN", {}, false, "orphan")).plan, patient()));
  const foreign = stranger.own(await stranger.qemu.hypervisor.boot((await sectorPlan(stranger, "FOREIGN")).plan, patient()));
  await orphan.release();
  const ended = await shop.again().hypervisor.sweep(new Set([known.run.cookie]), patient());
  expect(ended).toBeGreaterThanOrEqual(1);
  await realClock.sleep(300, patient());
  expect(existsSync(`/proc/${orphan.run.pid}`)).toBe(false);
  expect(existsSync(`/proc/${known.run.pid}`)).toBe(true);
  expect(existsSync(`/proc/${foreign.run.pid}`)).toBe(true);
});

test("a QEMU that is killed is reported as not expected, in words", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "X");
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  const exited = newsOf(machine, "exited");
  process.kill(machine.run.pid, "SIGKILL");
  expect(await exited).toMatchObject({ expected: false, why: expect.stringContaining("killed from outside") });
});

test("a disk in use by another QEMU is named as the reason, and nothing is left running", async () => {
  await using shop = await aWorkshop();
  const one = await sectorPlan(shop, "X", {}, false, "one");
  shop.own(await shop.qemu.hypervisor.boot(one.plan, patient()));
  const two = await sectorPlan(shop, "X", {}, false, "two");
  const plan = { ...two.plan, files: { ...two.plan.files, disks: one.plan.files.disks } };
  await expect(shop.qemu.hypervisor.boot(plan, patient())).rejects.toMatchObject({ code: "qemu.disk_in_use" });
});

test("a disk that was replaced by a link is not opened", async () => {
  await using shop = await aWorkshop();
  const { plan, path } = await sectorPlan(shop, "X");
  const { rm } = await import("node:fs/promises");
  await rm(path);
  await symlink("/etc/hostname", path);
  await expect(shop.qemu.hypervisor.boot(plan, patient())).rejects.toMatchObject({ code: "qemu.file_unusable" });
});

test("an overlay whose header was changed to name another file is refused before QEMU sees it", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "X");
  const base = Object.values(plan.files.disks)[0]?.[0]?.path as string;
  const overlay = `${shop.folder}/m/disks/over.qcow2`;
  await shop.qemu.diskTool.createOverlay(overlay, { path: base, format: "raw" }, 1024 ** 2, patient());
  const chain = [
    { path: overlay, format: "qcow2" as const },
    { path: base, format: "raw" as const },
  ];
  const changedPlan = { ...plan, files: { ...plan.files, disks: { [Object.keys(plan.files.disks)[0] as string]: chain } } };
  // Control: untouched, it starts.
  const machine = shop.own(await shop.qemu.hypervisor.boot(changedPlan, patient()));
  await serialSays(machine, "X");
  await machine.end(patient());
  const bytes = await readFile(overlay);
  bytes.write("/etc/passwd".padEnd(base.length, "\0"), bytes.indexOf(base));
  await writeFile(overlay, bytes);
  await expect(shop.qemu.hypervisor.boot(changedPlan, patient())).rejects.toMatchObject({ code: "disk.changed_outside" });
});

test("the screen is a PNG, and in text mode its words can be read", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "X");
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  await serialSays(machine, "X");
  const png = Buffer.from(await machine.screenshot(patient()));
  expect([png.toString("latin1", 1, 4), png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual(["PNG", 720, 400]);
  expect(await machine.screenText(patient())).toContain("Booting from Hard Disk");
});

test("a medium goes into a running machine and out again, and its server goes with it", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "X", { drives: [{ slot: "cd0", kind: "cd" }] });
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  await serialSays(machine, "X");
  await writeFile(`${shop.folder}/cd.iso`, new Uint8Array(2048 * 64));
  await machine.changeMedium("cd0", `${shop.folder}/cd.iso`, patient());
  const note = JSON.parse(await readFile(`${plan.files.logDirectory}/media.json`, "utf8"));
  const { pid } = note.cd0;
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  expect(readFileSync(`/proc/${pid}/status`, "utf8")).not.toMatch(/^Uid:\s*0\b/m);
  await machine.changeMedium("cd0", undefined, patient());
  await realClock.sleep(200, patient());
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  await expect(machine.changeMedium("cd9", undefined, patient())).rejects.toMatchObject({ code: "machine.no_drive" });
});

test("a medium's server stays with a machine that runs, and is found by the next daemon when its machine ended meanwhile", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "X", { drives: [{ slot: "cd0", kind: "cd" }] });
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  await serialSays(machine, "X");
  await writeFile(`${shop.folder}/cd.iso`, new Uint8Array(2048 * 64));
  await machine.changeMedium("cd0", `${shop.folder}/cd.iso`, patient());
  const { pid } = JSON.parse(await readFile(`${plan.files.logDirectory}/media.json`, "utf8")).cd0;
  await machine.release();
  const next = shop.again().hypervisor;
  expect(await next.sweep(new Set([machine.run.cookie]), patient())).toBe(0);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  process.kill(machine.run.pid, "SIGKILL");
  await expect.poll(() => existsSync(`/proc/${machine.run.pid}`)).toBe(false);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  expect(await next.sweep(new Set(), patient())).toBe(1);
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
});

test("an aborted start leaves nothing running", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "X");
  await shop.qemu.hypervisor.facts(patient());
  const stop = new AbortController();
  const boot = shop.qemu.hypervisor.boot(plan, {
    signal: stop.signal,
    report: ({ words }) => words === "starting QEMU" && setTimeout(() => stop.abort(new Error("changed my mind")), 15),
  });
  await expect(boot).rejects.toThrow("changed my mind");
  expect(await shop.qemu.hypervisor.sweep(new Set(), patient())).toBe(0);
});

test("the machine listens on no TCP port, and its control socket is closed to other users", async () => {
  await using shop = await aWorkshop();
  const { plan } = await sectorPlan(shop, "X");
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  // The lines after the heading are the listening and connected sockets of its own network namespace.
  for (const table of ["tcp", "tcp6", "udp", "udp6"])
    expect(readFileSync(`/proc/${machine.run.pid}/net/${table}`, "utf8").trim().split("\n")).toHaveLength(1);
  const { statSync } = await import("node:fs");
  expect(statSync(plan.files.runDirectory).mode & 0o077).toBe(0);
  const reachable = await new Promise((resolve) => {
    const socket = connect(machine.displaySocket as string, () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("data", () => socket.destroy());
  });
  expect(reachable).toBe(true);
});
