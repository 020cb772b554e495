import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IdMaker, silentLog } from "@mimic/base";
import { aMachine, anImage, countingRandom, VirtualClock } from "@mimic/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { layoutOf } from "../src/index.ts";
import { noSteps, type OpenStore, openStore, type Step, takeLock } from "../src/node/index.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "mimic-store-"));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const layout = () => layoutOf({ data: `${home}/data`, run: `${home}/run`, cache: `${home}/cache` });
function open(step: Step = noSteps): Promise<OpenStore> {
  const clock = new VirtualClock();
  return openStore({
    layout: layout(),
    uid: process.getuid?.() ?? 0,
    clock,
    ids: new IdMaker(clock, countingRandom()),
    log: silentLog,
    step,
  });
}

async function tree(folder = `${home}/data`): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

/** Throws in place of the n-th step, as a kill would: nothing after it happens. */
class Cut extends Error {}
function cutAt(n: number): { step: Step; count: () => number } {
  let count = 0;
  return {
    step: () => {
      count++;
      if (count >= n) throw new Cut();
    },
    count: () => count,
  };
}

async function publishOne(store: OpenStore, id = `mch_${"1".repeat(26)}`): Promise<void> {
  const draft = await store.machines.draft(id);
  await draft.writeFile(draft.diskPath("dsk_x", "qcow2"), new Uint8Array(10));
  await draft.publish(aMachine({ id }));
}

/** The invariants that hold after any recovery: what is seen is whole, and nothing else is there. */
async function expectWhole(): Promise<{ machines: number; trash: number; images: number }> {
  const store = await open();
  const { machines, unreadable } = await store.machines.load();
  expect(unreadable).toEqual([]);
  const trash = await store.machines.trashed();
  const paths = await tree();
  expect(paths.filter((path) => path.includes(".draft-") || path.endsWith(".new") || path.startsWith("quarantine/"))).toEqual([]);
  expect(paths.filter((path) => /^machines\/[^/]+$/.test(path))).toHaveLength(machines.length);
  expect(paths.filter((path) => /^trash\/[^/]+$/.test(path))).toHaveLength(trash.length);
  const images = store.images.list();
  expect(paths.filter((path) => /^images\/[^/]+$/.test(path))).toHaveLength(images.length);
  for (const image of images) expect((await readFile(store.images.path(image.digest))).length).toBe(4);
  await store.close();
  return { machines: machines.length, trash: trash.length, images: images.length };
}

const operations: Record<
  string,
  {
    before: (store: OpenStore) => Promise<void>;
    run: (store: OpenStore) => Promise<void>;
    allowed: { machines: number; trash: number; images: number }[];
  }
