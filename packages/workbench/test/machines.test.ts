import { isRefusal } from "@mimic/base";
import { MemoryHypervisor } from "@mimic/memory";
import { aSystem, countingRandom, settle, VirtualClock } from "@mimic/testkit";
import { describe, expect, test } from "vitest";
import { ended, granted, makeBench, withMachine } from "./bench.ts";

const show = async (bench: Awaited<ReturnType<typeof makeBench>>, machine = "alpha") =>
  granted(await bench.workbench.machines.show({ machine }));

describe("making a machine", () => {
  test("a name and a system are enough for one that works", async () => {
    const bench = await withMachine();
    expect(bench.job).toMatchObject({ state: "done", result: { machine: expect.stringMatching(/^mch_/) } });
    const made = await show(bench);
    expect(made).toMatchObject({
      name: "alpha",
      power: "stopped",
      system: "test-linux",
      hardware: { machineType: "pc-q35-0.0", disks: [{ bus: "virtio", base: "a".repeat(64) }] },
    });
    expect(made.hardwareInWords).toBe("1 core, 128 MiB memory, 4 GiB disk");
  });
  test("a name that is taken, also by one still being made, is refused with one that is free", async () => {
    const bench = await withMachine();
    expect(await bench.workbench.machines.create({ name: "alpha" })).toMatchObject({
      code: "machine.name_taken",
      hint: expect.stringContaining("alpha-2"),
    });
    const first = bench.workbench.machines.create({ name: "beta" });
    expect(await bench.workbench.machines.create({ name: "beta" })).toMatchObject({ code: "machine.name_taken" });
    await ended(bench, await first);
  });
  test("less memory than the system can live with is refused before anything is fetched", async () => {
    const bench = await makeBench();
    expect(await bench.workbench.machines.create({ name: "tight", system: "test-linux", hardware: { memoryMiB: 32 } })).toMatchObject({
      code: "machine.too_little_memory",
    });
    expect(bench.images.list()).toEqual([]);
  });
  test("with neither system nor image it is an empty computer with a disk and a CD drive", async () => {
    const bench = await withMachine({}, { system: undefined });
    expect((await show(bench)).hardware).toMatchObject({
      disks: [{ sizeBytes: 20 * 1024 ** 3 }],
      drives: [{ slot: "cd0", medium: null }],
    });
  });
  test("two wishes for one system share one acquisition", async () => {
    const bench = await makeBench();
    const jobs = await Promise.all(["a", "b"].map((name) => bench.workbench.machines.create({ name, system: "test-linux" })));
    for (const job of jobs) expect((await ended(bench, job)).state).toBe("done");
    expect(bench.images.list()).toHaveLength(1);
  });
  test("a system that a person must bring says how", async () => {
    const bench = await makeBench({ systems: [aSystem({ id: "own", source: { way: "bring", kind: "cd", hint: "Bring the ISO." } })] });
    await ended(bench, await bench.workbench.machines.create({ name: "x", system: "own" })).then((job) => expect(job.state).toBe("done"));
    const pulled = await ended(bench, await bench.workbench.images.pull({ system: "own" }));
    expect(pulled).toMatchObject({ state: "failed", problem: { code: "system.bring_your_own" } });
  });
  test("the journal is empty afterwards, whatever happened", async () => {
    const bench = await withMachine();
    expect(bench.journal.entries.size).toBe(0);
  });
});

describe("starting a machine", () => {
  test("the job ends when it is usable, and says by which sign", async () => {
    const bench = await withMachine();
    const job = await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    expect(job).toMatchObject({ state: "done", result: { words: "“alpha” is usable: the guest agent answered." } });
    expect(await show(bench)).toMatchObject({ power: "running", usableBy: "the guest agent answered", isolation: { grade: "C" } });
  });
  test("asking twice is harmless: both jobs end well and one QEMU runs", async () => {
    const bench = await withMachine();
    const jobs = await Promise.all([1, 2].map(() => bench.workbench.machines.start({ machine: "alpha" })));
    for (const job of jobs) expect((await ended(bench, job)).state).toBe("done");
    expect(bench.hypervisor.alive.size).toBe(1);
  });
  test("a text on the serial console is a sign too, also when it comes in pieces", async () => {
    const bench = await withMachine({ systems: [aSystem({ readiness: { sign: { kind: "serial", text: "login:" }, withinMs: 60_000 } })] });
    const started = granted(await bench.workbench.machines.start({ machine: "alpha" }));
    await settle();
    const running = [...bench.hypervisor.alive.values()][0];
    const serial = running?.serial[0] as unknown as { say(text: string): void };
    serial.say("Debian log");
    await settle();
    expect((await show(bench)).usableBy).toBeUndefined();
    serial.say("in: ");
    expect((await ended(bench, started)).result?.words).toContain("“login:” appeared on the serial console");
  });
  test("without enough memory on this computer it is refused with the amount that would fit", async () => {
    const bench = await withMachine({ room: { memoryFreeBytes: 900 * 1024 ** 2 } });
    expect(await bench.workbench.machines.start({ machine: "alpha" })).toMatchObject({ code: "host.memory_short" });
  });
  test("with a full disk it is refused", async () => {
    const bench = await withMachine({ room: { diskFreeBytes: 1024 } });
    expect(await bench.workbench.machines.start({ machine: "alpha" })).toMatchObject({ code: "host.disk_short" });
  });
  test("a QEMU that cannot start is a failed machine and a failed job, with its reason in both", async () => {
    const bench = await withMachine({ behaviour: "fail" });
    const job = await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    expect(job).toMatchObject({ state: "failed", problem: { code: "qemu.exited_early" } });
    expect(await show(bench)).toMatchObject({ power: "failed", because: expect.stringContaining("was told to fail") });
  });
  test("cancelling a start ends what it began", async () => {
    const bench = await withMachine({ behaviour: "hang" });
    const started = granted(await bench.workbench.machines.start({ machine: "alpha" }));
    await settle();
    expect(granted(await bench.workbench.jobs.cancel({ job: started.job.id })).state).toBe("cancelled");
    await settle();
    expect((await show(bench)).power).toBe("stopped");
  });
});

