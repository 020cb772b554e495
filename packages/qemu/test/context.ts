// Builders for argv tests: a QEMU as the probe would find it, and a machine's plan with made-up paths.

import { type Architecture, type Board, foreignBoard, HardwareSpec, MachineRecord, usualHardware } from "@mimic/model";
import type { BootPlan } from "@mimic/workbench/ports";
import { type ArgvContext, type ArgvPart, buildArgv, chooseFirmware, numberFiles, planFiles, type QemuCapabilities } from "../src/index.ts";

export const capabilities: QemuCapabilities = {
  binary: "/usr/bin/qemu-system-x86_64",
  version: "7.2.22",
  machines: ["pc-q35-5.2", "pc-q35-7.2", "pc-q35-6.10", "pc-i440fx-7.2", "pc-i440fx-2.12", "pc-0.12"],
  devices:
    "VGA virtio-vga cirrus-vga ich9-intel-hda AC97 sb16 adlib virtio-blk-pci scsi-hd ide-hd nvme tpm-crb tpm-tis virtio-net-pci e1000e e1000 rtl8139 pcnet ne2k_pci ne2k_isa".split(
      " ",
    ),
  cpuModels: ["max", "qemu64"],
};

export const firmware = { code: "/fw/CODE.fd", varsTemplate: "/fw/VARS.fd", needsSmm: false };

export const disk = (n: number, bus: string, more: object = {}) => ({
  id: `dsk_${String(n).padStart(26, "0")}`,
  bus,
  sizeBytes: 2 ** 30,
  ...more,
});

export const nic = (n: number, model: string, more: object = {}) => ({
  id: `nic_${String(n).padStart(26, "0")}`,
  model,
  place: n - 1,
  mac: `52:54:00:00:00:0${n}`,
  network: `net_${"0".repeat(26)}`,
  ...more,
});

/** Every disk with a base gets one image under it. */
export function aPlan(given: object, more: Partial<BootPlan["files"]> = {}, folder = "/data/m1"): BootPlan {
  const hardware = HardwareSpec.parse(given);
  const record = MachineRecord.parse({
    id: "mch_01j9abcdefghjkmnpqrstvwxyz",
    name: "alpha",
    createdAt: "2026-01-01T00:00:00.000Z",
    hardware,
    readiness: { sign: { kind: "none" } },
  });
  const disks = Object.fromEntries(
    hardware.disks.map((d) => [
      d.id,
      [
        { path: `${folder}/disks/${d.id}.${d.format}`, format: d.format },
        ...(d.base ? [{ path: `${folder}/images/${d.base}`, format: "raw" as const }] : []),
      ],
    ]),
  );
  return {
    record,
    files: {
      runDirectory: `${folder}/run`,
      netDirectory: `${folder}/net`,
      logDirectory: `${folder}/log`,
      nvramDirectory: `${folder}/nvram`,
      disks,
      media: {},
      ...more,
    },
  };
}

export function argvOf(plan: BootPlan, more: Partial<ArgvContext> = {}): readonly ArgvPart[] {
  const { hardware } = plan.record;
  const chosen = hardware.firmware === "uefi" ? { ...firmware, needsSmm: hardware.secureBoot } : undefined;
  const context: ArgvContext = {
    record: plan.record,
    hardware,
    capabilities,
    accelerator: "tcg",
    fds: numberFiles(planFiles(plan, chosen)),
    run: "/m",
    net: "/n",
    cookie: "0123456789abcdef",
    installation: "00000000",
    nowMs: Date.parse("2026-01-01T12:00:00Z"),
    zoneMinutes: 120,
    firmware: chosen,
    seccomp: true,
    ...more,
  };
  return buildArgv(context, (id) => plan.files.disks[id] ?? []);
}

