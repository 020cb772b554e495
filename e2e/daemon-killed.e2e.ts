// The daemon is killed: at every step of its work, and a hundred times at random. Machines go on, nothing is
// lost, nothing is half-made. The steps are counted by the daemon itself, not guessed.
import { execFile } from "node:child_process";
import { readdir, rm, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install, startTinyLinux } from "./kit/installation.ts";

/** What holds after every recovery (the records parse, what is referred to is there, nothing else is). */
async function expectWhole(mimic: Installation): Promise<void> {
  const data = `${mimic.home}/data`;
  const paths = await readdir(data, { recursive: true });
  const strays = paths.filter((path) => path.includes(".draft-") || path.endsWith(".new") || /^(quarantine|journal)\/./.test(path));
  expect(strays).toEqual([]);
  const { machines } = await mimic.client.machines.list({});
  const folders = paths.filter((path) => /^machines\/[^/]+$/.test(path)).map((path) => path.slice("machines/".length));
  expect(machines.map((machine) => machine.id).sort()).toEqual(folders.sort());
  const { images } = await mimic.client.images.list({});
  const digests = new Set(images.map((image) => image.digest));
  expect(paths.filter((path) => /^images\/[^/]+$/.test(path))).toHaveLength(images.length);
  for (const { id, hardware } of machines) {
    for (const disk of hardware.disks) {
      expect(paths).toContain(`machines/${id}/disks/${disk.head ?? disk.id}.${disk.format}`);
      for (const layer of disk.layers ?? []) expect(paths).toContain(`layers/${layer.id}.${layer.format}`);
      if (disk.base) expect(digests).toContain(disk.base);
    }
    if (hardware.directBoot) expect(digests).toContain(hardware.directBoot.image);
    const files = paths.filter((path) => path.startsWith(`machines/${id}/disks/`));
    expect(files).toHaveLength(hardware.disks.length);
  }
  // Of what was kept of several at one moment, all are there or none.
  const kept = await Promise.all(machines.map(async ({ id }) => (await mimic.client.moments.list({ machine: id })).moments));
  const ids = new Set(kept.flat().map(({ id }) => id));
  for (const { siblings = [] } of kept.flat()) for (const { moment } of siblings) expect(ids).toContain(moment);
  const templates = paths.filter((path) => /^templates\/[^/]+$/.test(path));
  expect((await mimic.client.templates.list({})).templates).toHaveLength(templates.length);
  const trash = paths.filter((path) => /^trash\/[^/]+$/.test(path));
  expect((await mimic.client.trash.list({})).trash).toHaveLength(trash.length);
}

type Work = (mimic: Installation) => Promise<unknown>;
const withDisk: Work = (mimic) => mimic.done(mimic.client.machines.create({ name: "first", system: "tiny-linux", diskBytes: 1 << 20 }));

/** Written past Mimic, so that there is something to freeze. */
async function writeToDisk(mimic: Installation): Promise<void> {
  const { hardware, id } = await mimic.client.machines.show({ machine: "first" });
  const [disk] = hardware.disks;
  const path = `${mimic.home}/data/machines/${id}/disks/${disk?.head ?? disk?.id}.qcow2`;
  await promisify(execFile)("qemu-io", ["-f", "qcow2", "-c", "write -P 0x5a 0 512k", path]);
}

interface Killed {
  readonly prepare?: Work;
  readonly work: Work;
  /** What two machines do is what one does, twice: every second step, now the odd ones and now the even ones. */
  readonly isDouble?: boolean;
}