> = {
  "making a machine": {
    before: async () => {},
    run: publishOne,
    allowed: [
      { machines: 0, trash: 0, images: 0 },
      { machines: 1, trash: 0, images: 0 },
    ],
  },
  "saving a record": {
    before: publishOne,
    run: (store) => store.machines.save(aMachine({ id: `mch_${"1".repeat(26)}`, note: "changed" })),
    allowed: [{ machines: 1, trash: 0, images: 0 }],
  },
  "moving to the trash": {
    before: publishOne,
    run: async (store) => void (await store.machines.trash(`mch_${"1".repeat(26)}`)),
    allowed: [
      { machines: 1, trash: 0, images: 0 },
      { machines: 0, trash: 1, images: 0 },
    ],
  },
  "bringing back": {
    before: async (store) => {
      await publishOne(store);
      await store.machines.trash(`mch_${"1".repeat(26)}`);
    },
    run: async (store) => void (await store.machines.restore((await store.machines.trashed())[0]?.id ?? "")),
    allowed: [
      { machines: 0, trash: 1, images: 0 },
      { machines: 1, trash: 0, images: 0 },
    ],
  },
  forgetting: {
    before: async (store) => {
      await publishOne(store);
      await store.machines.trash(`mch_${"1".repeat(26)}`);
    },
    run: async (store) => await store.machines.forget((await store.machines.trashed())[0]?.id ?? ""),
    allowed: [
      { machines: 0, trash: 1, images: 0 },
      { machines: 0, trash: 0, images: 0 },
    ],
  },
  "noting in the trash that its time is over": {
    before: async (store) => {
      await publishOne(store);
      await store.machines.trash(`mch_${"1".repeat(26)}`);
    },
    run: async (store) => await store.machines.noteDue((await store.machines.trashed())[0]?.id ?? "", "2026-01-08T00:00:00.000Z"),
    allowed: [{ machines: 0, trash: 1, images: 0 }],
  },
  "adding an image": {
    before: async () => {},
    run: async (store) => {
      const folder = await store.images.quarantine();
      await writeFile(`${folder}/bytes`, "data");
      await store.images.add({ record: anImage(), path: `${folder}/bytes` });
    },
    allowed: [
      { machines: 0, trash: 0, images: 0 },
      { machines: 0, trash: 0, images: 1 },
    ],
  },
  "removing an image": {
    before: async (store) => {
      const folder = await store.images.quarantine();
      await writeFile(`${folder}/bytes`, "data");
      await store.images.add({ record: anImage(), path: `${folder}/bytes` });
    },
    run: (store) => store.images.remove(anImage().digest),
    allowed: [
      { machines: 0, trash: 0, images: 1 },
      { machines: 0, trash: 0, images: 0 },
    ],
  },
};

describe("cut off at any step and started again, everything is whole or absent", () => {
  for (const [name, { before, run, allowed }] of Object.entries(operations)) {
    test(name, async () => {
      let steps = 0;
      for (let n = 1; ; n++) {
        await rm(home, { recursive: true, force: true });
        await mkdir(home);
        const preparation = await open();
        await before(preparation);
        await preparation.close();
        const cut = cutAt(Number.POSITIVE_INFINITY);
        let active = false;
        const limited = cutAt(n);
        const store = await open(() => (active ? limited.step("") : cut.step("")));
        active = true;
        const done = await run(store).then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof Cut || (error as Error).cause instanceof Cut)) throw error;
            return false;
          },
        );
        await store.close();
        expect(allowed).toContainEqual(await expectWhole());
        if (done) break;
        steps = n;
      }
      // The steps are counted, not guessed: an operation that did nothing would prove nothing.
      expect(steps).toBeGreaterThanOrEqual(2);
    });
  }
});

describe("records", () => {
  test("a damaged record is replaced by its previous copy", async () => {
    const store = await open();
    await publishOne(store);
    const id = `mch_${"1".repeat(26)}`;
    await store.machines.save(aMachine({ id, note: "second" }));
    await writeFile(layout().machine(id).record, '{"schemaVersion":1,"rev":2,"bo');
    const { machines } = await store.machines.load();
    expect(machines[0]?.record.note).toBe("");
    await store.close();
  });
  test("one of a newer Mimic is left alone, named, and not written over", async () => {
    const store = await open();
    await publishOne(store);
    const path = layout().machine(`mch_${"1".repeat(26)}`).record;
    const newer = JSON.stringify({ schemaVersion: 99, rev: 1, body: { future: true } });
    await writeFile(path, newer);
    const { machines, unreadable } = await store.machines.load();
    expect(machines).toEqual([]);
    expect(unreadable[0]?.why).toContain("newer Mimic");
    expect(await readFile(path, "utf8")).toBe(newer);
    await store.close();
  });
  test("that the time of something in the trash is over is written down, and taken back", async () => {
    const store = await open();
    await publishOne(store);
    const { id } = await store.machines.trash(`mch_${"1".repeat(26)}`);
    const noted = async () => (await store.machines.trashed())[0]?.dueSince;
    expect(await noted()).toBeUndefined();
    await store.machines.noteDue(id, "2026-01-08T00:00:00.000Z");
    expect(await noted()).toBe("2026-01-08T00:00:00.000Z");
    await store.machines.noteDue(id, undefined);
    expect(await noted()).toBeUndefined();
    await store.close();
  });
  test("data of a newer Mimic is refused before a byte is written", async () => {
    await mkdir(`${home}/data`, { mode: 0o700 });
    await writeFile(`${home}/data/version.json`, '{"dataVersion":99}');
    const before = await tree();
    await expect(open()).rejects.toMatchObject({ code: "store.newer_data" });
    expect(await tree()).toEqual(before);
  });
});