/** The machines of the golden files. */
export const typical: Readonly<Record<string, BootPlan>> = {
  "tiny-linux": aPlan(
    {
      memoryMiB: 128,
      nics: [nic(1, "virtio")],
      directBoot: { image: "a".repeat(64), kernel: "kernel", initrd: "initrd", commandLine: "quiet console=tty0" },
    },
    { kernel: "/i/kernel", initrd: "/i/initrd" },
  ),
  "cloud-image": aPlan(
    {
      memoryMiB: 2048,
      cpus: 2,
      disks: [disk(1, "virtio", { base: "b".repeat(64) })],
      drives: [{ slot: "cd0", kind: "cd", medium: { from: "own" } }],
      sound: "hda",
    },
    { media: { cd0: "/data/m1/media/cd0.img" } },
  ),
  "uefi-desktop": aPlan({ firmware: "uefi", memoryMiB: 4096, cpus: 6, disks: [disk(1, "nvme")], display: "virtio", sound: "hda" }),
  "secure-boot": aPlan({
    firmware: "uefi",
    secureBoot: true,
    tpm: true,
    memoryMiB: 4096,
    disks: [disk(1, "sata")],
    drives: [{ slot: "cd0", kind: "cd" }],
  }),
  dos: aPlan({
    architecture: "i386",
    board: "i440fx",
    memoryMiB: 64,
    disks: [disk(1, "ide", { format: "raw" })],
    drives: [
      { slot: "floppy0", kind: "floppy" },
      { slot: "cd0", kind: "cd" },
    ],
    display: "cirrus",
    sound: "sb16",
    input: "ps2",
    agent: false,
    clock: { base: "local" },
    bootOrder: ["floppy", "disk", "cd"],
  }),
  "year-2000": aPlan({
    architecture: "i386",
    board: "i440fx",
    memoryMiB: 256,
    disks: [disk(1, "ide"), disk(2, "ide")],
    drives: [{ slot: "cd0", kind: "cd" }],
    sound: "ac97",
    clock: { startAt: "2001-10-25T09:00:00" },
    serialPorts: 2,
    nics: [nic(1, "rtl8139"), nic(2, "pcnet"), nic(3, "ne2k_isa")],
  }),
  "many-cards": aPlan({
    memoryMiB: 64,
    nics: [nic(1, "virtio"), nic(2, "e1000e"), nic(3, "e1000"), nic(8, "virtio")],
    bootOrder: ["network", "disk"],
  }),
  "all-disks": aPlan({
    memoryMiB: 512,
    disks: [disk(1, "virtio"), disk(2, "scsi"), disk(3, "sata"), disk(4, "nvme"), disk(5, "virtio", { readOnly: true, format: "raw" })],
    drives: [
      { slot: "cd0", kind: "cd" },
      { slot: "cd1", kind: "cd" },
    ],
    bootOrder: ["cd", "disk"],
  }),
  headless: aPlan({ memoryMiB: 64, display: "none", serialPorts: 1, agent: false, input: "ps2", clock: { offsetSeconds: -86_400 } }),
};

/** QEMUs for other processors, as the probe would find them; the devices of all of them in one. */
export const foreignCapabilities: QemuCapabilities = {
  ...capabilities,
  binary: "/usr/bin/qemu-system-foreign",
  machines: ["virt", "virt-7.2", "pseries-7.2", "s390-ccw-virtio-7.2", "mac99", "g3beige", "malta", "SS-5"],
  devices: "virtio-blk-pci virtio-blk-ccw virtio-blk-device scsi-hd ide-hd".split(" "),
};

const foreign = (architecture: Architecture, more: object = {}): BootPlan => {
  const usual = usualHardware(architecture);
  const bus = foreignBoard({ architecture, board: usual.board as Board })?.diskBuses[0] ?? "virtio";
  const drives = [{ slot: "cd0", kind: "cd", medium: null }];
  return aPlan({ ...usual, disks: [disk(1, bus)], drives, ...more });
};

/** The golden machines of other processors. */
export const foreignMachines: Readonly<Record<string, BootPlan>> = {
  "arm64-installer": aPlan(
    { ...usualHardware("aarch64"), directBoot: { image: "a".repeat(64), kernel: "kernel", initrd: "initrd", commandLine: "quiet" } },
    { kernel: "/i/kernel", initrd: "/i/initrd" },
  ),
  "arm64-uefi": foreign("aarch64", { firmware: "uefi" }),
  arm: foreign("arm"),
  riscv64: foreign("riscv64", { cpus: 2 }),
  ppc64le: foreign("ppc64le", { nics: [nic(1, "virtio")] }),
  "mac-g4": foreign("ppc", { nics: [nic(1, "virtio")] }),
  "mac-g3": foreign("ppc", { board: "g3beige", memoryMiB: 256 }),
  s390x: foreign("s390x"),
  mips: foreign("mips"),
  mipsel: foreign("mipsel", { display: "none" }),
  mips64el: foreign("mips64el", { display: "none" }),
  m68k: foreign("m68k"),
  sparc: foreign("sparc", { nics: [nic(1, "virtio")] }),
  loongarch64: foreign("loongarch64"),
};

/** One argument group per block, its reason first: made to be read. */
export const goldenText = (parts: readonly ArgvPart[]): string =>
  parts.map((part) => `# ${part.because}\n${part.args.join("\n")}\n`).join("\n");

export { chooseFirmware };
