// Disks with real tools: what our own code writes, qemu-img finds in order; copies are whole; KVM is only used when proved.
import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { probeCage } from "../src/node/cage.ts";
import { runProof } from "../src/node/probe.ts";
import { environmentOf } from "../src/node/tools.ts";
import { aPlan, disk } from "./context.ts";
import { bootSector } from "./guests.ts";
import { aWorkshop, newsOf, patient, realClock } from "./real-ports.ts";

const info = (path: string, format: string) =>
  JSON.parse(execFileSync("qemu-img", ["info", "-f", format, "--output=json", path], { encoding: "utf8" }));

test("empty disks and overlays of any size are in order for qemu-img", async () => {
  await using shop = await aWorkshop();
  const { diskTool } = shop.qemu;
  await writeFile(`${shop.folder}/base.raw`, new Uint8Array(1024 ** 2));
  for (const sizeBytes of [512, 1024 ** 2, 700 * 1024 ** 2, 3 * 1024 ** 4]) {
    const path = `${shop.folder}/a${sizeBytes}.qcow2`;
    await diskTool.createEmpty(path, "qcow2", sizeBytes, patient());
    execFileSync("qemu-img", ["check", "-f", "qcow2", path]);
    expect(info(path, "qcow2")["virtual-size"]).toBe(sizeBytes);
  }
  const over = `${shop.folder}/over, a=b.qcow2`;
  await diskTool.createOverlay(over, { path: `${shop.folder}/base.raw`, format: "raw" }, 2 * 1024 ** 2, patient());
  execFileSync("qemu-img", ["check", "-f", "qcow2", over]);
  expect(info(over, "qcow2")).toMatchObject({
    "virtual-size": 2 * 1024 ** 2,
    "backing-filename": `${shop.folder}/base.raw`,
    "backing-filename-format": "raw",
  });
  await expect(diskTool.createEmpty(over, "qcow2", 512, patient())).rejects.toThrow();
});

test("a copy holds what the chain held, depends on nothing, tells its progress, and grows", async () => {
  await using shop = await aWorkshop();
  const { diskTool } = shop.qemu;
  const base = `${shop.folder}/base.raw`;
  const bytes = Uint8Array.from({ length: 3 * 1024 ** 2 }, (_, i) => (i * 31) & 255);
  await writeFile(base, bytes);
  const over = `${shop.folder}/over.qcow2`;
  await diskTool.createOverlay(over, { path: base, format: "raw" }, bytes.length, patient());
  execFileSync("qemu-io", ["-f", "qcow2", "-c", "write -P 0x5a 65536 65536", over]);
  bytes.fill(0x5a, 65_536, 131_072);
  const said: number[] = [];
  const chain = [
    { path: over, format: "qcow2" as const },
    { path: base, format: "raw" as const },
  ];
  await diskTool.copy(
    chain,
    { path: `${shop.folder}/full.qcow2`, format: "qcow2" },
    { ...patient(), report: (p) => void said.push(p.done ?? 0) },
  );
  expect(info(`${shop.folder}/full.qcow2`, "qcow2")["backing-filename"]).toBeUndefined();
  expect(said.at(-1)).toBe(bytes.length);
  await diskTool.copy(
    [{ path: `${shop.folder}/full.qcow2`, format: "qcow2" }],
    { path: `${shop.folder}/flat.raw`, format: "raw" },
    patient(),
  );
  expect((await readFile(`${shop.folder}/flat.raw`)).equals(bytes)).toBe(true);
  await diskTool.grow(`${shop.folder}/full.qcow2`, "qcow2", 5 * 1024 ** 3, patient());
  expect(info(`${shop.folder}/full.qcow2`, "qcow2")["virtual-size"]).toBe(5 * 1024 ** 3);
  execFileSync("qemu-img", ["check", "-f", "qcow2", `${shop.folder}/full.qcow2`]);
  const stop = AbortSignal.abort(new Error("no more"));
  await expect(
    diskTool.copy(chain, { path: `${shop.folder}/half.qcow2`, format: "qcow2" }, { signal: stop, report: () => {} }),
  ).rejects.toThrow("no more");
  await expect(stat(`${shop.folder}/half.qcow2`)).rejects.toThrow();
});

