// The daemon ends before each thing that it does to the world, one after the other, in all that concerns disks: whatever
// it was in the middle of, the next one finds every disk and every moment as it was (or as it was to become), and clears
// the rest away. The same with a disk that is full at that moment, where the daemon lives on.
import { readdir } from "node:fs/promises";
import { isRefusal, type Refusal } from "@mimic/base";
import type { JobView } from "@mimic/model";
import { describe, expect, test } from "vitest";
import { PaperWorld } from "./paper-world.ts";

const granted = <T>(answer: T | Refusal): T => {
  if (isRefusal(answer)) throw new Error(`refused: ${answer.code} ${answer.why}`);
  return answer as T;
};

type Work = (world: PaperWorld) => Promise<unknown>;

async function done(world: PaperWorld, started: { job?: JobView | undefined } | Refusal): Promise<void> {
  const { job } = granted(started);
  if (job === undefined) return;
  const ended = granted(await world.workbench.jobs.wait({ job: job.id, withinMs: 1_000_000 }));
  if (ended.state !== "done")
    throw Object.assign(new Error(`${ended.problem?.message} ${ended.problem?.detail ?? ""}`), { code: ended.problem?.code });
}

const make: Work = async (world) =>
  done(world, await world.workbench.machines.create({ name: "box", diskBytes: 1 << 20, network: null, hardware: { display: "none" } }));
const start: Work = async (world) => done(world, await world.workbench.machines.start({ machine: "box" }));
const take =
  (name: string, kind: "snapshot" | "checkpoint" = "snapshot"): Work =>
  async (world) =>
    done(world, await world.workbench.moments.take({ machine: "box", kind, name }));
const template: Work = async (world) => done(world, await world.workbench.templates.make({ machine: "box", name: "mould" }));
const onDrive: Work = async (world) => granted(await world.workbench.storages.add({ name: "drive", folder: `${world.home}/drive` }));
const disk = async (world: PaperWorld): Promise<string> =>
  granted(await world.workbench.machines.show({ machine: "box" })).hardware.disks[0]?.id ?? "";

/** Written by the guest, so it runs. */
function writes(world: PaperWorld, place: string, value: string): void {
  const running = world.workbench.running("box");
  if (!("run" in running)) throw new Error("it does not run");
  world.hypervisor.guestWrites(running.run.cookie, place, value);
}

/** It runs, with moments “one” and “two” of what it showed then, and something of its own. */
const history: Work = async (world) => {
  await make(world);
  await start(world);
  writes(world, "a", "1");
  await take("one")(world);
  writes(world, "b", "2");
  await take("two")(world);
  writes(world, "a", "3");
  writes(world, "c", "3");
};
const andOff =
  (prepare: Work): Work =>
  async (world) => {
    await prepare(world);
    granted(await world.workbench.machines.kill({ machine: "box" }));
    await settled(world);
  };
/** Whatever goes on in the background has ended. */
async function settled(world: PaperWorld): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const { jobs } = granted(await world.workbench.jobs.list({}));
    quiet = jobs.some(({ state }) => state === "running") ? 0 : quiet + 1;
  }
}

interface Case {
  readonly prepare: Work;
  readonly work: Work;
  /** What its disks may show afterwards besides what they showed before: a moment's name. */
  readonly or?: string;
}

const remove =
  (moment: string): Work =>
  async (world) =>
    done(world, await world.workbench.moments.remove({ machine: "box", moment }));
const flatten: Work = async (world) => done(world, await world.workbench.machines.flattenDisk({ machine: "box", disk: await disk(world) }));
const compact: Work = async (world) => done(world, await world.workbench.machines.compactDisk({ machine: "box", disk: await disk(world) }));
const move =
  (to: string, whole = false): Work =>
  async (world) =>
    done(world, await world.workbench.machines.moveDisk({ machine: "box", disk: await disk(world), to, flatten: whole }));
const both =
  (...works: readonly Work[]): Work =>
  async (world) => {
    for (const work of works) await work(world);
  };
