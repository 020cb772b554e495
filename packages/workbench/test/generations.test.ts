// Generations of a template, on a workbench in memory: who moves to a newer one when, and what stays of whom.
import { isRefusal } from "@mimic/base";
import { expect, test } from "vitest";
import type { CreateWish } from "../src/index.ts";
import { type Bench, ended, granted, withMachine } from "./bench.ts";

const MIB = 1024 ** 2;

/** “alpha”, off, and the template “base” of it. */
async function withTemplate(): Promise<Bench> {
  const bench = await withMachine();
  await generation(bench);
  return bench;
}
async function generation(bench: Bench): Promise<void> {
  const job = await ended(bench, await bench.workbench.templates.make({ machine: "alpha", name: "base" }));
  expect(job.state, job.problem?.message).toBe("done");
}
async function made(bench: Bench, wish: Partial<CreateWish> & { name: string }) {
  const job = await ended(bench, await bench.workbench.machines.create({ template: "base", ...wish }));
  expect(job.state, job.problem?.message).toBe("done");
  return await shown(bench, wish.name);
}
const shown = async (bench: Bench, machine: string) => granted(await bench.workbench.machines.show({ machine }));
const codeOf = (answer: unknown): string | undefined => (isRefusal(answer) ? answer.code : undefined);
async function power(bench: Bench, machine: string, verb: "start" | "off"): Promise<void> {
  if (verb === "off") granted(await bench.workbench.machines.kill({ machine }));
  else expect((await ended(bench, await bench.workbench.machines.start({ machine }))).problem).toBeUndefined();
}

test("a machine that follows its template begins with the newest generation, and keeps its own disks and what was chosen for it", async () => {
  const bench = await withTemplate();
  const work = await made(bench, { name: "work", homeBytes: 64 * MIB, moreDisks: [{ sizeBytes: 32 * MIB }], hardware: { memoryMiB: 192 } });
  const [system, home, more] = work.hardware.disks;
  expect([system?.keeps, home?.keeps, more?.keeps]).toEqual([undefined, "home", "disk"]);
  expect(work.madeFrom).toEqual({ template: "base", generation: 1, newest: 1 });
  await power(bench, "work", "start");
  granted(await bench.workbench.machines.change({ machine: "alpha", hardware: { cpus: 2 } }));
  await generation(bench);
  // Not under its feet.
  expect((await shown(bench, "work")).madeFrom).toEqual({ template: "base", generation: 1, newest: 2 });
  await power(bench, "work", "off");
  await power(bench, "work", "start");
  const moved = await shown(bench, "work");
  expect(moved.madeFrom).toEqual({ template: "base", generation: 2, newest: 2 });
  expect(moved.hardware).toMatchObject({ memoryMiB: 192, cpus: 2 });
  expect(moved.hardware.disks.map(({ id, keeps }) => [id, keeps])).toEqual(work.hardware.disks.map(({ id, keeps }) => [id, keeps]));
  const story = granted(await bench.workbench.machines.story({ machine: "work" })).story.map(({ words }) => words);
  expect(story.join("\n")).toContain("begins with generation 2 of “base”");
});

test("a named disposable follows too; an ordinary machine stays until it is renewed, and what it was is kept", async () => {
  const bench = await withTemplate();
  expect((await ended(bench, await bench.workbench.disposables.run({ of: "base", name: "once" }))).state).toBe("done");
  await made(bench, { name: "plain" });
  await power(bench, "once", "off");
  await generation(bench);
  await power(bench, "once", "start");
  await power(bench, "plain", "start");
  expect((await shown(bench, "once")).madeFrom?.generation).toBe(2);
  expect((await shown(bench, "plain")).madeFrom?.generation).toBe(1);
  expect(codeOf(await bench.workbench.machines.renew({ machine: "plain" }))).toBe("machine.must_be_off");
  await power(bench, "plain", "off");
  const job = await ended(bench, await bench.workbench.machines.renew({ machine: "plain" }));
  expect(job.state, job.problem?.message).toBe("done");
  expect((await shown(bench, "plain")).madeFrom?.generation).toBe(2);
  const { moments } = granted(await bench.workbench.moments.list({ machine: "plain" }));
  expect(moments.map(({ name, kind }) => [name, kind])).toEqual([["before generation 2 of base", "snapshot"]]);
});