test("a layer takes in those below it, and a rewritten one holds the same over the same ones in less room", async () => {
  await using shop = await aWorkshop();
  const { diskTool } = shop.qemu;
  const [base, low, own, fresh] = ["base.raw", "low.qcow2", "own.qcow2", "fresh.qcow2"].map((name) => `${shop.folder}/${name}`) as [
    string,
    string,
    string,
    string,
  ];
  const bytes = new Uint8Array(4 * 1024 ** 2).fill(7);
  await writeFile(base, bytes);
  const chain = [
    { path: own, format: "qcow2" as const },
    { path: low, format: "qcow2" as const },
    { path: base, format: "raw" as const },
  ];
  await diskTool.createOverlay(low, { path: base, format: "raw" }, bytes.length, patient());
  execFileSync("qemu-io", ["-f", "qcow2", "-c", "write -P 9 0 1M", low]);
  await diskTool.createOverlay(own, { path: low, format: "qcow2" }, bytes.length, patient());
  // Written, and then written with zeros: room that a file keeps until it is rewritten.
  execFileSync("qemu-io", ["-f", "qcow2", "-c", "write -P 3 1M 2M", "-c", "write -P 0 1M 1M", own]);
  bytes
    .fill(9, 0, 1024 ** 2)
    .fill(0, 1024 ** 2, 2 * 1024 ** 2)
    .fill(3, 2 * 1024 ** 2, 3 * 1024 ** 2);
  const shows = async (...files: typeof chain): Promise<boolean> => {
    await rm(`${shop.folder}/flat.raw`, { force: true });
    await diskTool.copy(files, { path: `${shop.folder}/flat.raw`, format: "raw" }, patient());
    return (await readFile(`${shop.folder}/flat.raw`)).equals(bytes);
  };
  const before = await diskTool.usage(own);
  await diskTool.rewrite(chain, fresh, patient());
  expect(await shows({ path: fresh, format: "qcow2" }, ...chain.slice(1))).toBe(true);
  expect(await diskTool.usage(fresh)).toBeLessThan(before - 900 * 1024);
  await diskTool.absorb(chain, 1, patient());
  expect(await shows(chain[0] as (typeof chain)[number], chain[2] as (typeof chain)[number])).toBe(true);
  expect(info(own, "qcow2")).toMatchObject({ "backing-filename": base, "backing-filename-format": "raw" });
  await diskTool.absorb([chain[0] as (typeof chain)[number], chain[2] as (typeof chain)[number]], 1, patient());
  expect(info(own, "qcow2")["backing-filename"]).toBeUndefined();
  expect(await shows(chain[0] as (typeof chain)[number])).toBe(true);
});

test("a layer is untouched until the first byte is written to it, however large it is, and never when in doubt", async () => {
  await using shop = await aWorkshop();
  const { diskTool } = shop.qemu;
  const base = `${shop.folder}/base.raw`;
  await writeFile(base, new Uint8Array(1024 ** 2));
  for (const sizeBytes of [1024 ** 2, 3 * 1024 ** 4]) {
    const path = `${shop.folder}/over${sizeBytes}.qcow2`;
    await diskTool.createOverlay(path, { path: base, format: "raw" }, sizeBytes, patient());
    expect(await diskTool.isUntouched(path)).toBe(true);
    execFileSync("qemu-io", ["-f", "qcow2", "-c", `read ${sizeBytes - 4096} 512`, path]);
    expect(await diskTool.isUntouched(path)).toBe(true);
    execFileSync("qemu-io", ["-f", "qcow2", "-c", `write -P 1 ${sizeBytes - 4096} 512`, path]);
    expect(await diskTool.isUntouched(path)).toBe(false);
  }
  expect(await diskTool.isUntouched(base)).toBe(false);
});

test("the proof of an accelerator passes where guests run (TCG) and fails, without hanging, where they do not", async () => {
  await using shop = await aWorkshop();
  const cage = await probeCage(environmentOf(process.env), `${shop.folder}/state`);
  const binary = cage.tools.qemu as string;
  expect(await runProof(cage, binary, "tcg", "max", `${shop.folder}/state`)).toMatchObject({ works: true });
  expect(await runProof(cage, binary, "tcg", "qemu64", `${shop.folder}/state`)).toMatchObject({ works: true });
  const began = performance.now();
  // Without long mode the test guest cannot come to its end.
  expect(await runProof(cage, binary, "tcg", "qemu32", `${shop.folder}/state`)).toMatchObject({ works: false });
  expect(performance.now() - began).toBeLessThan(6000);
});

// Needs a small file system of its own, which only root can make.
test.skipIf(process.getuid?.() !== 0)(
  "a machine whose disk fills this computer pauses, says so, and goes on when there is room",
  async () => {
    await using shop = await aWorkshop();
    const small = `${shop.folder}/small`;
    await mkdir(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", small]);
    try {
      const raw = `${shop.folder}/boot.raw`;
      const image = new Uint8Array(64 * 1024 ** 2);
      image.set(bootSector("WRITING", true));
      await writeFile(raw, image);
      const over = `${small}/over.qcow2`;
      await shop.qemu.diskTool.createOverlay(over, { path: raw, format: "raw" }, image.length, patient());
      const plan = aPlan({ memoryMiB: 32, agent: false, input: "ps2", disks: [disk(1, "ide")] }, {}, `${shop.folder}/m`);
      const disks = {
        [Object.keys(plan.files.disks)[0] as string]: [
          { path: over, format: "qcow2" as const },
          { path: raw, format: "raw" as const },
        ],
      };
      const machine = shop.own(await shop.qemu.hypervisor.boot({ ...plan, files: { ...plan.files, disks } }, patient()));
      expect(await newsOf(machine, "paused")).toMatchObject({ why: "diskFull" });
      await realClock.sleep(500, patient());
      expect(machine.paused).toBe(true);
      execFileSync("mount", ["-o", "remount,size=40m", small]);
      const before = (await machine.usage(patient())).diskWriteBytes;
      await machine.resume(patient());
      await realClock.sleep(700, patient());
      expect((await machine.usage(patient())).diskWriteBytes).toBeGreaterThan(before);
      await machine.end(patient());
    } finally {
      execFileSync("umount", ["-l", small]);
    }
  },
);
