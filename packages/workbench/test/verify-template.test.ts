// Verifying templates on a workbench in memory: what is found broken is offered to nobody, and comes back once it is whole.
import { isRefusal } from "@mimic/base";
import { MemoryLayerStore, MemoryStorageStore, MemoryTemplateStore } from "@mimic/memory";
import { newest, type TemplateRecord } from "@mimic/model";
import { expect, test, vi } from "vitest";
import { type Bench, ended, granted, withMachine } from "./bench.ts";

const CHANGED = { kind: "read", sha256: "f".repeat(64), sizeBytes: 1 } as const;

async function withTemplate() {
  const layers = new MemoryLayerStore();
  const templates = new MemoryTemplateStore();
  const bench = await withMachine({ ports: { layers, templates } });
  await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
  await ended(bench, await bench.workbench.templates.make({ machine: "alpha", name: "base" }));
  return { ...bench, layers, templates };
}
const verify = async (bench: Bench) => await ended(bench, await bench.workbench.templates.verify({ template: "base" }));
const shown = async (bench: Bench) => granted(await bench.workbench.templates.show({ template: "base" }));
const brokenFiles = async (bench: Bench) =>
  granted(await bench.workbench.templates.verification({ template: "base" })).files.filter(({ advice }) => advice !== undefined);
const layerOf = (templates: MemoryTemplateStore): string =>
  newest([...templates.templates.values()][0] as never).hardware.disks[0]?.layers?.[0]?.id ?? "";

test("an untouched template is what it was, and says when that was looked at", async () => {
  const bench = await withTemplate();
  expect((await shown(bench)).checkedAt).toBeUndefined();
  const before = granted(await bench.workbench.templates.verification({ template: "base" }));
  expect(before.files.map(({ kind, outcome }) => [kind, outcome])).toEqual([
    ["memory", "unchecked"],
    ["devices", "unchecked"],
    ["layer", "unchecked"],
    ["image", "unchecked"],
  ]);
  const job = await verify(bench);
  expect(job.state, job.problem?.message).toBe("done");
  const after = granted(await bench.workbench.templates.verification({ template: "base" }));
  expect(after.files.map(({ outcome }) => outcome)).toEqual(["whole", "whole", "whole", "whole"]);
  expect((await shown(bench)).checkedAt).toBeDefined();
});

test("of a changed memory nothing goes on, what waited is thrown away, and machines are switched on from its disks", async () => {
  const bench = await withTemplate();
  await ended(bench, await bench.workbench.disposables.run({ of: "base" }));
  await bench.clock.pass(400);
  await vi.waitFor(async () => expect((await shown(bench)).warm).toBe(2));
  bench.templates.became.set("memory", CHANGED);
  expect((await verify(bench)).problem?.code).toBe("template.damaged");
  const view = await shown(bench);
  expect([view.isInstant, view.warm, view.damage]).toEqual([false, 0, undefined]);
  expect(view.because).toContain("memory of generation 1");
  const [file] = await brokenFiles(bench);
  expect(file?.advice).toContain("switched on from them");
  const job = await ended(bench, await bench.workbench.disposables.run({ of: "base" }));
  expect(job.state, job.problem?.message).toBe("done");
  expect(job.result?.["words"]).toContain("memory of generation 1");
  // Somebody put the file back.
  bench.templates.became.clear();
  expect((await verify(bench)).state).toBe("done");
  expect((await shown(bench)).isInstant).toBe(true);
});

test("of a changed disk nothing is made any more, by nobody, until it is whole again", async () => {
  const bench = await withTemplate();
  const { workbench, layers, templates } = bench;
  await ended(bench, await workbench.machines.create({ name: "heir", template: "base" }));
  await ended(bench, await workbench.machines.create({ name: "follower", template: "base", follow: true }));
  layers.became.set(layerOf(templates), CHANGED);
  expect((await verify(bench)).problem?.code).toBe("template.damaged");
  const refusals = [
    await workbench.machines.create({ name: "new", template: "base" }),
    await workbench.disposables.run({ of: "base" }),
    // It would stand on the same file.
    await workbench.templates.make({ machine: "heir", name: "other" }),
  ];
  expect(refusals.map((answer) => isRefusal(answer) && answer.code)).toEqual([
    "template.damaged",
    "template.damaged",
    "template.of_damaged",
  ]);
  const started = await ended(bench, await workbench.machines.start({ machine: "follower" }));
  expect(started.problem?.code).toBe("template.damaged");
  const [file] = await brokenFiles(bench);
  expect([file?.kind, file?.usedBy.sort()]).toEqual(["layer", ["alpha", "follower", "heir"]]);
  layers.became.clear();
  expect((await verify(bench)).state).toBe("done");
  const made = await ended(bench, await workbench.machines.create({ name: "new", template: "base" }));
  expect(made.state, made.problem?.message).toBe("done");
});