describe("folders", () => {
  for (const name of ["data", "run", "data/machines", "data/images", "data/trash"]) {
    test(`${name} that others may write is refused, and named`, async () => {
      await (await open()).close();
      await chmod(`${home}/${name}`, 0o777);
      await expect(open()).rejects.toMatchObject({ code: "store.unsafe_folder", message: expect.stringContaining(`${home}/${name}`) });
    });
  }
  test("a link in place of a folder is refused, and what it leads to is untouched", async () => {
    await (await open()).close();
    await mkdir(`${home}/elsewhere`);
    await rm(`${home}/data/machines`, { recursive: true });
    await symlink(`${home}/elsewhere`, `${home}/data/machines`);
    await expect(open()).rejects.toMatchObject({ code: "store.unsafe_folder" });
    expect(await readdir(`${home}/elsewhere`)).toEqual([]);
  });
  test("a link in place of a record is not followed: that machine cannot be read, the others are there", async () => {
    const store = await open();
    const [id, other] = [`mch_${"1".repeat(26)}`, `mch_${"2".repeat(26)}`];
    await publishOne(store, id);
    await publishOne(store, other);
    await writeFile(`${home}/canary`, '{"name": "canary"}');
    await rm(layout().machine(id).record);
    await symlink(`${home}/canary`, layout().machine(id).record);
    const { machines, unreadable } = await store.machines.load();
    expect(machines.map(({ record }) => record.id)).toEqual([other]);
    expect(unreadable).toMatchObject([{ name: undefined, why: expect.stringContaining("is a link") }]);
    expect(await readFile(`${home}/canary`, "utf8")).toBe('{"name": "canary"}');
    await store.close();
  });
});

describe("one owner", () => {
  test("the second is refused while the first lives, and let in when it is gone", async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: "daemon.already_runs" });
    await first.close();
    await (await open()).close();
  });
  test("the lock of a dead process is taken over", async () => {
    await mkdir(`${home}/run`, { mode: 0o700 });
    await writeFile(`${home}/run/lock.7`, JSON.stringify({ pid: 2 ** 22 - 1, startTicks: "1", bootId: "gone" }));
    const lock = await takeLock(`${home}/run`);
    expect(await readdir(`${home}/run`)).toEqual(["lock.8"]);
    await lock.release();
  });
  test("of ten that start at once, over a dead owner's lock, exactly one owns it", async () => {
    await mkdir(`${home}/run`, { mode: 0o700 });
    await writeFile(`${home}/run/lock.3`, JSON.stringify({ pid: 2 ** 22 - 1, startTicks: "1", bootId: "gone" }));
    const program = `const { takeLock } = await import(${JSON.stringify(new URL("../src/node/lock.ts", import.meta.url).pathname)});
      try { await takeLock(${JSON.stringify(`${home}/run`)}); console.log("owner"); setTimeout(() => {}, 20000); } catch (error) { console.log(error.code); process.exit(0); }`;
    const children = Array.from({ length: 10 }, () =>
      spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    const words = await Promise.all(
      children.map(
        (child) => new Promise<string>((resolve) => child.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString().trim()))),
      ),
    );
    for (const child of children) child.kill();
    expect(words.filter((word) => word === "owner")).toHaveLength(1);
    expect(words.filter((word) => word === "daemon.already_runs")).toHaveLength(9);
  }, 30_000);
});
