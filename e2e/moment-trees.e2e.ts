// Trees of snapshots with real disks against a model: whatever is written, kept, gone back to, deleted, made into machines
// and merged, in any order, every moment and every present shows exactly the bytes that it should. The bytes are asked of
// qemu-img, which knows nothing of what Mimic thinks.
import { execFileSync } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
  readonly sizeBytes: number;
}

/** What the model believes: a byte for each piece, of which there get more as a disk grows. */
type Bytes = readonly number[];
interface Kept {
  /** The machine's id. */
  readonly machine: string;
  readonly bytes: Bytes;
  /** What was in its memory, where that was kept too. */
  readonly memory?: string | undefined;
  readonly isProtected?: boolean;
}
interface Model {
  /** By id. */
  readonly present: Map<string, Bytes>;
  readonly moments: Map<string, Kept>;
}
const MOST_MACHINES = 4;
const MOST_PIECES = PIECES + 16;
const nothing = (): number[] => new Array<number>(PIECES).fill(0);

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
  if (chain.length === 0) return nothing();
  const raw = `${mimic.home}/shown.raw`;
  execFileSync("qemu-img", ["convert", "-O", "raw", `json:${JSON.stringify(opened(chain))}`, raw]);
  const bytes = await readFile(raw);
  await rm(raw);
  return Array.from({ length: bytes.length / PIECE }, (_, index) => {
    const piece = bytes.subarray(index * PIECE, (index + 1) * PIECE);
    const first = piece[0] ?? -1;
    return piece.every((byte) => byte === first) ? first : -1;
  });
}

async function diskOfMoment(machine: string, moment: string): Promise<Disk> {
  const { id } = await mimic.client.machines.show({ machine });
  const record = JSON.parse(await readFile(`${data()}/machines/${id}/moments/${moment}/moment.json`, "utf8")) as {
    body: { hardware: { disks: Disk[] } };
  };
  return record.body.hardware.disks[0] as Disk;
}
const chainOfMoment = async (machine: string, moment: string): Promise<string[]> => layersOf(await diskOfMoment(machine, moment));

/** The disk of one who goes back to it: as large as its record says, also where it grew since the last layer that was written. */
async function shownOfMoment(machine: string, moment: string): Promise<Bytes> {
  const disk = await diskOfMoment(machine, moment);
  const bytes = await shown(layersOf(disk));
  return Array.from({ length: disk.sizeBytes / PIECE }, (_, index) => bytes[index] ?? 0);
}

async function expectAll({ present, moments }: Model): Promise<void> {
  for (const [machine, bytes] of present) expect(await shown(await chainOf(machine)), machine).toEqual(bytes);
  for (const [id, { machine, bytes }] of moments) expect(await shownOfMoment(machine, id), id).toEqual(bytes);
}

const pick = <T>(all: Iterable<T>, chance: number): T | undefined => {
  const list = [...all];
  return list[chance % Math.max(1, list.length)];
};

const diskOf = async (machine: string): Promise<string> => (await mimic.client.machines.show({ machine })).hardware.disks[0]?.id ?? "";

/** Does something to a machine, and notes what Mimic kept before by itself: the present as it was. */
async function withKept(model: Model, machine: string, work: () => Promise<unknown>, memory?: string): Promise<void> {
  const list = async () => (await mimic.client.moments.list({ machine })).moments;
  const before = new Set((await list()).map(({ id }) => id));
  const bytes = model.present.get(machine) as Bytes;
  await work();
  for (const { id, kind } of await list())
    if (!before.has(id)) model.moments.set(id, { machine, bytes, memory: kind === "checkpoint" ? memory : undefined });
}

type What = "write" | "keep" | "back" | "delete" | "as" | "drop" | "protect" | "rename" | "flatten" | "link" | "copy" | "grow";
type Step = readonly [what: What, chance: number, more: number];
interface Chosen {
  readonly model: Model;
  readonly machine: string;
  /** One of its moments, where it has any. */
  readonly chosen: readonly [string, Kept] | undefined;
  readonly chance: number;
  readonly more: number;
  fresh(): string;
}