const once: Work = async (world) => {
  await done(world, await world.workbench.disposables.run({ of: "mould" }));
  for (const { name, forgets } of granted(await world.workbench.machines.list({})).machines)
    if (forgets) granted(await world.workbench.disposables.discard({ machine: name }));
};
const kept: Work = async (world) => {
  await done(world, await world.workbench.disposables.run({ of: "mould", name: "again" }));
  granted(await world.workbench.disposables.keep({ machine: "again" }));
};

const CASES: Readonly<Record<string, Case>> = {
  "keeping a snapshot of one that runs": { prepare: history, work: take("three") },
  "keeping a snapshot of one that is off": { prepare: andOff(history), work: take("three") },
  "keeping a checkpoint": { prepare: history, work: take("three", "checkpoint") },
  "going back while it runs": {
    prepare: history,
    work: async (world) => done(world, await world.workbench.moments.restore({ machine: "box", moment: "one" })),
    or: "one",
  },
  // The process that goes on stands ready beside the one that ends.
  "going back to its memory": {
    prepare: async (world) => {
      await history(world);
      await take("three", "checkpoint")(world);
      writes(world, "d", "4");
    },
    work: async (world) => done(world, await world.workbench.moments.restore({ machine: "box", moment: "three" })),
    or: "three",
  },
  "going back while it is off": {
    prepare: andOff(history),
    work: async (world) => done(world, await world.workbench.moments.restore({ machine: "box", moment: "one" })),
    or: "one",
  },
  "a moment becomes a machine": {
    prepare: andOff(history),
    work: async (world) => done(world, await world.workbench.moments.restore({ machine: "box", moment: "one", as: "twin" })),
    or: "one",
  },
  "deleting a moment of one that runs, in the middle": { prepare: history, work: remove("one") },
  "deleting the last moment of one that runs": { prepare: history, work: remove("two") },
  "deleting a moment of one that is off": { prepare: andOff(history), work: both(remove("two"), remove("one")) },
  "making a disk independent while it runs": { prepare: history, work: flatten },
  "making a disk independent while it is off": { prepare: andOff(history), work: flatten },
  "moving a disk to another drive while it runs": { prepare: both(history, onDrive), work: move("drive") },
  "moving a disk to another drive while it is off": { prepare: both(andOff(history), onDrive), work: move("drive") },
  "moving a whole disk while it runs": { prepare: both(history, onDrive), work: move("drive", true) },
  "moving a disk back": { prepare: both(history, onDrive, move("drive"), take("three")), work: move("main") },
  "keeping a moment on another drive": { prepare: both(history, onDrive, move("drive")), work: both(take("three"), take("four")) },
  "compacting a disk": { prepare: andOff(history), work: compact },
  "making a template of one that runs": { prepare: history, work: template },
  "making a template of one that is off": { prepare: andOff(history), work: template },
  "a disposable that comes and goes": { prepare: both(history, template), work: once },
  "a disposable that is kept": { prepare: both(history, template), work: kept },
  "copying it": {
    prepare: andOff(history),
    work: async (world) => done(world, await world.workbench.machines.clone({ machine: "box", name: "copy" })),
  },
};

/** What is on the disk is what records name, and nothing else. */
async function expectNothingElse(world: PaperWorld): Promise<void> {
  const names = await readdir(world.home, { recursive: true });
  expect(names.filter((name) => name.includes(".draft-") || name.endsWith(".new") || /^data\/journal\/./.test(name))).toEqual([]);
  const records = await world.records();
  const layers = new Set(
    records.flatMap(({ disks }) => disks.flatMap((one) => (one.layers ?? []).map((layer) => world.layout.layer(layer)))),
  );
  const found = names.filter((name) => /layers\/lay_/.test(name)).map((name) => `${world.home}/${name}`);
  expect(found.sort()).toEqual([...layers].sort());
  const { machines } = granted(await world.workbench.machines.list({}));
  const files = new Set(names.filter((name) => /disks\/.*\.(qcow2|raw)$/.test(name)).map((name) => `${world.home}/${name}`));
  // A machine that forgets gets new ones at each start.
  for (const { id, hardware, forgets } of machines)
    for (const one of hardware.disks) expect(files.delete(world.fileOf(id, one)) || forgets !== undefined).toBe(true);
  expect([...files]).toEqual([]);
  // No process but those of machines that run.
  const running = machines.map(({ name }) => world.workbench.running(name)).filter((one) => "run" in one);
  expect(world.hypervisor.alive.size).toBe(running.length);
}

