// Moments of several real machines at one moment, of disks whose file systems a real agent holds still, by a routine; and
// a daemon that is killed while a guest stands still.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
const NAMES = ["box", "pal"];
/** When the routine of a third machine began, for the test at the end: minutes take their time. */
let routineSince = 0;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const disk = `${mimic.home}/ext4.img`;
  execFileSync("mke2fs", ["-q", "-t", "ext4", "-E", "root_owner=0:0", disk, "48M"]);
  await mimic.done(mimic.client.images.import({ path: disk, name: "ext4", format: "raw", kind: "disk" }));
  for (const name of [...NAMES, "clock"]) {
    await mimic.done(mimic.client.machines.create({ name, system: "tiny-linux", start: false }));
    await mimic.client.machines.change({ machine: name, addDisk: { image: "ext4" } });
    await mimic.done(mimic.client.machines.start({ machine: name }));
    await inside(name, "mkdir -p /mnt && mount -t ext4 $(ls /dev/vd? | tail -1) /mnt");
  }
  await inside("clock", "setsid sh -c 'while :; do cut -d. -f1 /proc/uptime > /mnt/tick; sleep 1; done' > /dev/null 2>&1 < /dev/null &");
  const ran = await mimic.mimic(["moments", "routine", "clock", "--every", "1m", "--last", "2"]);
  expect(ran.out, ran.err).toContain("every minute, the last 2 stay");
  routineSince = Date.now();
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const inside = async (machine: string, script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
const moments = async (machine: string) => (await mimic.client.moments.list({ machine })).moments;
const powers = async () => Promise.all(NAMES.map(async (machine) => (await mimic.client.machines.show({ machine })).power));

describe("file systems held still", () => {
  test("what a program wrote and the guest had not put on its disk is in the snapshot, without its journal being looked at", async () => {
    await inside("box", "echo kept > /mnt/word");
    const job = await mimic.done(mimic.client.moments.take({ machine: "box", kind: "snapshot", name: "still" }));
    expect(job.result?.["words"]).toContain("held still");
    expect((await moments("box"))[0]?.consistency).toBe("frozen");
    // It writes again at once.
    await inside("box", "echo later > /mnt/word && sync");
    await mimic.done(mimic.client.moments.restore({ machine: "box", moment: "still", as: "twin" }));
    await mimic.done(mimic.client.machines.start({ machine: "twin" }));
    expect(await inside("twin", "mkdir -p /mnt && mount -t ext4 -o ro,noload $(ls /dev/vd? | tail -1) /mnt && cat /mnt/word")).toBe("kept");
    await mimic.client.machines.kill({ machine: "twin" });
    await mimic.client.machines.remove({ machine: "twin" });
  });

  test("a daemon that is killed while a guest stands still is followed by one that lets it go on", async () => {
    const { id } = await mimic.client.machines.show({ machine: "box" });
    await mimic.killDaemon();
    const sockets = await readdir(`${mimic.home}/run/m/${id}`);
    const agent = connect(`${mimic.home}/run/m/${id}/${sockets.find((name) => name.includes("agent") || name.includes("ga"))}`);
    await once(agent, "connect");
    agent.write('{"execute":"guest-fsfreeze-freeze"}\n');
    const [answer] = (await once(agent, "data")) as [Buffer];
    expect(answer.toString()).toContain('"return": 1');
    agent.destroy();
    await writeFile(
      `${mimic.home}/data/journal/jnl_${"0".repeat(26)}.json`,
      JSON.stringify({ op: "moment.take", machineId: id, ran: true }),
    );
    await mimic.start();
    expect(await inside("box", "echo goes-on > /mnt/word && sync && cat /mnt/word")).toBe("goes-on");
    expect(await readdir(`${mimic.home}/data/journal`)).toEqual([]);
  });
});

test("a daemon that is killed in the middle of a checkpoint leaves a guest that goes on, and can be kept again", async () => {
  const boot = await inside("box", "cat /proc/sys/kernel/random/boot_id");
  // Something to write for a while.
  await inside("box", "head -c 20000000 /dev/urandom > /run/much");
  const { id } = await mimic.client.machines.show({ machine: "box" });
  const folder = `${mimic.home}/data/machines/${id}/moments`;
  const isBeingWritten = async (): Promise<boolean> => {
    const draft = (await readdir(folder).catch(() => [])).find((name) => name.startsWith(".draft-"));
    return draft !== undefined && (await stat(`${folder}/${draft}/state`).catch(() => ({ size: 0 }))).size > 100_000;
  };
  for (const round of [1, 2]) {
    const before = (await moments("box")).length;
    void mimic.client.moments.take({ machine: "box", kind: "checkpoint", name: `cut off ${round}` }).catch(() => {});
    while (!(await isBeingWritten())) await wait(1);
    await mimic.killDaemon();
    await mimic.start();
    await expect.poll(async () => (await mimic.client.machines.show({ machine: "box" })).power, { timeout: 20_000 }).toBe("running");
    expect(await inside("box", "cat /proc/sys/kernel/random/boot_id")).toBe(boot);
    const after = await moments("box");
    expect(after.length - before).toBeLessThanOrEqual(1);
    await mimic.done(mimic.client.moments.take({ machine: "box", kind: "checkpoint", name: "whole again" }));
  }
}, 120_000);

describe("several machines at one moment", () => {
  test("snapshots of two that run: neither notices, each names the other, and both go back together", async () => {
    const boots = await Promise.all(NAMES.map((name) => inside(name, "cat /proc/sys/kernel/random/boot_id")));
    for (const name of NAMES) await inside(name, "echo one > /mnt/word");
    const ran = await mimic.mimic(["snapshot", "box", "pair", "--with", "pal"]);
    expect(ran.code, ran.err).toBe(0);
    expect(ran.out).toMatch(/None of them stood still for more than \d+ ms/);
    expect(await powers()).toEqual(["running", "running"]);
    expect(await Promise.all(NAMES.map((name) => inside(name, "cat /proc/sys/kernel/random/boot_id")))).toEqual(boots);
    const [mine] = (await moments("box")).filter(({ name }) => name === "pair");
    expect(mine).toMatchObject({ consistency: "frozen", siblings: [{ name: "pal" }] });
    for (const name of NAMES) await inside(name, "echo two > /mnt/word && sync");
    const back = await mimic.mimic(["restore", "pal", "pair", "--together"]);
    expect(back.code, back.err).toBe(0);
    for (const name of NAMES)
      expect(await inside(name, "mkdir -p /mnt && mount -t ext4 -o ro $(ls /dev/vd? | tail -1) /mnt && cat /mnt/word")).toBe("one");
  });

  test("checkpoints of two: both wake up in the middle, together", async () => {
    for (const name of NAMES) await inside(name, "echo before > /run/word");
    await mimic.done(mimic.client.moments.takeTogether({ machines: NAMES, kind: "checkpoint", name: "whole" }));
    for (const name of NAMES) {
      const kept = (await moments(name)).find((moment) => moment.name === "whole");
      expect(kept?.consistency).toBe("memory");
      // On a busy computer too: they wait for each other while they run, and not while they stand.
      expect(kept?.pausedMs).toBeLessThan(10_000);
      await inside(name, "echo after > /run/word");
    }
    await mimic.done(mimic.client.moments.restoreTogether({ machine: "box", moment: "whole" }));
    for (const name of NAMES) expect(await inside(name, "cat /run/word")).toBe("before");
  });

  test("when one of them cannot, none is kept, and all go on", async () => {
    const before = (await moments("box")).length;
    await mimic.client.machines.pause({ machine: "pal" });
    const { id } = await mimic.client.machines.show({ machine: "pal" });
    const layer = `${mimic.home}/data/machines/${id}/disks`;
    const files = await readdir(layer);
    // Its disk cannot be given a second name: the record says so, the file is not there.
    const disk = files.find((name) => name.endsWith(".qcow2")) ?? "";
    const bytes = await readFile(`${layer}/${disk}`);
    await rm(`${layer}/${disk}`);
    const job = await mimic.ended(mimic.client.moments.takeTogether({ machines: NAMES, kind: "snapshot", name: "never" }));
    expect(job.state).toBe("failed");
    await writeFile(`${layer}/${disk}`, bytes);
    await mimic.client.machines.resume({ machine: "pal" });
    expect((await moments("box")).length).toBe(before);
    await expect.poll(powers).toEqual(["running", "running"]);
    expect(await inside("box", "echo fine > /run/word && cat /run/word")).toBe("fine");
  });
});

test("a routine keeps a moment at once and then in each minute, lets the old ones go, and outlives the daemon", async () => {
  const kept = () => moments("clock");
  const minute = (at: string | undefined) => Math.floor(Date.parse(at ?? "") / 60_000);
  const told = async () =>
    JSON.stringify(await mimic.client.machines.story({ machine: "clock" })).match(/Kept: the snapshot/g)?.length ?? 0;
  // It began with this file's first test; by now the minutes have done their work, or do so soon: at least three were kept, two are
  // left, and the first one is not among them.
  const first = minute(new Date(routineSince).toISOString());
  const isLate = async () => (await kept()).every(({ takenAt }) => minute(takenAt) > first);
  const isDone = async () => (await told()) >= 3 && (await kept()).length === 2 && (await isLate());
  await expect.poll(isDone, { timeout: 200_000, interval: 1000 }).toBe(true);
  const { routine } = await mimic.client.moments.list({ machine: "clock" });
  expect(routine).toMatchObject({ kind: "snapshot", rhythms: [{ everyMinutes: 1, keep: 2 }] });
  const [older, newer] = await kept();
  expect([older?.automatic, newer?.automatic]).toEqual(["its routine", "its routine"]);
  // One in each minute.
  expect(minute(newer?.takenAt)).toBeGreaterThan(minute(older?.takenAt));
  // What is left shows what was there: it can be gone back to.
  await mimic.killDaemon();
  await mimic.start();
  expect((await mimic.client.moments.list({ machine: "clock" })).routine?.rhythms).toEqual([{ everyMinutes: 1, keep: 2 }]);
  expect((await mimic.mimic(["moments", "clock"])).out).toContain("Routine: A snapshot every minute, the last 2 stay.");
  await mimic.done(mimic.client.moments.restore({ machine: "clock", moment: newer?.id ?? "", as: "of-the-clock" }));
  await mimic.done(mimic.client.machines.start({ machine: "of-the-clock" }));
  expect(
    Number(await inside("of-the-clock", "mkdir -p /mnt && mount -t ext4 -o ro $(ls /dev/vd? | tail -1) /mnt && cat /mnt/tick")),
  ).toBeGreaterThan(0);
}, 300_000);