test("a template that shares a broken file is not offered either, though nobody verified it", async () => {
  const bench = await withTemplate();
  const { workbench, layers, templates } = bench;
  const shared = layerOf(templates);
  await ended(bench, await workbench.machines.create({ name: "heir", template: "base" }));
  await ended(bench, await workbench.templates.make({ machine: "heir", name: "other" }));
  layers.became.set(shared, CHANGED);
  await verify(bench);
  const refused = await workbench.disposables.run({ of: "other" });
  expect(isRefusal(refused) && refused.code).toBe("template.damaged");
});

test("a newer generation that is whole is offered, and the older one stays known as broken", async () => {
  const bench = await withTemplate();
  const { workbench, templates } = bench;
  templates.became.set("memory", CHANGED);
  await verify(bench);
  templates.became.clear();
  await ended(bench, await workbench.templates.make({ machine: "alpha", name: "base" }));
  const { isInstant, history } = await shown(bench);
  expect([isInstant, history.map((one) => one.isInstant)]).toEqual([true, [true, false]]);
});

test("what Mimic made itself for a system is made anew when it is wanted, unless its image is what is broken", async () => {
  const { workbench, layers, templates, ...rest } = await withTemplate();
  const bench = { workbench, layers, templates, ...rest };
  await ended(bench, await workbench.disposables.run({ of: "test-linux" }));
  const own = () => [...templates.templates.values()].find(({ automatic }) => automatic) as TemplateRecord;
  layers.became.set(newest(own()).hardware.disks[0]?.layers?.[0]?.id ?? "", CHANGED);
  expect((await ended(bench, await workbench.templates.verify({ template: own().name }))).problem?.code).toBe("template.damaged");
  const again = await ended(bench, await workbench.disposables.run({ of: "test-linux" }));
  expect(again.state, again.problem?.message).toBe("done");
  expect(own().generations.map(({ number }) => number)).toEqual([1, 2]);
  // Nothing could become better by that.
  rest.images.verify = async () => ({ good: false, found: "it has changed" });
  expect((await ended(bench, await workbench.templates.verify({ template: own().name }))).problem?.code).toBe("template.damaged");
  expect((await ended(bench, await workbench.disposables.run({ of: "test-linux" }))).problem?.code).toBe("image.damaged");
  expect(own().generations).toHaveLength(2);
});

test("files of a template from before they were sealed are sealed, and compared the next time", async () => {
  const bench = await withTemplate();
  const { workbench, templates } = bench;
  const [record] = [...templates.templates.values()];
  const old = { ...record, generations: record?.generations.map(({ files: _, ...generation }) => generation) };
  await workbench.close({ machines: false, signal: AbortSignal.timeout(1000) });
  templates.templates.set(record?.id ?? "", old as never);
  const next = await withMachine({ ports: { layers: bench.layers, templates } });
  templates.became.set("state", { kind: "unreadable", why: "EIO" });
  expect((await verify(next)).problem?.code).toBe("template.damaged");
  templates.became.clear();
  const job = await verify(next);
  expect(job.state, job.problem?.message).toBe("done");
  expect(job.result?.["words"]).toContain("Of 1 file nothing can be said");
  templates.became.set("state", CHANGED);
  expect((await verify(next)).problem?.code).toBe("template.damaged");
  expect((await brokenFiles(next)).map(({ kind, outcome }) => [kind, outcome])).toEqual([["devices", "changed"]]);
});

test("what lies on a drive that is away is neither called whole nor broken, and machines of it wait for the drive", async () => {
  const bench = await withTemplate();
  const storages = new MemoryStorageStore();
  const [record] = [...bench.templates.templates.values()];
  const layer = newest(record as TemplateRecord).hardware.disks[0]?.layers?.[0];
  const storage = granted(await bench.workbench.storages.add({ name: "usb", folder: "/media/usb" })).id;
  await storages.add({ id: storage, name: "usb" as never, folder: "/media/usb", addedAt: "2026-01-01T00:00:00.000Z" } as never);
  Object.assign(layer ?? {}, { storage });
  const next = await withMachine({ ports: { layers: bench.layers, templates: bench.templates, storages } });
  expect((await verify(next)).state).toBe("done");
  storages.away.add(storage);
  expect((await verify(next)).problem?.code).toBe("template.not_all_there");
  const away = await brokenFiles(next);
  expect(away.map(({ kind, outcome }) => [kind, outcome])).toEqual([["layer", "away"]]);
  expect((await shown(next)).damage).toBeUndefined();
});

test("what cannot be looked at is not called whole", async () => {
  const bench = await withTemplate();
  bench.layers.became.set(layerOf(bench.templates), { kind: "unreadable", why: "EIO" });
  const job = await verify(bench);
  expect(job.problem?.code).toBe("template.damaged");
  const [file] = await brokenFiles(bench);
  expect([file?.outcome, file?.why]).toEqual(["unreadable", "EIO"]);
});