/** What its guest writes from now on is kept, and it starts again with all of it. */
async function expectGoesOn(world: PaperWorld, before: Awaited<ReturnType<typeof everything>>, or: string | undefined): Promise<void> {
  const power = async () => granted(await world.workbench.machines.show({ machine: "box" })).power;
  if ((await power()) !== "running") await start(world);
  const now = await everything(world);
  expectSame(before, now, or);
  writes(world, "z", "9");
  const last = await world.shows("box");
  granted(await world.workbench.machines.kill({ machine: "box" }));
  await settled(world);
  expect(await world.shows("box")).toBe(last);
  await start(world);
  expect(await world.shows("box")).toBe(last);
  expect((await everything(world)).moments).toEqual(now.moments);
}

async function everything(world: PaperWorld): Promise<{ present: string; moments: Map<string, string> }> {
  const { id } = granted(await world.workbench.machines.show({ machine: "box" }));
  return { present: await world.shows("box"), moments: await world.moments(id) };
}

function expectSame(
  before: Awaited<ReturnType<typeof everything>>,
  after: Awaited<ReturnType<typeof everything>>,
  or: string | undefined,
): void {
  const allowed = [before.present, ...(or === undefined ? [] : [before.moments.get(or)])];
  expect(allowed).toContain(after.present);
  for (const [name, shows] of after.moments) expect([name, shows]).toEqual([name, before.moments.get(name) ?? before.present]);
}

/** With a full disk the daemon lives on and undoes by itself: one of each kind. */
const FULL: ReadonlySet<string> = new Set([
  "keeping a checkpoint",
  "going back while it runs",
  "going back to its memory",
  "deleting a moment of one that runs, in the middle",
  "making a disk independent while it runs",
  "moving a disk to another drive while it runs",
  "moving a disk to another drive while it is off",
  "keeping a moment on another drive",
  "making a template of one that runs",
  "a disposable that is kept",
]);

/** Most works need fewer steps; one that needs more is looked at. */
const MOST_STEPS = 150;

describe.each(["kill", "full"] as const)("%s at every step of", (how) => {
  test.concurrent.each(Object.entries(CASES).filter(([name]) => how === "kill" || FULL.has(name)))(
    "%s",
    async (name, { prepare, work, or }) => {
      let at = 1;
      for (; at < MOST_STEPS; at++) {
        await using world = await PaperWorld.make();
        await prepare(world);
        await settled(world);
        const before = await everything(world);
        world.fate.arm(at, how);
        const failed = await work(world).then(
          () => undefined,
          (error: unknown) => error as { code?: string },
        );
        if (how === "full") {
          await settled(world);
          const { last } = world.fate;
          world.fate.calm();
          if (last === "") break;
          if (failed)
            expect([failed.code, last]).toEqual([expect.stringMatching(/^(store\.no_space|disk\.full|disk\.work_failed)$/), last]);
          expectSame(before, await everything(world), or);
        } else if (!world.fate.struck && failed === undefined) {
          await settled(world);
          if (!world.fate.struck) break;
        }
        const struck = world.fate.last;
        await world.kill();
        await world.start();
        await settled(world);
        try {
          expectSame(before, await everything(world), or);
          await expectNothingElse(world);
          // The longer look is for each second step, and for all of those that change which file is written to.
          if (at % 2 === 0 || name.startsWith("moving")) await expectGoesOn(world, before, or);
        } catch (error) {
          throw new Error(`step ${at}: ${struck}`, { cause: error });
        }
      }
      expect(at).toBeGreaterThan(2);
      expect(at).toBeLessThan(MOST_STEPS);
    },
  );
});