const works: Record<string, Killed> = {
  "keeping a snapshot": {
    prepare: async (mimic) => {
      await withDisk(mimic);
      await writeToDisk(mimic);
    },
    work: (mimic) => mimic.done(mimic.client.moments.take({ machine: "first", kind: "snapshot", name: "one" })),
  },
  "keeping two machines at one moment": {
    isDouble: true,
    prepare: async (mimic) => {
      await withDisk(mimic);
      await writeToDisk(mimic);
      await mimic.done(mimic.client.machines.create({ name: "other", system: "tiny-linux", diskBytes: 1 << 20 }));
    },
    work: (mimic) => mimic.done(mimic.client.moments.takeTogether({ machines: ["first", "other"], kind: "snapshot", name: "pair" })),
  },
  "going back to a snapshot": {
    prepare: async (mimic) => {
      await withDisk(mimic);
      await mimic.done(mimic.client.moments.take({ machine: "first", kind: "snapshot", name: "one" }));
      await writeToDisk(mimic);
    },
    work: (mimic) => mimic.done(mimic.client.moments.restore({ machine: "first", moment: "one" })),
  },
  "going back with two machines": {
    isDouble: true,
    prepare: async (mimic) => {
      await withDisk(mimic);
      await mimic.done(mimic.client.machines.create({ name: "other", system: "tiny-linux", diskBytes: 1 << 20 }));
      await mimic.done(mimic.client.moments.takeTogether({ machines: ["first", "other"], kind: "snapshot", name: "pair" }));
      await writeToDisk(mimic);
    },
    work: (mimic) => mimic.done(mimic.client.moments.restoreTogether({ machine: "first", moment: "pair" })),
  },
  "deleting a moment in the middle": {
    prepare: async (mimic) => {
      await withDisk(mimic);
      for (const name of ["one", "two", "three"]) {
        await writeToDisk(mimic);
        await mimic.done(mimic.client.moments.take({ machine: "first", kind: "snapshot", name }));
      }
    },
    work: async (mimic) => {
      const { job } = await mimic.client.moments.remove({ machine: "first", moment: "two" });
      if (job) await mimic.done({ job });
    },
  },
  "making a template": {
    prepare: withDisk,
    work: (mimic) => mimic.done(mimic.client.templates.make({ machine: "first", name: "mould" })),
  },
  "making a machine": {
    work: (mimic) => mimic.done(mimic.client.machines.create({ name: "fresh", system: "tiny-linux", diskBytes: 1 << 20 })),
  },
  "importing a file": {
    prepare: (mimic) => writeFile(`${mimic.home}/own.img`, new Uint8Array(1 << 20).fill(0x5a)),
    work: (mimic) => mimic.done(mimic.client.images.import({ path: `${mimic.home}/own.img`, name: "own", format: "raw", kind: "disk" })),
  },
  "cloning a machine": {
    prepare: (mimic) => mimic.done(mimic.client.machines.create({ name: "first", system: "tiny-linux", diskBytes: 1 << 20 })),
    work: (mimic) => mimic.done(mimic.client.machines.clone({ machine: "first", name: "second" })),
  },
  "moving to the trash": {
    prepare: (mimic) => mimic.done(mimic.client.machines.create({ name: "first", system: "tiny-linux" })),
    work: (mimic) => mimic.client.machines.remove({ machine: "first" }),
  },
  "forgetting for ever": {
    prepare: async (mimic) => {
      await mimic.done(mimic.client.machines.create({ name: "first", system: "tiny-linux" }));
      await mimic.client.machines.remove({ machine: "first" });
    },
    work: (mimic) => mimic.client.trash.empty({}),
  },
  "starting a machine": {
    prepare: (mimic) => mimic.done(mimic.client.machines.create({ name: "first", system: "tiny-linux" })),
    work: (mimic) => mimic.done(mimic.client.machines.start({ machine: "first", wait: "running" })),
  },
};

/** Back to nothing but the tiny Linux's image. */
async function clear(mimic: Installation): Promise<void> {
  for (const machine of (await mimic.client.machines.list({})).machines) {
    if (machine.power !== "stopped" && machine.power !== "failed") await mimic.client.machines.kill({ machine: machine.id });
    await mimic.client.machines.remove({ machine: machine.id });
  }
  await mimic.client.trash.empty({});
  for (const template of (await mimic.client.templates.list({})).templates) await mimic.client.templates.remove({ template: template.id });
  for (const image of (await mimic.client.images.list({})).images)
    if (image.name === "own") await mimic.client.images.remove({ image: image.digest });
}

