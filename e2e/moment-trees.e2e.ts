// Trees of snapshots with real disks against a model: whatever is written, kept, gone back to, deleted, made into machines
// and merged, in any order, every moment and every present shows exactly the bytes that it should. The bytes are asked of
// qemu-img, which knows nothing of what Mimic thinks.
import { execFileSync } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

const PIECES = 24;
const PIECE = 64 * 1024;

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

interface Disk {
  readonly head: string | undefined;
  readonly layers?: readonly { readonly id: string; readonly format: string }[] | undefined;
  readonly id: string;
}

/** What the model believes: a byte for each piece. */
type Bytes = readonly number[];
interface Model {
  readonly present: Map<string, Bytes>;
  readonly moments: Map<string, { readonly machine: string; readonly bytes: Bytes }>;
}

const data = () => `${mimic.home}/data`;
const layersOf = ({ layers = [] }: Disk): string[] => layers.map(({ id, format }) => `${data()}/layers/${id}.${format}`);
/** Its own file, and the layers below. */
const chainOf = async (machine: string): Promise<string[]> => {
  const { id, hardware } = await mimic.client.machines.show({ machine });
  const disk = hardware.disks[0] as Disk;
  return [`${data()}/machines/${id}/disks/${disk.head ?? disk.id}.qcow2`, ...layersOf(disk)];
};

/** As the records say, whatever headers say. */
const opened = ([top, ...below]: readonly string[]): object => ({
  driver: "qcow2",
  file: { driver: "file", filename: top },
  backing: below.length > 0 ? opened(below) : null,
});

async function write(machine: string, piece: number, value: number): Promise<void> {
  const image = `json:${JSON.stringify(opened(await chainOf(machine)))}`;
  execFileSync("qemu-io", ["-c", `write -P ${value} ${piece * PIECE} ${PIECE}`, image], { stdio: "ignore" });
}

/** What a file with everything below it shows, as one byte for each piece; a piece of mixed bytes is -1. */
async function shown(chain: readonly string[]): Promise<Bytes> {
  // Nothing was ever written to it: it needs no file.
  if (chain.length === 0) return new Array<number>(PIECES).fill(0);
  const raw = `${mimic.home}/shown.raw`;
  execFileSync("qemu-img", ["convert", "-O", "raw", `json:${JSON.stringify(opened(chain))}`, raw]);
  const bytes = await readFile(raw);
  await rm(raw);
  return Array.from({ length: PIECES }, (_, index) => {
    const piece = bytes.subarray(index * PIECE, (index + 1) * PIECE);
    const first = piece[0] ?? -1;
    return piece.every((byte) => byte === first) ? first : -1;
  });
}

const chainOfMoment = async (machine: string, moment: string): Promise<string[]> => {
  const { id } = await mimic.client.machines.show({ machine });
  const record = JSON.parse(await readFile(`${data()}/machines/${id}/moments/${moment}/moment.json`, "utf8")) as {
    body: { hardware: { disks: Disk[] } };
  };
  return layersOf(record.body.hardware.disks[0] as Disk);
};

async function expectAll({ present, moments }: Model): Promise<void> {
  for (const [machine, bytes] of present) expect(await shown(await chainOf(machine)), machine).toEqual(bytes);
  for (const [id, { machine, bytes }] of moments) expect(await shown(await chainOfMoment(machine, id)), id).toEqual(bytes);
}

const pick = <T>(all: Iterable<T>, chance: number): T | undefined => {
  const list = [...all];
  return list[chance % Math.max(1, list.length)];
};

type Step = readonly [what: "write" | "keep" | "back" | "delete" | "as" | "drop", chance: number, more: number];

async function take(model: Model, [what, chance, more]: Step, fresh: () => string): Promise<void> {
  const { present, moments } = model;
  const machine = pick(present.keys(), chance) as string;
  const mine = [...moments].filter(([, one]) => one.machine === machine);
  const chosen = pick(mine, more);
  if (what === "write") {
    const [piece, value] = [more % PIECES, (chance % 255) + 1];
    await write(machine, piece, value);
    present.set(
      machine,
      (present.get(machine) as Bytes).map((byte, index) => (index === piece ? value : byte)),
    );
  } else if (what === "keep") {
    const job = await mimic.done(mimic.client.moments.take({ machine, kind: "snapshot" }));
    moments.set(job.result?.["moment"] ?? "", { machine, bytes: present.get(machine) as Bytes });
  } else if (what === "drop" && present.size > 1) {
    await mimic.client.machines.remove({ machine });
    await mimic.client.trash.empty({});
    present.delete(machine);
    for (const [id] of mine) moments.delete(id);
  } else if (chosen === undefined) return;
  else if (what === "back") {
    const before = new Set((await mimic.client.moments.list({ machine })).moments.map(({ id }) => id));
    await mimic.done(mimic.client.moments.restore({ machine, moment: chosen[0] }));
    const kept = (await mimic.client.moments.list({ machine })).moments.find(({ id }) => !before.has(id));
    moments.set(kept?.id ?? "", { machine, bytes: present.get(machine) as Bytes });
    present.set(machine, chosen[1].bytes);
  } else if (what === "delete") {
    const { job } = await mimic.client.moments.remove({ machine, moment: chosen[0] });
    if (job) await mimic.ended({ job });
    moments.delete(chosen[0]);
  } else if (what === "as" && present.size < 4) {
    const name = fresh();
    await mimic.done(mimic.client.moments.restore({ machine, moment: chosen[0], as: name }));
    present.set(name, chosen[1].bytes);
  }
}