const STEPS: Readonly<Record<What, (chosen: Chosen) => Promise<void>>> = {
  async write({ model: { present }, machine, chance, more }) {
    const before = present.get(machine) as Bytes;
    const [piece, value] = [more % before.length, (chance % 255) + 1];
    await write(machine, piece, value);
    present.set(machine, before.with(piece, value));
  },
  keep: ({ model, machine }) => withKept(model, machine, () => mimic.done(mimic.client.moments.take({ machine, kind: "snapshot" }))),
  async drop({ model: { present, moments }, machine }) {
    if (present.size === 1) return;
    await mimic.client.machines.remove({ machine });
    await mimic.client.trash.empty({});
    present.delete(machine);
    for (const [id, one] of moments) if (one.machine === machine) moments.delete(id);
  },
  async back({ model, machine, chosen }) {
    if (!chosen) return;
    await withKept(model, machine, () => mimic.done(mimic.client.moments.restore({ machine, moment: chosen[0] })));
    model.present.set(machine, chosen[1].bytes);
  },
  async delete({ model: { moments }, machine, chosen }) {
    if (!chosen) return;
    const removing = mimic.client.moments.remove({ machine, moment: chosen[0] });
    if (chosen[1].isProtected) return await expect(removing).rejects.toMatchObject({ code: "moment.protected" });
    const { job } = await removing;
    if (job) await mimic.ended({ job });
    moments.delete(chosen[0]);
  },
  async as({ model: { present }, machine, chosen, fresh }) {
    if (!chosen || present.size >= MOST_MACHINES) return;
    const name = fresh();
    await mimic.done(mimic.client.moments.restore({ machine, moment: chosen[0], as: name }));
    present.set((await mimic.client.machines.show({ machine: name })).id, chosen[1].bytes);
  },
  async protect({ model: { moments }, machine, chosen }) {
    if (!chosen) return;
    const isProtected = !chosen[1].isProtected;
    await mimic.client.moments.change({ machine, moment: chosen[0], isProtected });
    moments.set(chosen[0], { ...chosen[1], isProtected });
  },
  async rename({ machine, chosen, fresh }) {
    const name = fresh();
    await mimic.client.machines.change({ machine, name });
    if (chosen) await mimic.client.moments.change({ machine, moment: chosen[0], name: `${name} was here`, note: "with a note" });
    expect((await mimic.client.machines.show({ machine: name })).id).toBe(machine);
  },
  async flatten({ machine }) {
    const isAlone = (await chainOf(machine)).length < 2;
    const flattening = mimic.client.machines.flattenDisk({ machine, disk: await diskOf(machine) });
    if (isAlone) return await expect(flattening).rejects.toMatchObject({ code: "disk.stands_alone" });
    await mimic.done(flattening);
    expect(await chainOf(machine)).toHaveLength(1);
  },
  link: (chosen) => clone(chosen, false),
  copy: (chosen) => clone(chosen, true),
  async grow({ model, machine, more }) {
    const before = model.present.get(machine) as Bytes;
    const length = Math.min(MOST_PIECES, before.length + 1 + (more % 5));
    if (length === before.length) return;
    const growDisk = { id: await diskOf(machine), sizeBytes: length * PIECE };
    await withKept(model, machine, () => mimic.client.machines.change({ machine, growDisk }));
    model.present.set(machine, [...before, ...new Array<number>(length - before.length).fill(0)]);
  },
};

async function clone({ model: { present }, machine, fresh }: Chosen, full: boolean): Promise<void> {
  if (present.size >= MOST_MACHINES) return;
  const name = fresh();
  await mimic.done(mimic.client.machines.clone({ machine, name, full }));
  present.set((await mimic.client.machines.show({ machine: name })).id, present.get(machine) as Bytes);
}

async function take(model: Model, [what, chance, more]: Step, fresh: () => string): Promise<void> {
  const machine = pick(model.present.keys(), chance) as string;
  const chosen = pick(
    [...model.moments].filter(([, one]) => one.machine === machine),
    more,
  );
  await STEPS[what]({ model, machine, chosen, chance, more, fresh });
}

async function newTree(name: string): Promise<Model> {
  const { result } = await mimic.done(
    mimic.client.machines.create({ name, system: "tiny-linux", diskBytes: PIECES * PIECE, start: false }),
  );
  return { present: new Map([[result?.machine ?? "", nothing()]]), moments: new Map() };
}

/** As often as a kind stands there, as often it is done. */
const kinds: readonly What[] = [
  ...(["write", "write", "write", "write", "keep", "keep", "keep", "back", "back", "delete", "delete", "delete", "as", "drop"] as const),
  ...(["protect", "rename", "flatten", "link", "copy", "grow", "grow"] as const),
];
const step = fc.tuple(fc.constantFrom<What>(...kinds), fc.nat(100_000), fc.nat(100_000));

