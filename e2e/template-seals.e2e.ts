// A template's seals with real files: one byte of each kind of file is turned, found, and named; what cannot be vouched for
// is offered to nobody. The control: the same template untouched, before and after.
import { chmod, mkdir, open, rename, writeFile } from "node:fs/promises";
import type { TemplateVerification } from "@mimic/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const { client } = mimic;
  const hardware = { memoryMiB: 512 };
  await mimic.done(client.machines.create({ name: "mould", system: "tiny-linux", hardware, diskBytes: 16 << 20, start: true }));
  await mimic.done(client.templates.make({ machine: "mould", name: "base" }));
  // UEFI variables come with the first start; a medium of its own stands for the seed that other systems are given.
  await mimic.done(client.machines.create({ name: "firm", system: "tiny-linux", hardware: { memoryMiB: 128, firmware: "uefi" } }));
  await mimic.done(client.machines.start({ machine: "firm", wait: "running" }));
  await mimic.done(client.machines.stop({ machine: "firm", graceMs: 1000, thenKill: true }));
  const folder = `${mimic.home}/data/machines/${(await client.machines.show({ machine: "firm" })).id}/media`;
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/cd1.img`, Buffer.alloc(4096, 7));
  await mimic.done(client.templates.make({ machine: "firm", name: "firm" }));
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const files = async (template: string) => (await mimic.client.templates.verification({ template })).files;
const fileOf = async (template: string, kind: TemplateVerification["files"][number]["kind"]) => {
  const found = (await files(template)).find((file) => file.kind === kind);
  if (found === undefined) throw new Error(`the template has no ${kind}`);
  return found;
};

/** The byte in the middle, all of its bits. Twice is as before. */
async function turnOneByte(path: string): Promise<void> {
  await chmod(path, 0o600);
  const file = await open(path, "r+");
  const at = Math.floor((await file.stat()).size / 2);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.of((byte[0] ?? 0) ^ 0xff), 0, 1, at);
  await file.close();
}

test("untouched templates are byte for byte what they were", async () => {
  for (const template of ["base", "firm"]) {
    const ran = await mimic.mimic(["template", "verify", template]);
    expect([ran.code, ran.err]).toEqual([0, expect.not.stringContaining("template.damaged")]);
    expect(ran.out).toContain(`“${template}” is byte for byte what it was`);
  }
  expect((await files("base")).map(({ kind, outcome }) => [kind, outcome])).toEqual([
    ["memory", "whole"],
    ["devices", "whole"],
    ["layer", "whole"],
    ["image", "whole"],
  ]);
});

test.each([
  ["base", "memory", "memory of generation 1"],
  ["base", "devices", "device state of generation 1"],
  ["base", "layer", "disk layer lay_"],
  ["base", "image", "image “"],
  ["firm", "firmware", "UEFI variables (nvram/"],
  ["firm", "medium", "medium (media/cd1.img) of generation 1"],
] as const)("one byte of %s's %s is found, named, and explained", async (template, kind, words) => {
  const { path } = await fileOf(template, kind);
  await turnOneByte(path);
  const ran = await mimic.mimic(["template", "verify", template]);
  expect([ran.code, ran.err]).toEqual([1, expect.stringContaining("template.damaged")]);
  expect(ran.out).toContain(words);
  expect(ran.out).toContain(path);
  expect((await files(template)).filter(({ outcome }) => outcome !== "whole").map((file) => [file.kind, file.outcome])).toEqual([
    [kind, "changed"],
  ]);
  const shown = await mimic.mimic(["template", "show", template]);
  expect(shown.out).toContain(path);
  await turnOneByte(path);
  expect((await mimic.mimic(["template", "verify", template])).code).toBe(0);
});

test("nothing is made from a template whose disk has changed, also by the next daemon", async () => {
  const { path } = await fileOf("base", "layer");
  await turnOneByte(path);
  expect((await mimic.ended(mimic.client.templates.verify({ template: "base" }))).problem?.code).toBe("template.damaged");
  await mimic.stop();
  await mimic.start();
  const made = await mimic.mimic(["new", "heir", "--template", "base"]);
  expect([made.code === 0, made.err]).toEqual([false, expect.stringMatching(/disk layer lay_\w+ is not what it was.*changed/)]);
  const run = await mimic.mimic(["run", "base", "-n", "--", "true"]);
  expect([run.code === 0, run.err]).toEqual([false, expect.stringContaining("Nothing is made from generation 1 of “base”")]);
  await turnOneByte(path);
  await mimic.done(mimic.client.templates.verify({ template: "base" }));
  expect((await mimic.mimic(["run", "base", "-n", "--", "true"])).code).toBe(0);
});

test("a file that is gone is missing, and one that was not there before is named too", async () => {
  const { path } = await fileOf("firm", "medium");
  await rename(path, path.replace("cd1", "cd2"));
  await mimic.ended(mimic.client.templates.verify({ template: "firm" }));
  expect((await files("firm")).filter(({ advice }) => advice).map(({ id, outcome }) => [id, outcome])).toEqual([
    ["g1/media/cd1.img", "missing"],
    ["g1/media/cd2.img", "added"],
  ]);
});

test("reading tells how far it is, and can be cancelled", async () => {
  const before = (await mimic.client.templates.show({ template: "base" })).checkedAt;
  const { job } = await mimic.client.templates.verify({ template: "base" });
  const cancelled = await mimic.client.jobs.cancel({ job: job.id });
  expect([cancelled.state, (await mimic.client.templates.show({ template: "base" })).checkedAt]).toEqual(["cancelled", before]);
  const whole = await mimic.done(mimic.client.templates.verify({ template: "base" }));
  expect(whole.total).toBeGreaterThan(512 * 2 ** 20);
});