describe("killed at every step of", () => {
  let mimic: Installation;
  let armed: string;
  beforeAll(async () => {
    mimic = await install({ tinyLinux: true });
    armed = `${mimic.home}/steps-left`;
    await mimic.stop();
    await mimic.start({ MIMIC_CRASH_FILE: armed });
  }, 300_000);
  afterAll(() => mimic?.[Symbol.asyncDispose]());

  for (const [name, { prepare, work, isDouble = false }] of Object.entries(works)) {
    test(name, async () => {
      await clear(mimic);
      let steps = 0;
      for (let at = isDouble && Math.random() < 0.5 ? 2 : 1; ; at += isDouble ? 2 : 1) {
        await prepare?.(mimic);
        await writeFile(armed, String(at));
        const whole = await Promise.resolve(work(mimic)).then(
          () => true,
          () => false,
        );
        // What the work does after its answer (its story, its record of how it ended) counts too.
        if (whole) await wait(300);
        await rm(armed, { force: true });
        // Its socket is gone before its process is.
        const isKilled = (): boolean => mimic.daemon?.signalCode === "SIGKILL";
        for (let waited = 0; !isKilled() && waited < (whole ? 50 : 10_000); waited += 10) await wait(10);
        const died = isKilled();
        expect(whole || died, `the work failed without a kill at step ${at}: ${mimic.log.slice(-500)}`).toBe(true);
        if (!died) break;
        await mimic.start({ MIMIC_CRASH_FILE: armed });
        await expectWhole(mimic);
        await clear(mimic);
        steps = at;
      }
      expect(steps).toBeGreaterThanOrEqual(2);
    }, 600_000);
  }
});

describe("killed a hundred times at random during work", () => {
  let mimic: Installation;
  beforeAll(async () => {
    mimic = await install({ tinyLinux: true });
  }, 300_000);
  afterAll(() => mimic[Symbol.asyncDispose]());

  test("no machine is interrupted, nothing is lost, nothing is half-made", async () => {
    const id = await startTinyLinux(mimic, "steady");
    const pid = await mimic.machinePid(id);
    const boot = await mimic.mimic(["exec", "steady", "--", "cat", "/proc/sys/kernel/random/boot_id"]);
    const before = await clocks(mimic);
    const keep = (await mimic.client.machines.create({ name: "keep", system: "tiny-linux" })).job;
    await mimic.done(Promise.resolve({ job: keep }));
    for (let round = 0; round < 100; round++) {
      const work = churn(mimic, round).catch(() => {});
      await wait(Math.random() * 120);
      await mimic.killDaemon();
      await work;
      await mimic.start();
      const { machines } = await mimic.client.machines.list({});
      const steady = machines.find((machine) => machine.id === id);
      expect(steady?.power).toBe("running");
      expect(machines.some((machine) => machine.name === "keep")).toBe(true);
      for (const machine of machines)
        if (/^churn-/.test(machine.name) && machine.power === "stopped") await mimic.client.machines.remove({ machine: machine.id });
    }
    await expectWhole(mimic);
    expect(await mimic.machinePid(id)).toBe(pid);
    const after = await mimic.mimic(["exec", "steady", "--", "cat", "/proc/sys/kernel/random/boot_id"]);
    expect(after.out).toBe(boot.out);
    expect(boot.out).toMatch(/^[0-9a-f-]{36}\n$/);
    const later = await clocks(mimic);
    expect(later.guest).toBeGreaterThan(before.guest);
    expect(stood(before, later)).toBeLessThan(0.2);
    // The control: one that is held up is found out.
    await mimic.client.machines.pause({ machine: "steady" });
    await wait(3000);
    await mimic.client.machines.resume({ machine: "steady" });
    expect(stood(later, await clocks(mimic))).toBeGreaterThan(1);
  }, 900_000);
});

/** The guest's clock, which stands while it is held up, between two looks at ours. In seconds. */
async function clocks(mimic: Installation): Promise<{ from: number; guest: number; to: number }> {
  const from = performance.now() / 1000;
  const { out } = await mimic.mimic(["exec", "steady", "--", "cut", "-d ", "-f1", "/proc/uptime"]);
  return { from, guest: Number(out), to: performance.now() / 1000 };
}
type Clocks = Awaited<ReturnType<typeof clocks>>;
/** How long it stood at least; below nothing when it did not. */
const stood = (one: Clocks, other: Clocks): number => other.from - one.to - (other.guest - one.guest);

async function churn(mimic: Installation, round: number): Promise<void> {
  await mimic.done(mimic.client.machines.create({ name: `churn-${round}`, system: "tiny-linux", diskBytes: 1 << 20 }));
  await mimic.client.machines.change({ machine: `churn-${round}`, note: "changed" });
  await mimic.done(mimic.client.machines.clone({ machine: `churn-${round}`, name: `churn-${round}-b` }));
  await mimic.client.machines.remove({ machine: `churn-${round}-b` });
  await mimic.client.trash.empty({});
}