describe("stopping a machine", () => {
  const running = async (options: Parameters<typeof withMachine>[0] = {}) => {
    const bench = await withMachine(options);
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    return bench;
  };
  test("the guest is asked, and the job ends when it is off", async () => {
    const bench = await running();
    expect((await ended(bench, await bench.workbench.machines.stop({ machine: "alpha" }))).state).toBe("done");
    expect(await show(bench)).toMatchObject({ power: "stopped", because: "switched off" });
  });
  test("a guest that does not listen is left running, unless ending it was asked for", async () => {
    const bench = await running({ obeys: false });
    const job = await ended(bench, await bench.workbench.machines.stop({ machine: "alpha", graceMs: 20 }));
    expect(job).toMatchObject({ state: "failed", problem: { code: "machine.would_not_stop" } });
    expect(bench.hypervisor.alive.size).toBe(1);
    expect((await ended(bench, await bench.workbench.machines.stop({ machine: "alpha", graceMs: 20, thenKill: true }))).state).toBe("done");
    expect(bench.hypervisor.alive.size).toBe(0);
  });
  test("a QEMU that dies unasked makes it failed and is reported with its last words", async () => {
    const bench = await running();
    [...bench.hypervisor.alive.values()][0]?.happen({ kind: "exited", expected: false, why: "signal 11", lastWords: "Segmentation fault" });
    await settle();
    expect(await show(bench)).toMatchObject({ power: "failed", because: "signal 11" });
  });
  test("pause and resume say what is true afterwards", async () => {
    const bench = await running();
    expect(granted(await bench.workbench.machines.pause({ machine: "alpha" })).power).toBe("paused");
    expect(
      await bench.workbench.machines
        .start({ machine: "alpha" })
        .then((answer) => (isRefusal(answer) ? answer.code : ended(bench, answer).then((job) => job.problem?.code))),
    ).toBe("machine.paused");
    expect(granted(await bench.workbench.machines.resume({ machine: "alpha" })).power).toBe("running");
  });
  test("a full disk pauses it, and it goes on by itself when there is room, never in a tight loop", async () => {
    const bench = await running();
    Object.assign(bench.room, { diskFreeBytes: 0 });
    const machine = [...bench.hypervisor.alive.values()][0];
    let resumes = 0;
    machine?.listen((news) => void (news.kind === "resumed" && resumes++));
    machine?.happen({ kind: "paused", why: "diskFull" });
    await bench.clock.pass(60_000);
    expect(await show(bench)).toMatchObject({ power: "paused", trouble: "diskFull", because: "paused: this computer's disk is full" });
    expect(resumes).toBe(0);
    Object.assign(bench.room, { diskFreeBytes: 1024 ** 3 });
    await bench.clock.pass(10_000);
    expect((await show(bench)).power).toBe("running");
    expect(resumes).toBe(1);
  });
});

describe("a daemon that comes back", () => {
  test("finds its machines running, without asking them anything of note", async () => {
    const before = await withMachine();
    await ended(before, await before.workbench.machines.start({ machine: "alpha" }));
    await settle();
    const after = await makeBench({ store: before.store, hypervisor: before.hypervisor });
    expect(await show(after)).toMatchObject({ power: "running", usableBy: "the guest agent answered" });
  });
  test("says so when a machine ended meanwhile", async () => {
    const before = await withMachine();
    await ended(before, await before.workbench.machines.start({ machine: "alpha" }));
    await settle();
    const clock = new VirtualClock();
    const after = await makeBench({ store: before.store, hypervisor: new MemoryHypervisor({ clock, random: countingRandom() }) });
    expect(await show(after)).toMatchObject({ power: "stopped", because: "it ended while Mimic was away" });
  });
  test("ends a QEMU that was launched and never written down", async () => {
    const before = await withMachine();
    await ended(before, await before.workbench.machines.start({ machine: "alpha" }));
    await settle();
    const [id, stored] = [...before.store.machines][0] ?? [];
    if (id && stored) before.store.machines.set(id, { ...stored, run: undefined });
    await makeBench({ store: before.store, hypervisor: before.hypervisor });
    expect(before.hypervisor.alive.size).toBe(0);
  });
});

