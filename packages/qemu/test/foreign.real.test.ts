// Computers with other processors, for real: every board whose QEMU is installed here starts with its reviewed
// arguments; RISC-V firmware comes to its prompt, and an ARM guest of Debian's installer to its first screen.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { silentLog } from "@mimic/base";
import { createImageSources } from "@mimic/images/node";
import { ARCHITECTURES, type Architecture, foreignBoard, HardwareSpec, type System, usualHardware } from "@mimic/model";
import { expect, test } from "vitest";
import { findProgram } from "../src/node/tools.ts";
import { aPlan, foreignMachines } from "./context.ts";
import { aWorkshop, newsOf, patient, realClock, serialSays } from "./real-ports.ts";

const installed = (architecture: Architecture): boolean =>
  findProgram(`qemu-system-${ARCHITECTURES[architecture].program}`, process.env.PATH ?? "") !== undefined;

/** Boot files of a recipe of the catalogue, got once and kept in the cache folder. */
async function bootFilesOf(id: string): Promise<{ readonly system: System; readonly folder: string }> {
  const content = fileURLToPath(new URL("../../../content", import.meta.url));
  const cache = `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/mimic-tests`;
  await mkdir(cache, { recursive: true });
  const sources = createImageSources({
    quarantine: () => mkdtemp(`${cache}/q-`),
    cacheDirectory: `${cache}/downloads`,
    contentDirectory: content,
    clock: realClock,
    log: silentLog,
    environment: process.env,
  });
  const system = sources.systems().find((one) => one.id === id);
  if (system === undefined) throw new Error(`the catalogue has no ${id}`);
  const folder = `${cache}/${id}`;
  if (!existsSync(`${folder}/kernel`)) {
    const image = await sources.acquire(system, { signal: AbortSignal.timeout(200_000), report: () => {} });
    if ("kind" in image) throw new Error(image.why);
    await rm(folder, { recursive: true, force: true });
    await rename(image.path, folder);
  }
  return { system, folder };
}

const hardwareOf = (system: System) => {
  const options = system.source.way === "assemble" ? system.source.options : {};
  const directBoot = {
    image: "a".repeat(64),
    kernel: "kernel",
    initrd: options["initrd"] && "initrd",
    commandLine: options["commandLine"] ?? "",
  };
  return { ...usualHardware(system.architecture), ...system.hardware, architecture: system.architecture, directBoot };
};

test("every processor model that is offered for a board is one that its QEMU puts on it", () => {
  for (const architecture of Object.keys(ARCHITECTURES) as Architecture[])
    for (const board of ARCHITECTURES[architecture].boards) {
      const facts = foreignBoard({ architecture, board });
      const program = `qemu-system-${ARCHITECTURES[architecture].program}`;
      if (facts === undefined || !installed(architecture)) continue;
      const machine = "plain" in facts.machine ? facts.machine.plain : facts.machine.versioned.replace(/-$/, "");
      for (const model of facts.otherCpus) {
        const args = ["-machine", machine, "-cpu", model, "-accel", "tcg", "-S", "-nodefaults", "-display", "none", "-monitor", "stdio"];
        const { status, stderr } = spawnSync(program, args, { input: "quit\n", encoding: "utf8", timeout: 10_000 });
        expect(status, `${architecture} ${board} ${model}: ${stderr}`).toBe(0);
      }
    }
}, 60_000);

for (const [name, golden] of Object.entries(foreignMachines)) {
  const { architecture, firmware, directBoot } = golden.record.hardware;
  // One with a system beside it is tried below, where that system is.
  if (directBoot !== undefined) continue;
  const hasFirmware = firmware === "bios" || existsSync("/usr/share/AAVMF/AAVMF_CODE.fd");
  test.skipIf(!installed(architecture) || !hasFirmware)(`the ${name} machine starts, and ends when told`, async () => {
    await using shop = await aWorkshop();
    const plan = aPlan(golden.record.hardware, {}, `${shop.folder}/m`);
    await mkdir(`${shop.folder}/m/disks`, { recursive: true });
    for (const [own] of Object.values(plan.files.disks)) await shop.qemu.diskTool.createEmpty(own?.path ?? "", "qcow2", 2 ** 30, patient());
    const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
    await wait(500);
    expect(machine.run.accelerator).toBe("tcg");
    expect((await machine.usage(patient())).memoryBytes).toBeGreaterThan(0);
    const exited = newsOf(machine, "exited");
    await machine.end(patient());
    expect(await exited).toMatchObject({ expected: true });
  });
}

test.skipIf(!installed("riscv64"))("RISC-V: OpenSBI hands over to U-Boot, which answers on its serial console", async () => {
  const { system, folder } = await bootFilesOf("riscv64-uboot");
  await using shop = await aWorkshop();
  const plan = aPlan(hardwareOf(system), { kernel: `${folder}/kernel` }, `${shop.folder}/m`);
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  await serialSays(machine, "OpenSBI");
  await serialSays(machine, "Hit any key");
  machine.serial[0]?.write(new TextEncoder().encode(" "));
  await serialSays(machine, "=> ");
  machine.serial[0]?.write(new TextEncoder().encode("version\r"));
  await serialSays(machine, "riscv64-linux-gnu-gcc");
});

test.skipIf(!installed("aarch64"))(
  "64-bit ARM: Debian's installer from the catalogue reaches its first screen",
  async () => {
    const { system, folder } = await bootFilesOf("debian-12-installer-arm64");
    await using shop = await aWorkshop();
    const plan = aPlan(
      { ...hardwareOf(system), memoryMiB: 512 },
      { kernel: `${folder}/kernel`, initrd: `${folder}/initrd` },
      `${shop.folder}/m`,
    );
    const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
    await serialSays(machine, "Select a language");
    // About twenty seconds of processor time; a busy computer takes its time over them.
  },
  900_000,
);

test("a processor whose QEMU is not installed is an error that names the package", async () => {
  await using shop = await aWorkshop({ path: "/nowhere" });
  await writeFile(`${shop.folder}/x`, "");
  const hardware = HardwareSpec.parse(usualHardware("sparc"));
  // Programs in /usr/bin are found whatever the PATH says; this holds where the package is missing.
  if (installed("sparc")) expect((await shop.qemu.hypervisor.pin(hardware, patient())).machineType).toBe("SS-5");
  else await expect(shop.qemu.hypervisor.pin(hardware, patient())).rejects.toMatchObject({ code: "qemu.missing_processor" });
});
