// Templates that cannot be gone on from here: kept with another QEMU, another processor, a board that is gone. Each says so
// in words, at every door, and its machines are switched on from its disks instead. The control goes on from memory.
import { readFile, writeFile } from "node:fs/promises";
import type { TemplateRecord } from "@mimic/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

const GONE = "pc-q35-99.9";
type Change = (generation: TemplateRecord["generations"][number]) => void;

/** What stands in the record of a template that was brought here from elsewhere. */
const KEPT: Readonly<Record<string, { readonly change: Change; readonly words: RegExp }>> = {
  version: {
    change: ({ saved }) => Object.assign(saved?.with ?? {}, { qemuVersion: "4.2.1" }),
    words: /it was saved by QEMU 4\.2\.1, and this is QEMU \d/,
  },
  processor: {
    change: ({ saved }) => Object.assign(saved?.with ?? {}, { processor: "Imaginary CPU 9000" }),
    words: /it was saved on another processor \(Imaginary CPU 9000\)/,
  },
  model: {
    change: ({ hardware }) => Object.assign(hardware, { cpuModel: "Nehalem" }),
    words: /it was saved with the processor “max\S*”, and would get “Nehalem” here/,
  },
  board: {
    change: ({ hardware, saved }) => {
      Object.assign(hardware, { machineType: GONE });
      Object.assign(saved?.with ?? {}, { machineType: GONE });
    },
    words: /it was saved with the board “pc-q35-99\.9”, and would get “pc-q35-\d+\.\d+” here/,
  },
};

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const { client } = mimic;
  const hardware = { memoryMiB: 128 };
  await mimic.done(client.machines.create({ name: "mould", system: "tiny-linux", hardware, diskBytes: 16 << 20, start: true }));
  await mimic.mimic(["exec", "mould", "-n", "--", "sh", "-c", "echo base | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null"]);
  for (const name of ["control", ...Object.keys(KEPT)]) await mimic.done(client.templates.make({ machine: "mould", name }));
  await mimic.done(client.machines.stop({ machine: "mould", graceMs: 1000, thenKill: true }));
  const ids = new Map((await client.templates.list({})).templates.map(({ name, id }) => [name as string, id]));
  await mimic.stop();
  for (const [name, { change }] of Object.entries(KEPT)) {
    const path = `${mimic.home}/data/templates/${ids.get(name)}/template.json`;
    const document = JSON.parse(await readFile(path, "utf8")) as { body: TemplateRecord };
    const [generation] = document.body.generations;
    if (generation?.saved === undefined) throw new Error(`the template ${name} has no memory`);
    change(generation);
    await writeFile(path, JSON.stringify(document));
  }
  await mimic.start();
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const READ = ["sh", "-c", "head -n 1 /dev/vda; grep -m1 'model name' /proc/cpuinfo"];
const SWITCHED_ON = /was switched on instead of going on from memory/g;

test("control: one that was kept here goes on from memory, and no word of a start is said", async () => {
  const ran = await mimic.mimic(["run", "control", "-n", "--", ...READ]);
  expect([ran.code, ran.out.split("\n")[0], ran.err.match(SWITCHED_ON)]).toEqual([0, "base", null]);
  expect((await mimic.client.templates.show({ template: "control" })).isInstant).toBe(true);
});

describe.each(Object.entries(KEPT))("a template whose record names another %s", (name, { words }) => {
  test("is not gone on from and says why; a machine of it is switched on instead", async () => {
    const shown = await mimic.mimic(["template", "show", name]);
    expect(shown.out).toMatch(new RegExp(`are switched on: ${words.source}`));
    // The same words, told the same way; a start takes its time.
    if (name === "processor" || name === "board") return;
    const ran = await mimic.mimic(["run", name, "-n", "--", ...READ]);
    expect([ran.code, ran.out.split("\n")[0]], ran.err).toEqual([0, "base"]);
    expect(ran.err).toMatch(new RegExp(`was switched on instead of going on from memory: ${words.source}`));
    expect(ran.err.match(SWITCHED_ON)).toHaveLength(1);
    if (name === "model") expect(ran.out).toMatch(/Nehalem/);
  });
});

test("of a board that is gone: the API says why as a field, the machine starts with another one, remembers it, and tells", async () => {
  const job = await mimic.done(mimic.client.disposables.run({ of: "board" }));
  const machine = job.result?.machine ?? "";
  expect(job.result?.switchedOnBecause).toMatch(KEPT.board?.words ?? /never/);
  const view = await mimic.client.machines.show({ machine });
  expect(view.origin?.switchedOnBecause).toBe(job.result?.switchedOnBecause);
  expect(view.hardware.machineType).not.toBe(GONE);
  expect((await mimic.mimic(["exec", machine, "-n", "--", "head", "-n", "1", "/dev/vda"])).out.trim()).toBe("base");
  const told = (await mimic.client.machines.story({ machine })).story.map((one) => one.words).join("\n");
  expect(told).toContain(`this QEMU does not know “${GONE}” any more`);
  await mimic.client.disposables.discard({ machine });
});