test("any order of keeping, going back, deleting, protecting, renaming, copying, growing, flattening and dropping leaves every moment and present as the model has it", async () => {
  let count = 0;
  const fresh = (): string => `m${count++}`;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 32, maxLength: 32 }), async (steps) => {
      const model = await newTree(fresh());
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

describe("of a machine that runs", () => {
  let machine: string;
  const inside = async (script: string, name = machine): Promise<string> => {
    const ran = await mimic.mimic(["exec", name, "-n", "--", "sh", "-c", script]);
    if (ran.code !== 0) throw new Error(`${script}: ${ran.err}`);
    return ran.out.trim();
  };
  /** Past the guest's own cache. “00010000  61 61 …” is where other bytes begin, “*” that they go on. */
  const seenInside = async (name?: string): Promise<Bytes> => {
    const dump = await inside("dd if=/dev/vda bs=64k iflag=direct 2>/dev/null | hexdump -C", name);
    const lines = dump.split("\n").filter((line) => line !== "*");
    const end = Number.parseInt(lines.pop() ?? "", 16) / PIECE;
    const pieces = new Array<number>(end).fill(-1);
    for (const line of lines) {
      const [at, ...bytes] =
        line
          .split("  |")[0]
          ?.split(/ +/)
          .map((word) => Number.parseInt(word, 16)) ?? [];
      const isWhole = bytes.length === 16 && bytes.every((byte) => byte === bytes[0]) && (at ?? 1) % PIECE === 0;
      pieces.fill(isWhole ? (bytes[0] ?? -1) : -1, Math.floor((at ?? 0) / PIECE));
    }
    return pieces;
  };
  const word = (name?: string) => inside("cat /run/word 2>/dev/null; true", name);

  type Live = "write" | "snapshot" | "checkpoint" | "back" | "as" | "delete" | "protect" | "grow" | "flatten";
  const live: readonly Live[] = ["write", "write", "write", "snapshot", "checkpoint", "checkpoint", "back", "delete", "delete", "grow"];
  const liveStep = fc.tuple(fc.constantFrom(...live, "as", "flatten", "protect"), fc.nat(100_000), fc.nat(100_000));

  test("any order of checkpoints, snapshots, going back, deleting, growing and flattening leaves its disk, its memory and every moment as the model has them", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(liveStep, { minLength: 20, maxLength: 20 }), async (steps) => {
        const model = await newTree("live");
        machine = [...model.present.keys()][0] ?? "";
        await mimic.done(mimic.client.machines.start({ machine }));
        let memory = "";
        let count = 0;
        const look = async (): Promise<void> => {
          expect([await seenInside(), await word()]).toEqual([model.present.get(machine), memory]);
          for (const [id, { bytes }] of model.moments) expect(await shownOfMoment(machine, id), id).toEqual(bytes);
        };
        for (const [index, [what, chance, more]] of steps.entries()) {
          const chosen = pick(model.moments, more);
          const before = model.present.get(machine) as Bytes;
          if (what === "write") {
            const [piece, value] = [more % before.length, (chance % 255) + 1];
            const octal = value.toString(8).padStart(3, "0");
            memory = `word${count++}`;
            await inside(
              `head -c ${PIECE} /dev/zero | tr '\\000' '\\${octal}' > /tmp/p; dd if=/tmp/p of=/dev/vda bs=64k seek=${piece} conv=notrunc,fsync 2>/dev/null; echo ${memory} > /run/word`,
            );
            model.present.set(machine, before.with(piece, value));
          } else if (what === "snapshot" || what === "checkpoint")
            await withKept(model, machine, () => mimic.done(mimic.client.moments.take({ machine, kind: what })), memory);
          else if (what === "back" && chosen) {
            await withKept(model, machine, () => mimic.done(mimic.client.moments.restore({ machine, moment: chosen[0] })), memory);
            model.present.set(machine, chosen[1].bytes);
            memory = chosen[1].memory ?? "";
          } else if (what === "as" && chosen) {
            await mimic.done(mimic.client.moments.restore({ machine, moment: chosen[0], as: "twin" }));
            const { power } = await mimic.client.machines.show({ machine: "twin" });
            expect(power).toBe(chosen[1].memory === undefined ? "stopped" : "running");
            if (power === "running") {
              expect([await seenInside("twin"), await word("twin")]).toEqual([chosen[1].bytes, chosen[1].memory]);
              await mimic.client.machines.kill({ machine: "twin" });
            } else expect(await shown(await chainOf("twin"))).toEqual(chosen[1].bytes);
            await mimic.client.machines.remove({ machine: "twin" });
            await mimic.client.trash.empty({});
          } else if (what === "delete" || what === "protect" || what === "grow" || what === "flatten")
            await STEPS[what]({ model, machine, chosen, chance, more, fresh: () => "" });
          if (index % 5 === 4) await look();
        }
        await mimic.client.machines.kill({ machine });
        await expect.poll(async () => (await mimic.client.machines.show({ machine })).power).toBe("stopped");
        await expectAll(model);
        await mimic.client.machines.remove({ machine });
        await mimic.client.trash.empty({});
      }),
      { numRuns: 1, endOnFailure: true },
    );
    await expect.poll(() => readdir(`${data()}/layers`)).toEqual([]);
  }, 240_000);
});

test("what Mimic keeps before something is cleared away down to what was asked for, off and running, and all that stays shows its bytes", async () => {
  const name = "kept";
  const model = await newTree(name);
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