const step = fc.tuple(
  fc.constantFrom<Step[0]>("write", "write", "write", "keep", "keep", "back", "delete", "delete", "as", "drop"),
  fc.nat(100_000),
  fc.nat(100_000),
);

test("any order of keeping, going back, deleting, copying and dropping leaves every moment and present as the model has it", async () => {
  let count = 0;
  const fresh = (): string => `m${count++}`;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 22, maxLength: 22 }), async (steps) => {
      const name = fresh();
      await mimic.done(mimic.client.machines.create({ name, system: "tiny-linux", diskBytes: PIECES * PIECE, start: false }));
      const model: Model = { present: new Map([[name, new Array<number>(PIECES).fill(0)]]), moments: new Map() };
      for (const [index, one] of steps.entries()) {
        await take(model, one, fresh);
        if (index % 4 === 3) await expectAll(model);
      }
      await expectAll(model);
      for (const machine of model.present.keys()) await mimic.client.machines.remove({ machine });
      await mimic.client.trash.empty({});
    }),
    { numRuns: 3, endOnFailure: true },
  );
  // Nothing is left of all that.
  await expect.poll(() => readdir(`${data()}/layers`)).toEqual([]);
}, 240_000);

test("what Mimic keeps before something is cleared away down to what was asked for, off and running, and all that stays shows its bytes", async () => {
  const name = "kept";
  await mimic.done(mimic.client.machines.create({ name, system: "tiny-linux", diskBytes: PIECES * PIECE, start: false }));
  const model: Model = { present: new Map([[name, new Array<number>(PIECES).fill(0)]]), moments: new Map() };
  const automatic = async () => (await mimic.client.moments.list({ machine: name })).moments.filter((moment) => moment.automatic);
  const forgetCleared = async (): Promise<void> => {
    const there = new Set((await mimic.client.moments.list({ machine: name })).moments.map(({ id }) => id));
    for (const id of model.moments.keys()) if (!there.has(id)) model.moments.delete(id);
  };
  const said = await mimic.mimic(["moments", "routine", name, "--before", "2", "--before-days", "0"]);
  expect(said.out, said.err).toContain("before going back and before a risky change: the last 2 stay.");
  for (let round = 0; round < 5; round++) {
    await take(model, ["write", round, round], () => "");
    if (round === 0) await take(model, ["keep", 0, 0], () => "");
    await take(model, ["write", round + 50, round + 7], () => "");
    await take(model, ["back", 0, 0], () => "");
  }
  await expect.poll(async () => (await automatic()).length).toBe(2);
  await forgetCleared();
  await expectAll(model);
  // Of a machine that runs, whose moments lie below the present: its own QEMU makes the layers one.
  await mimic.done(mimic.client.machines.start({ machine: name }));
  const firstDisk = (await mimic.client.machines.show({ machine: name })).hardware.disks[0]?.id;
  for (let round = 0; round < 4; round++) {
    const wrote = await mimic.mimic([
      "exec",
      name,
      "-n",
      "--",
      "sh",
      "-c",
      `head -c ${PIECE} /dev/zero | tr '\\0' ${"abcd"[round]} > /dev/vda && sync`,
    ]);
    expect(wrote.code, wrote.err).toBe(0);
    await mimic.client.machines.change({ machine: name, addDisk: { sizeBytes: PIECE } });
    const disk = (await mimic.client.machines.show({ machine: name })).hardware.disks.find(({ id }) => id !== firstDisk);
    await mimic.client.machines.change({ machine: name, removeDisk: disk?.id ?? "" });
  }
  await expect.poll(async () => (await automatic()).length).toBe(2);
  const layersLeft = async () => (await mimic.client.machines.show({ machine: name })).hardware.disks[0]?.layers?.length;
  // What it was kept at first, and the two.
  await expect.poll(layersLeft, { timeout: 20_000 }).toBe(3);
  const seen = await mimic.mimic(["exec", name, "-n", "--", "sh", "-c", "head -c 1 /dev/vda"]);
  expect(seen.out).toBe("d");
  expect((await mimic.mimic(["moments", name])).out).toContain("the last 2 stay");
  await mimic.client.machines.kill({ machine: name });
  for (const [index, { id }] of (await automatic()).entries())
    expect((await shown(await chainOfMoment(name, id)))[0]).toBe("cd".charCodeAt(index));
}, 120_000);
