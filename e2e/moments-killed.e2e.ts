// A daemon that is killed in the middle of moments of real machines that run: while their disks are frozen, while their
// file systems are held still with nobody there to let them go, and while several go back together.
import { execFileSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
const NAMES = ["box", "pal"];
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const disk = `${mimic.home}/ext4.img`;
  execFileSync("mke2fs", ["-q", "-t", "ext4", "-E", "root_owner=0:0", disk, "48M"]);
  await mimic.done(mimic.client.images.import({ path: disk, name: "ext4", format: "raw", kind: "disk" }));
  for (const name of NAMES) {
    await mimic.done(mimic.client.machines.create({ name, system: "tiny-linux", start: false }));
    await mimic.client.machines.change({ machine: name, addDisk: { image: "ext4" } });
    await mimic.done(mimic.client.machines.start({ machine: name }));
    await inside(name, "mkdir -p /mnt && mount -t ext4 $(ls /dev/vd? | tail -1) /mnt");
  }
  await mimic.stop();
  await mimic.start({ MIMIC_CRASH_FILE: armed() });
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const armed = (): string => `${mimic.home}/steps-left`;
const inside = async (machine: string, script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
const moments = async (machine: string) => (await mimic.client.moments.list({ machine })).moments;
const show = (machine: string) => mimic.client.machines.show({ machine });
const dataDisk = async (machine: string) => (await show(machine)).hardware.disks.at(-1);

/** Does the work with a daemon that dies at its step `at`; answers whether it died. Afterwards the next one is there. */
async function killedAt(at: number, work: () => Promise<unknown>): Promise<boolean> {
  await writeFile(armed(), String(at));
  const whole = await work().then(
    () => true,
    () => false,
  );
  if (whole) await wait(200);
  await rm(armed(), { force: true });
  for (let i = 0; i < 20 && !whole && mimic.daemon?.signalCode !== "SIGKILL"; i++) await wait(50);
  const died = mimic.daemon?.signalCode === "SIGKILL";
  expect(whole || died, mimic.log.slice(-500)).toBe(true);
  if (died) await mimic.start({ MIMIC_CRASH_FILE: armed() });
  return died;
}

test("at whichever step of a snapshot of a running machine it is killed: the guest goes on, and no layer is too many", async () => {
  const boot = await inside("box", "cat /proc/sys/kernel/random/boot_id");
  await mimic.done(mimic.client.moments.take({ machine: "box", kind: "snapshot", name: "start" }));
  let isOver = false;
  let at = 1;
  for (; !isOver; at++) {
    const before = await dataDisk("box");
    const kept = (await moments("box")).length;
    isOver = !(await killedAt(at, () => mimic.done(mimic.client.moments.take({ machine: "box", kind: "snapshot", name: `at ${at}` }))));
    const now = await dataDisk("box");
    const more = (await moments("box")).length - kept;
    // Either it was kept, or everything is as before; or QEMU had gone on to the fresh layer, and only the moment is missing.
    const layers = (now?.layers?.length ?? 0) - (before?.layers?.length ?? 0);
    expect([layers, more], `step ${at}`).toSatisfy(([l, m]: number[]) =>
      m === 1 ? l === 1 : l === 0 ? now?.head === before?.head : l === 1,
    );
    expect(await inside("box", `echo ${at} > /mnt/step && sync && cat /mnt/step`)).toBe(String(at));
  }
  expect(at).toBeGreaterThan(5);
  expect(await inside("box", "cat /proc/sys/kernel/random/boot_id")).toBe(boot);
  expect(await readdir(`${mimic.home}/data/journal`)).toEqual([]);
}, 240_000);

test("a guest whose daemon dies while its file systems are held still goes on by itself, before any other daemon comes", async () => {
  const disk = await dataDisk("pal");
  // What is to be written first takes seconds, so the daemon is gone before the guest comes to rest.
  await mimic.client.machines.change({ machine: "pal", limitDisk: { id: disk?.id ?? "", bytesPerSecond: 2 * 1024 ** 2 } });
  const beat = "while :; do echo > /mnt/beat; cut -d. -f1 /proc/uptime >> /run/beats; sleep 0.3; done";
  await inside("pal", `setsid sh -c '${beat}' > /dev/null 2>&1 < /dev/null & head -c 9000000 /dev/zero > /mnt/much; sleep 1`);
  void mimic.client.moments.take({ machine: "pal", kind: "snapshot", name: "never" }).catch(() => {});
  await wait(1500);
  await mimic.killDaemon();
  const killed = performance.now();
  await wait(35_000);
  await mimic.start({ MIMIC_CRASH_FILE: armed() });
  const [uptime, ...beats] = (await inside("pal", "cut -d. -f1 /proc/uptime; cat /run/beats")).split("\n").map(Number);
  const away = Math.floor((performance.now() - killed) / 1000);
  const gaps = beats.slice(1).map((second, index) => ({ from: beats[index] ?? 0, seconds: second - (beats[index] ?? 0) }));
  const longest = gaps.toSorted((a, b) => b.seconds - a.seconds)[0];
  // It did stand, and went on while nobody was there.
  expect(longest?.seconds, JSON.stringify({ uptime, away, gaps: gaps.filter(({ seconds }) => seconds > 1) })).toBeGreaterThan(5);
  const back = (longest?.from ?? 0) + (longest?.seconds ?? 0);
  expect(back).toBeGreaterThan((uptime ?? 0) - away);
  expect(back).toBeLessThan((uptime ?? 0) - 3);
  // And its agent, which still thinks that it is held, is told by the next one.
  expect(await inside("pal", "echo fine > /mnt/word && sync && cat /mnt/word")).toBe("fine");
  await mimic.client.machines.change({ machine: "pal", limitDisk: { id: disk?.id ?? "", bytesPerSecond: 0 } });
  const job = await mimic.done(mimic.client.moments.take({ machine: "pal", kind: "snapshot", name: "again" }));
  expect(job.result?.["words"]).toContain("held still");
  await inside("pal", "sleep 3; read -r guard < /run/mimic-freeze; test -z $guard");
  expect(await inside("pal", "ps | grep -c '[m]imic-freeze' || true")).toBe("0");
}, 150_000);

test.each([
  { how: "several go back together", shares: [0.4, 0.6, 0.75, 0.9], who: NAMES },
  { how: "one goes back", shares: [0.5, 0.7, 0.85], who: ["box"] },
])(
  "killed while $how: each is wholly at the one moment or the other, which is said, and nothing is lost",
  async ({ shares, who }) => {
    const word = (machine: string) => inside(machine, "cat /run/word /mnt/word");
    const timesBack = async (machine: string): Promise<number> =>
      (await mimic.client.machines.story({ machine })).story.filter(({ words }) => words === "Went back to “pair”.").length;
    const writeAll = async (text: string) => {
      for (const name of who) await inside(name, `echo ${text} > /run/word; echo ${text} > /mnt/word; sync`);
    };
    await writeAll("then");
    const isAlone = who.length === 1;
    const wish = { kind: "checkpoint", name: "pair" } as const;
    const box = { machine: "box", moment: "pair" };
    await mimic.done(
      isAlone ? mimic.client.moments.take({ ...wish, machine: "box" }) : mimic.client.moments.takeTogether({ ...wish, machines: who }),
    );
    const goBack = () => mimic.done(isAlone ? mimic.client.moments.restore(box) : mimic.client.moments.restoreTogether(box));
    await writeFile(armed(), "100000");
    await goBack();
    await wait(200);
    const steps = 100_000 - Number(await readFile(armed(), "utf8"));
    const seen = new Set<string>();
    for (const share of shares) {
      const now = `now-${share}`;
      await writeAll(now);
      const before = new Map(await Promise.all(who.map(async (name) => [name, await timesBack(name)] as const)));
      if (!(await killedAt(Math.round(steps * share), goBack))) continue;
      const { jobs } = await mimic.client.jobs.list({});
      const told = jobs.find(({ problem }) => problem?.code === "moment.cut_off")?.problem?.message;
      for (const name of who) {
        const view = await show(name);
        const all = await moments(name);
        // Before anything was replaced, and after all was, there is nothing to say, and nobody is off; its story tells which.
        const isBack = told?.includes(`“${name}” is back at it`) ?? (await timesBack(name)) > (before.get(name) ?? 0);
        seen.add(`${isBack ? "back" : "as it was"}, ${view.power === "running" ? "runs" : "off"}`);
        if (told === undefined) expect(view.power).toBe("running");
        else expect(JSON.stringify(await mimic.client.machines.story({ machine: name }))).toContain("was cut off, because Mimic ended");
        if (isBack && view.power !== "running") await mimic.done(mimic.client.machines.start({ machine: name }));
        if (!isBack && view.power !== "running") {
          const present = all.findLast((moment) => moment.name === "before “pair”");
          await mimic.done(mimic.client.moments.restore({ machine: name, moment: present?.id ?? "" }));
        }
        // Memory and disk, together of the one time or of the other.
        expect(await word(name), `${share}: ${name}, ${told}`).toBe(isBack ? "then\nthen" : `${now}\n${now}`);
      }
      expect(await readdir(`${mimic.home}/data/journal`)).toEqual([]);
    }
    // It was cut off in places that differ.
    expect([...seen].length, JSON.stringify([...seen])).toBeGreaterThanOrEqual(2);
    await goBack();
    for (const name of who) expect(await word(name)).toBe("then\nthen");
  },
  400_000,
);