describe("removing and changing", () => {
  test("a machine goes to the trash and comes back, under another name when its own was taken", async () => {
    const bench = await withMachine();
    granted(await bench.workbench.machines.remove({ machine: "alpha" }));
    expect(granted(await bench.workbench.machines.list({})).machines).toEqual([]);
    await ended(bench, await bench.workbench.machines.create({ name: "alpha" }));
    expect(granted(await bench.workbench.trash.restore({ entry: "alpha" })).name).toBe("alpha-2");
  });
  test("a running machine is not removed", async () => {
    const bench = await withMachine();
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    expect(await bench.workbench.machines.remove({ machine: "alpha" })).toMatchObject({ code: "machine.must_be_off" });
  });
  test("an image is not removed while a machine needs it, also one in the trash; the refusal lists them", async () => {
    const bench = await withMachine();
    expect(await bench.workbench.images.remove({ image: "Image" })).toMatchObject({
      code: "image.in_use",
      why: expect.stringContaining("alpha"),
    });
    await bench.workbench.machines.remove({ machine: "alpha" });
    expect(await bench.workbench.images.remove({ image: "Image" })).toMatchObject({
      code: "image.in_use",
      why: expect.stringContaining("in the trash"),
    });
    await bench.workbench.trash.empty({});
    expect(isRefusal(await bench.workbench.images.remove({ image: "Image" }))).toBe(false);
  });
  test("what a running machine cannot take now waits for its next start and is shown as pending, with the reason", async () => {
    const bench = await withMachine();
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    const changed = granted(await bench.workbench.machines.change({ machine: "alpha", hardware: { memoryMiB: 256, sound: "hda" } }));
    expect(changed).toMatchObject({ pending: ["memory", "sound card"], hardware: { memoryMiB: 256 } });
    expect(changed.changes).toEqual([
      { what: "sound card", when: "later", why: expect.stringContaining("built in while the machine is off") },
      { what: "memory of 256 MiB", when: "later", why: expect.stringContaining("no places for more") },
    ]);
  });
  test("a disk grows and never shrinks", async () => {
    const bench = await withMachine();
    const disk = (await show(bench)).hardware.disks[0];
    const grow = (sizeBytes: number) => bench.workbench.machines.change({ machine: "alpha", growDisk: { id: disk?.id ?? "", sizeBytes } });
    expect(await grow(1024)).toMatchObject({ code: "disk.only_grows" });
    expect(granted(await grow(8 * 1024 ** 3)).hardware.disks[0]?.sizeBytes).toBe(8 * 1024 ** 3);
  });
  test("a linked clone shares the image and has a disk of its own; a full one shares nothing", async () => {
    const bench = await withMachine();
    for (const [name, full] of [
      ["linked", false],
      ["full", true],
    ] as const) {
      expect((await ended(bench, await bench.workbench.machines.clone({ machine: "alpha", name, full }))).state).toBe("done");
    }
    const [original, linked, full] = await Promise.all(["alpha", "linked", "full"].map((name) => show(bench, name)));
    expect(linked?.hardware.disks[0]?.base).toBe(original?.hardware.disks[0]?.base);
    expect(full?.hardware.disks[0]?.base).toBeUndefined();
    expect(new Set([original, linked, full].map((machine) => machine?.hardware.disks[0]?.id)).size).toBe(3);
  });
  test("its story tells what happened in order", async () => {
    const bench = await withMachine();
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    await ended(bench, await bench.workbench.machines.stop({ machine: "alpha" }));
    await settle();
    const { story } = granted(await bench.workbench.machines.story({ machine: "alpha" }));
    expect(story.map((entry) => entry.words)).toEqual([
      "Made from Test Linux.",
      "Switching on: started by you.",
      "Runs: switched on.",
      "Usable: the guest agent answered.",
      "Ending: shutting down.",
      "Off: switched off.",
    ]);
  });
});

test("while a folder cannot be read, no QEMU is taken for a stray: it could be that machine's", async () => {
  const before = await withMachine();
  await ended(before, await before.workbench.machines.start({ machine: "alpha" }));
  await settle();
  before.store.machines.clear();
  const { load } = before.store;
  before.store.load = async () => ({ ...(await load()), unreadable: [{ folder: "/nowhere", why: "damaged" }] });
  await makeBench({ store: before.store, hypervisor: before.hypervisor });
  expect(before.hypervisor.alive.size).toBe(1);
  before.store.load = load;
  await makeBench({ store: before.store, hypervisor: before.hypervisor });
  expect(before.hypervisor.alive.size).toBe(0);
});
