// A game's folder becomes a disk: read back by a real Linux, and by a real DOS where an image of one is given.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { silentLog } from "@mimic/base";
import { createImageSources } from "@mimic/images/node";
import { ERAS } from "@mimic/model";
import type { RunningMachine } from "@mimic/workbench/ports";
import { expect, test } from "vitest";
import { aPlan, disk } from "./context.ts";
import { linuxGuest } from "./guests.ts";
import { aWorkshop, patient, realClock, type Workshop } from "./real-ports.ts";

async function packed(shop: Workshop): Promise<{ readonly path: string; readonly sums: readonly string[] }> {
  const game = `${shop.folder}/game`;
  await mkdir(`${game}/data`, { recursive: true });
  const bodies = {
    "README.TXT": Buffer.from("mimic was here\r\n"),
    "data/Level One.dat": randomBytes(300_000),
    "data/b.dat": randomBytes(70_001),
  };
  for (const [name, body] of Object.entries(bodies)) await writeFile(`${game}/${name}`, body);
  const sources = createImageSources({
    quarantine: () => mkdtemp(`${shop.folder}/q-`),
    cacheDirectory: `${shop.folder}/cache`,
    contentDirectory: new URL("../../../content", import.meta.url).pathname,
    clock: realClock,
    log: silentLog,
    environment: process.env,
  });
  const image = await sources.importFile({ name: "game", from: { path: game }, format: "files" }, patient());
  if ("kind" in image) throw new Error(image.why);
  const sums = Object.values(bodies).map((body) => createHash("sha256").update(body).digest("hex"));
  return { path: image.path, sums };
}

test("a folder becomes a disk whose files a real Linux reads byte for byte", async () => {
  await using shop = await aWorkshop();
  const { path, sums } = await packed(shop);
  execFileSync("qemu-img", ["check", "-f", "qcow2", path]);
  const guest = await linuxGuest();
  const directBoot = { image: "a".repeat(64), kernel: "kernel", initrd: "initrd", commandLine: guest.commandLine };
  const plan = aPlan(
    { memoryMiB: 256, input: "ps2", disks: [disk(1, "virtio", { format: "qcow2" })], directBoot },
    guest,
    `${shop.folder}/m`,
  );
  const disks = { [Object.keys(plan.files.disks)[0] as string]: [{ path, format: "qcow2" as const }] };
  const machine = shop.own(await shop.qemu.hypervisor.boot({ ...plan, files: { ...plan.files, disks } }, patient()));
  let out = "";
  const script = "modprobe vfat; mount -t vfat -o ro /dev/vda1 /mnt && find /mnt -type f | sort | xargs sha256sum";
  await machine.agent?.waitUntilReady(patient());
  await machine.agent?.exec(
    {
      program: "sh",
      args: ["-c", script],
      onStdout: (bytes) => {
        out += new TextDecoder().decode(bytes);
      },
      onStderr: () => {},
    },
    patient(),
  );
  expect(
    out
      .trim()
      .split("\n")
      .map((row) => row.split(" ")[0])
      .sort(),
  ).toEqual([...sums].sort());
});

const freeDos = process.env.MIMIC_TEST_FREEDOS;
test("FreeDOS (the floppy image at MIMIC_TEST_FREEDOS) in a PC of 1991 reads the disk of a game’s files", async ({ skip }) => {
  skip(!freeDos, "MIMIC_TEST_FREEDOS names no floppy image of FreeDOS");
  await using shop = await aWorkshop();
  const { path } = await packed(shop);
  const { hardware } = ERAS["1991"];
  const plan = aPlan(
    { ...hardware, disks: [disk(1, "ide", { format: "qcow2" })] },
    { media: { floppy0: freeDos as string } },
    `${shop.folder}/m`,
  );
  await writeFile(`${shop.folder}/boot.img`, await readFile(freeDos as string));
  const disks = { [Object.keys(plan.files.disks)[0] as string]: [{ path, format: "qcow2" as const }] };
  const machine = shop.own(await shop.qemu.hypervisor.boot({ ...plan, files: { ...plan.files, disks } }, patient()));
  await screenSays(machine, />\s*$/m);
  await machine.type("type c:\\readme.txt\n", patient());
  await screenSays(machine, /mimic was here/);
});

async function screenSays(machine: RunningMachine, text: RegExp): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (text.test((await machine.screenText(patient())) ?? "")) return;
    await wait(400);
  }
  throw new Error(`${text} did not appear`);
}
