// Computers with other processors, for real: every board whose QEMU is installed here starts with its reviewed
// arguments, and something in it speaks: its firmware, or where it has none the smallest program; RISC-V firmware comes to its prompt, and an ARM guest of Debian's installer to its first screen.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { silentLog } from "@mimic/base";
import { createImageSources } from "@mimic/images/node";
import { ARCHITECTURES, type Architecture, foreignBoard, HardwareSpec, NicSpec, type System, usualHardware } from "@mimic/model";
import { expect, test } from "vitest";
import { findProgram } from "../src/node/tools.ts";
import { type BareBoard, bareMetal } from "./bare-metal.ts";
import { aPlan, foreignMachines, nic } from "./context.ts";
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

/** What the firmware of a golden machine says on its serial console, or the program that stands in for it. */
const FIRMWARE_SAYS: Readonly<Record<string, string>> = {
  "arm64-uefi": "UEFI firmware",
  riscv64: "OpenSBI v",
  ppc64le: "SLOF",
  "mac-g4": "OpenBIOS 1.",
  "mac-g3": "OpenBIOS 1.",
  s390x: "LOADPARM=",
  sparc: "Welcome to OpenBIOS",
};

for (const [name, golden] of Object.entries(foreignMachines)) {
  const { hardware } = golden.record;
  // One with a system beside it is tried below, where that system is.
  if (hardware.directBoot !== undefined) continue;
  const hasFirmware = hardware.firmware === "bios" || existsSync("/usr/share/AAVMF/AAVMF_CODE.fd");
  test.skipIf(!installed(hardware.architecture) || !hasFirmware)(
    `the ${name} machine starts, speaks on its serial console, and ends when told`,
    async () => {
      await using shop = await aWorkshop();
      const sign = FIRMWARE_SAYS[name] ?? `hello from ${name}`;
      const kernel = `${shop.folder}/kernel`;
      if (!(name in FIRMWARE_SAYS)) await writeFile(kernel, bareMetal(name as BareBoard, `${sign}\r\n`));
      const directBoot = name in FIRMWARE_SAYS ? undefined : { image: "a".repeat(64), kernel: "kernel", commandLine: "" };
      const plan = aPlan({ ...hardware, directBoot }, directBoot && { kernel }, `${shop.folder}/m`);
      await mkdir(`${shop.folder}/m/disks`, { recursive: true });
      for (const [own] of Object.values(plan.files.disks))
        await shop.qemu.diskTool.createEmpty(own?.path ?? "", "qcow2", 2 ** 30, patient());
      const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
      await serialSays(machine, sign);
      expect(machine.run.accelerator).toBe("tcg");
      expect((await machine.usage(patient())).memoryBytes).toBeGreaterThan(0);
      for (const { id } of hardware.nics) for (const up of [false, true]) await machine.setLink(id, up, patient());
      // Cards stay as they are while it runs: that is told, and not tried.
      expect(await machine.plugNic(NicSpec.parse(nic(2, "virtio")), patient())).toBe("nextStart");
      for (const { id } of hardware.nics) expect(await machine.unplugNic(id, patient())).toBe("nextStart");
      const exited = newsOf(machine, "exited");
      await machine.end(patient());
      expect(await exited).toMatchObject({ expected: true });
    },
  );
}

for (const board of ["mac99", "g3beige"] as const)
  test.skipIf(!installed("ppc"))(
    `${board}: what is typed on its keyboard stands on its screen`,
    async () => {
      await using shop = await aWorkshop();
      const plan = aPlan({ ...usualHardware("ppc"), board, memoryMiB: 128 }, {}, `${shop.folder}/m`);
      const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
      /** Until the picture stays as it is: no disk was found, and the firmware waits for a command. */
      const still = async (): Promise<Uint8Array> => {
        for (let before = await machine.screenshot(patient()); ; ) {
          await wait(1500);
          const now = await machine.screenshot(patient());
          if (Buffer.compare(before, now) === 0 && now.length > 2000) return now;
          before = now;
        }
      };
      await serialSays(machine, "CPU type PowerPC");
      const before = await still();
      await machine.type("words\n", patient());
      // A page full of the firmware's words: far more ink than the prompt.
      await expect.poll(async () => (await machine.screenshot(patient())).length, { timeout: 30_000 }).toBeGreaterThan(before.length * 1.5);
    },
    120_000,
  );

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