test("who has nothing to be renewed with is told why", async () => {
  const bench = await withTemplate();
  await made(bench, { name: "plain" });
  await made(bench, { name: "work", follow: true });
  const renew = async (machine: string) => codeOf(await bench.workbench.machines.renew({ machine }));
  expect(await renew("alpha")).toBe("template.not_from_one");
  expect(await renew("plain")).toBe("template.newest_already");
  expect(await renew("work")).toBe("template.follows_already");
  granted(await bench.workbench.templates.remove({ template: "base" }));
  expect(await renew("plain")).toBe("template.not_from_one");
  // And who followed goes on with what it has.
  await power(bench, "work", "start");
  expect((await shown(bench, "work")).madeFrom).toBeUndefined();
});

test("wishes beside a template are taken or refused, never passed over", async () => {
  const bench = await withTemplate();
  const plain = await made(bench, { name: "plain", hardware: { memoryMiB: 256 }, network: null, moreDisks: [{ sizeBytes: 8 * MIB }] });
  expect(plain.hardware).toMatchObject({ memoryMiB: 256, nics: [] });
  expect(plain.hardware.disks.map(({ sizeBytes, keeps }) => [sizeBytes, keeps])[1]).toEqual([8 * MIB, undefined]);
  const refused = async (wish: Partial<CreateWish>) =>
    codeOf(await bench.workbench.machines.create({ name: "no", template: "base", ...wish }));
  expect(await refused({ fullCopy: true })).toBe("template.not_with");
  expect(await refused({ era: "1995" })).toBe("template.not_with");
  expect(await refused({ diskBytes: MIB })).toBe("disk.too_small");
  expect(await refused({ network: "nowhere" })).toBe("network.unknown");
  expect(codeOf(await bench.workbench.machines.create({ name: "no", system: "test-linux", follow: true }))).toBe("template.none_to_follow");
});

test("a machine whose home is not in its place is not called usable", async () => {
  const bench = await withTemplate();
  await made(bench, { name: "work", homeBytes: 64 * MIB });
  bench.hypervisor.options.says = { code: 1, out: "its system sees no such disk\n" };
  const job = await ended(bench, await bench.workbench.machines.start({ machine: "work" }));
  expect([job.state, job.problem?.code]).toEqual(["failed", "machine.home_missing"]);
  const work = await shown(bench, "work");
  expect([work.power, work.usableBy, work.notUsable]).toEqual([
    "running",
    undefined,
    "its home disk is not in its place: its system sees no such disk",
  ]);
  await power(bench, "work", "off");
  bench.hypervisor.options.says = { code: 0, out: "" };
  await power(bench, "work", "start");
  expect((await shown(bench, "work")).notUsable).toBeUndefined();
});

test("a disk that is plugged into a machine that begins anew stays; into one that vanishes it is refused, since it would leave traces", async () => {
  const bench = await withTemplate();
  await made(bench, { name: "work", follow: true });
  const changed = granted(await bench.workbench.machines.change({ machine: "work", addDisk: { sizeBytes: 8 * MIB } }));
  expect(changed.hardware.disks.at(-1)?.keeps).toBe("disk");
  await ended(bench, await bench.workbench.disposables.run({ of: "base" }));
  const disposable = granted(await bench.workbench.machines.list({})).machines.find(({ forgets }) => forgets === "machine")?.name ?? "";
  expect(codeOf(await bench.workbench.machines.change({ machine: disposable, addDisk: { sizeBytes: 8 * MIB } }))).toBe(
    "disposable.no_disk",
  );
});

test("copies: one that begins anew is copied linked only, one that sleeps not at all", async () => {
  const bench = await withTemplate();
  await made(bench, { name: "work", homeBytes: 64 * MIB });
  expect(codeOf(await bench.workbench.machines.clone({ machine: "work", name: "full", full: true }))).toBe("disposable.no_full_copy");
  expect((await ended(bench, await bench.workbench.machines.clone({ machine: "work", name: "linked" }))).state).toBe("done");
  const linked = await shown(bench, "linked");
  expect([linked.forgets, linked.hardware.disks[1]?.keeps]).toEqual(["disks", "home"]);
  await power(bench, "alpha", "start");
  expect((await ended(bench, await bench.workbench.moments.suspend({ machine: "alpha" }))).state).toBe("done");
  expect(codeOf(await bench.workbench.machines.clone({ machine: "alpha", name: "dream" }))).toBe("machine.asleep");
});

test("a template that cannot be gone on from says why, and machines of it are switched on", async () => {
  const bench = await withMachine();
  await power(bench, "alpha", "start");
  await generation(bench);
  expect(granted(await bench.workbench.templates.show({ template: "base" })).isInstant).toBe(true);
  bench.hypervisor.options.version = "9.9.9";
  const view = granted(await bench.workbench.templates.show({ template: "base" }));
  expect([view.isInstant, view.history[0]?.isInstant]).toEqual([false, false]);
  expect(view.because).toMatch(/0\.0\.0.*9\.9\.9/);
  const job = await ended(bench, await bench.workbench.machines.create({ name: "cold", template: "base", start: true }));
  expect(job.result?.["words"]).toContain(`It was switched on, because ${view.because}`);
  const once = await ended(bench, await bench.workbench.disposables.run({ of: "base" }));
  expect(once.result?.["words"]).toContain(`It was switched on, because ${view.because}`);
});

test("a template that gets another name while a generation of it is being made keeps that name, and the generation", async () => {
  const bench = await withTemplate();
  const making = bench.workbench.templates.make({ machine: "alpha", name: "base" });
  const renamed = granted(await bench.workbench.templates.change({ template: "base", name: "ground", note: "solid", warm: 2 }));
  expect(renamed.generations).toBe(1);
  expect((await ended(bench, await making)).state).toBe("done");
  const [template, ...others] = granted(await bench.workbench.templates.list({})).templates;
  expect(others).toEqual([]);
  expect(template).toMatchObject({ name: "ground", note: "solid", generations: 2 });
});

test("changes of a template that are asked for at once are all made; of two that want one name, the second is refused", async () => {
  const bench = await withTemplate();
  await generation(bench);
  const { templates } = bench.workbench;
  await Promise.all([
    templates.change({ template: "base", note: "a note" }),
    templates.removeGeneration({ template: "base", generation: 1 }),
    templates.change({ template: "base", name: "ground" }),
  ]);
  expect(granted(await templates.show({ template: "ground" }))).toMatchObject({ note: "a note", generations: 1, generation: 2 });
  expect((await ended(bench, await templates.make({ machine: "alpha", name: "other" }))).state).toBe("done");
  const answers = await Promise.all([
    templates.change({ template: "other", name: "wanted" }),
    templates.change({ template: "ground", name: "wanted" }),
  ]);
  expect(answers.map(codeOf)).toEqual([undefined, "template.name_taken"]);
  // Of the last two generations one stays, whoever comes first.
  expect((await ended(bench, await templates.make({ machine: "alpha", name: "ground" }))).state).toBe("done");
  const removals = [2, 3].map((number) => templates.removeGeneration({ template: "ground", generation: number }));
  expect((await Promise.all(removals)).map(codeOf)).toEqual([undefined, "template.no_generation"]);
  expect(granted(await templates.show({ template: "ground" }))).toMatchObject({ generations: 1, generation: 3 });
});

test("a machine that follows begins on the newest board of its kind when this QEMU has given its own up, and that is told", async () => {
  const bench = await withTemplate();
  await made(bench, { name: "work", homeBytes: 64 * MIB });
  const story = async () => granted(await bench.workbench.machines.story({ machine: "work" })).story.map(({ words }) => words);
  bench.hypervisor.namesHere = async ({ cpuModel }) => ({ machineType: "pc-q35-9.9", cpuModel });
  await power(bench, "work", "start");
  expect((await shown(bench, "work")).hardware.machineType).toBe("pc-q35-9.9");
  expect((await story()).join("\n")).toContain("Begins anew. It has the board “pc-q35-9.9”, since this QEMU does not know “pc-q35-0.0”");
  // On the way to another generation too.
  await generation(bench);
  bench.hypervisor.namesHere = async ({ cpuModel }) => ({ machineType: "pc-q35-9.10", cpuModel });
  await power(bench, "work", "off");
  await power(bench, "work", "start");
  expect((await shown(bench, "work")).hardware.machineType).toBe("pc-q35-9.10");
  expect((await story()).join("\n")).toMatch(/begins with generation 2 of “base”\. It has the board “pc-q35-9\.10”/);
});
