// The computers that QEMU can stand in for beside the PC: for each board its processor, how devices are plugged into it,
// and what is known to work. Data: QEMU's command line, the forms of the browser and the checks are made from it.
import type { Architecture, Board, DiskBus, HardwareSpec } from "./hardware.ts";

export interface ArchitectureFacts {
  readonly words: string;
  /** QEMU's program is called `qemu-system-<program>`; the one for one foreign program `qemu-<user>`. */
  readonly program: string;
  readonly user: string;
  readonly boards: readonly [Board, ...Board[]];
}

export const ARCHITECTURES: Readonly<Record<Architecture, ArchitectureFacts>> = {
  x86_64: { words: "64-bit PC", program: "x86_64", user: "x86_64", boards: ["q35", "i440fx"] },
  i386: { words: "32-bit PC", program: "x86_64", user: "i386", boards: ["i440fx", "q35"] },
  aarch64: { words: "64-bit ARM", program: "aarch64", user: "aarch64", boards: ["virt"] },
  arm: { words: "32-bit ARM", program: "arm", user: "arm", boards: ["virt"] },
  riscv64: { words: "64-bit RISC-V", program: "riscv64", user: "riscv64", boards: ["virt"] },
  ppc64le: { words: "64-bit POWER (little-endian)", program: "ppc64", user: "ppc64le", boards: ["pseries"] },
  ppc: { words: "32-bit PowerPC", program: "ppc", user: "ppc", boards: ["mac99", "g3beige"] },
  s390x: { words: "IBM Z mainframe", program: "s390x", user: "s390x", boards: ["s390-ccw"] },
  mips: { words: "32-bit MIPS (big-endian)", program: "mips", user: "mips", boards: ["malta"] },
  mipsel: { words: "32-bit MIPS (little-endian)", program: "mipsel", user: "mipsel", boards: ["malta"] },
  mips64el: { words: "64-bit MIPS (little-endian)", program: "mips64el", user: "mips64el", boards: ["malta"] },
  m68k: { words: "Motorola 68000", program: "m68k", user: "m68k", boards: ["virt"] },
  sparc: { words: "32-bit SPARC", program: "sparc", user: "sparc", boards: ["ss5"] },
  loongarch64: { words: "LoongArch", program: "loongarch64", user: "loongarch64", boards: ["virt"] },
};

/** The words that people use for the same: Debian's, and Go's. */
const OTHER_NAMES: Readonly<Record<string, Architecture>> = {
  amd64: "x86_64",
  x86: "i386",
  i686: "i386",
  arm64: "aarch64",
  armhf: "arm",
  armv7: "arm",
  armel: "arm",
  ppc64el: "ppc64le",
  powerpc: "ppc",
  riscv: "riscv64",
  loong64: "loongarch64",
};

/** Undefined when nobody calls a processor so. */
export function readArchitecture(text: string): Architecture | undefined {
  const name = text.trim().toLowerCase();
  return Object.hasOwn(ARCHITECTURES, name) ? (name as Architecture) : OTHER_NAMES[name];
}

export const isPc = ({ architecture }: Pick<HardwareSpec, "architecture">): boolean => architecture === "x86_64" || architecture === "i386";

export interface ForeignBoard {
  readonly words: string;
  /** QEMU's `-machine`: a prefix before a version, or a name without versions. */
  readonly machine: { readonly versioned: string } | { readonly plain: string };
  readonly machineOptions?: Readonly<Record<string, string>>;
  /** How virtio devices are plugged in; undefined = the board knows no virtio. */
  readonly virtio: "pcie" | "pci" | "ccw" | "mmio" | undefined;
  /** The first is the usual one. */
  readonly diskBuses: readonly [DiskBus, ...DiskBus[]];
  /** Where its own disks and CDs sit, for boards without virtio. */
  readonly onBoard?: "ide" | "scsi";
  /** Its one network card, soldered to it: QEMU's model. Absent = cards are plugged in. */
  readonly ownCard?: "lance";
  readonly displays: readonly [HardwareSpec["display"], ...HardwareSpec["display"][]];
  /** usb: a controller of ours; virtio: without USB; board: what the board has. */
  readonly input: "usb" | "virtio" | "board";
  readonly cpu: string | undefined;
  /** Others that this QEMU imitates on it. */
  readonly otherCpus: readonly string[];
  readonly maxCpus: number;
  readonly memoryMiB: { readonly least: number; readonly most: number };
  readonly firmware: readonly HardwareSpec["firmware"][];
  readonly serialPorts: number;
  /** QEMU's security policy covers it (with hardware help). */
  readonly isCovered: boolean;
  readonly known: string;
}

const VIRTIO = { diskBuses: ["virtio", "scsi"], maxCpus: 8, serialPorts: 1 } as const;

const FOREIGN: Readonly<Partial<Record<Architecture, Readonly<Partial<Record<Board, ForeignBoard>>>>>> = {
  aarch64: {
    virt: {
      ...VIRTIO,
      words: "a board made for virtual machines",
      machine: { versioned: "virt-" },
      virtio: "pcie",
      displays: ["virtio", "none"],
      input: "usb",
      // “max” signs every return address, which costs an imitated processor dearly.
      cpu: "cortex-a72",
      otherCpus: ["cortex-a53", "cortex-a57", "cortex-a76", "neoverse-n1", "max"],
      memoryMiB: { least: 64, most: 261_120 },
      firmware: ["bios", "uefi"],
      isCovered: true,
      known: "Debian’s installer and a tiny Linux start here; systems with UEFI start from a disk or CD (--firmware uefi).",
    },
  },
  arm: {
    virt: {
      ...VIRTIO,
      words: "a board made for virtual machines",
      machine: { versioned: "virt-" },
      machineOptions: { highmem: "off" },
      virtio: "pcie",
      displays: ["virtio", "none"],
      input: "usb",
      cpu: "cortex-a15",
      otherCpus: ["cortex-a7", "max"],
      memoryMiB: { least: 64, most: 3072 },
      firmware: ["bios"],
      isCovered: true,
      known:
        "Debian’s installer and a tiny Linux start here, and kernels that are loaded directly (mimic image import FILE --kernel). It has no firmware: a disk or CD alone does not start.",
    },
  },
  riscv64: {
    virt: {
      ...VIRTIO,
      words: "a board made for virtual machines",
      machine: { plain: "virt" },
      virtio: "pcie",
      displays: ["none", "virtio"],
      input: "usb",
      cpu: "rv64",
      otherCpus: ["sifive-u54"],
      memoryMiB: { least: 64, most: 262_144 },
      firmware: ["bios"],
      isCovered: true,
      known:
        "Debian 13’s installer and a tiny Linux start here. A disk of yours starts by U-Boot: mimic new NAME --os riscv64-uboot, then mimic disk add NAME --image IMAGE.",
    },
  },
  ppc64le: {
    pseries: {
      ...VIRTIO,
      words: "an IBM Power server",
      machine: { versioned: "pseries-" },
      virtio: "pci",
      displays: ["vga", "none"],
      input: "usb",
      cpu: "power9",
      otherCpus: ["power8", "power10"],
      memoryMiB: { least: 256, most: 262_144 },
      firmware: ["bios"],
      isCovered: false,
      known: "Debian’s installer and a tiny Linux start here; its own firmware (SLOF) starts disks and CDs with Linux for ppc64el.",
    },
  },
  ppc: {
    mac99: {
      words: "a Power Mac G4 of 1999",
      machine: { plain: "mac99" },
      // Its keyboard and mouse are USB ones of the board, which is left without USB unless it is asked for.
      machineOptions: { via: "pmu", usb: "on" },
      virtio: undefined,
      diskBuses: ["ide"],
      onBoard: "ide",
      displays: ["vga", "none"],
      input: "board",
      cpu: "g4",
      otherCpus: ["g3"],
      maxCpus: 1,
      memoryMiB: { least: 64, most: 2048 },
      firmware: ["bios"],
      serialPorts: 1,
      isCovered: false,
      known:
        "Its firmware (OpenBIOS) comes to its prompt and takes what is typed; boot cd: starts a CD of yours. Mac OS X 10.0 to 10.5, NetBSD and Linux are said to work.",
    },
    g3beige: {
      words: "a Power Mac G3 of 1997",
      machine: { plain: "g3beige" },
      virtio: undefined,
      diskBuses: ["ide"],
      onBoard: "ide",
      displays: ["vga", "none"],
      input: "board",
      cpu: "g3",
      otherCpus: ["g4"],
      maxCpus: 1,
      memoryMiB: { least: 32, most: 2047 },
      firmware: ["bios"],
      serialPorts: 1,
      isCovered: false,
      known:
        "Its firmware (OpenBIOS) comes to its prompt and takes what is typed; boot cd: starts a CD of yours. Mac OS 9 and Linux are said to work.",
    },
  },
  s390x: {
    "s390-ccw": {
      ...VIRTIO,
      words: "an IBM Z mainframe",
      machine: { versioned: "s390-ccw-virtio-" },
      virtio: "ccw",
      displays: ["none", "virtio"],
      input: "virtio",
      cpu: "max",
      otherCpus: ["qemu"],
      memoryMiB: { least: 128, most: 262_144 },
      firmware: ["bios"],
      isCovered: true,
      known:
        "A tiny Linux starts here; its firmware starts disks and CDs with Linux for s390x, and says on the serial console what it finds.",
    },
  },
  mips: {
    malta: malta(
      "Kernels that are loaded directly start here (mimic image import FILE --kernel); OpenWrt’s for “malta be” is said to work. It has no firmware: a disk or CD alone does not start.",
    ),
  },
  mipsel: {
    malta: malta(
      "Debian’s installer starts here, and kernels that are loaded directly (mimic image import FILE --kernel). It has no firmware: a disk or CD alone does not start.",
    ),
  },
  mips64el: {
    malta: {
      ...malta(
        "Debian’s installer starts here, and kernels that are loaded directly (mimic image import FILE --kernel). It has no firmware: a disk or CD alone does not start.",
      ),
      cpu: "MIPS64R2-generic",
      otherCpus: ["5KEf"],
    },
  },
  m68k: {
    virt: {
      words: "a board made for virtual machines",
      machine: { versioned: "virt-" },
      virtio: "mmio",
      diskBuses: ["virtio", "scsi"],
      displays: ["none"],
      input: "virtio",
      cpu: "m68040",
      otherCpus: ["m68030", "m68060"],
      maxCpus: 1,
      memoryMiB: { least: 32, most: 3072 },
      firmware: ["bios"],
      serialPorts: 1,
      isCovered: false,
      known:
        "Kernels that are loaded directly start here (mimic image import FILE --kernel); Linux for m68k is said to work, with console=ttyGF0. It has no firmware: a disk alone does not start.",
    },
  },
  sparc: {
    ss5: {
      words: "a SPARCstation 5 of 1994",
      machine: { plain: "SS-5" },
      virtio: undefined,
      diskBuses: ["scsi"],
      onBoard: "scsi",
      ownCard: "lance",
      displays: ["none"],
      input: "board",
      cpu: undefined,
      otherCpus: [],
      maxCpus: 1,
      memoryMiB: { least: 32, most: 256 },
      firmware: ["bios"],
      serialPorts: 1,
      isCovered: false,
      known:
        "Its firmware (OpenBIOS) comes to its prompt on the serial console; boot cdrom:d starts a CD of yours. NetBSD, Linux and Solaris are said to work.",
    },
  },
  loongarch64: {
    virt: {
      ...VIRTIO,
      words: "a board made for virtual machines",
      machine: { plain: "virt" },
      virtio: "pcie",
      displays: ["virtio", "none"],
      input: "usb",
      cpu: "la464",
      otherCpus: [],
      maxCpus: 4,
      memoryMiB: { least: 1056, most: 262_144 },
      firmware: ["bios"],
      isCovered: false,
      known:
        "Kernels that are loaded directly start here (mimic image import FILE --kernel); Linux is said to work, with console=ttyS0. It has no firmware: a disk alone does not start.",
    },
  },
};

function malta(known: string): ForeignBoard {
  return {
    words: "a MIPS Malta development board",
    machine: { plain: "malta" },
    virtio: undefined,
    diskBuses: ["ide"],
    onBoard: "ide",
    displays: ["vga", "none"],
    input: "board",
    cpu: "24Kf",
    otherCpus: ["34Kf", "74Kf"],
    maxCpus: 1,
    memoryMiB: { least: 32, most: 2048 },
    firmware: ["bios"],
    serialPorts: 2,
    isCovered: false,
    known,
  };
}

/** Undefined for a PC, and for a board that this processor never sat on. */
export const foreignBoard = ({ architecture, board }: Pick<HardwareSpec, "architecture" | "board">): ForeignBoard | undefined =>
  FOREIGN[architecture]?.[board];

const PC_SOUND_CARDS = ["none", "hda", "ac97", "sb16", "speaker"] as const satisfies readonly HardwareSpec["sound"][];

/** What can be built in: a PC takes every card; on no other board is one known to work. */
export const soundCardsFor = (computer: Pick<HardwareSpec, "architecture" | "board">): readonly HardwareSpec["sound"][] =>
  foreignBoard(computer) ? ["none"] : PC_SOUND_CARDS;

/** What a machine of this processor gets when nothing else is wished for. */
export function usualHardware(architecture: Architecture): Partial<HardwareSpec> {
  const board = ARCHITECTURES[architecture].boards[0];
  const facts = foreignBoard({ architecture, board });
  if (!facts) return { architecture };
  return {
    architecture,
    board,
    display: facts.displays[0],
    input: facts.input === "usb" ? "usb" : "ps2",
    agent: facts.virtio !== undefined,
    serialPorts: 1,
    memoryMiB: Math.min(facts.memoryMiB.most, Math.max(1024, Math.ceil(facts.memoryMiB.least / 1024) * 1024)),
  };
}

export const noSoundWords = ({ words }: ForeignBoard): string => `Sound is not offered on ${words}.`;

/** Why this hardware cannot be put together; undefined = it can. */
export function misfit(hardware: HardwareSpec): string | undefined {
  const { architecture, board, cpus, memoryMiB, display, sound, firmware, disks, drives } = hardware;
  const { words, boards } = ARCHITECTURES[architecture];
  if (!boards.includes(board)) return `There is no “${board}” board with a ${words} processor; there is: ${boards.join(", ")}.`;
  const facts = foreignBoard(hardware);
  if (!facts) return undefined;
  const onIt = `on ${facts.words}`;
  if (cpus > facts.maxCpus) return `There ${facts.maxCpus === 1 ? "is one processor" : `are at most ${facts.maxCpus} processors`} ${onIt}.`;
  const { least, most } = facts.memoryMiB;
  if (memoryMiB < least || memoryMiB > most) return `It takes ${least} to ${most} MiB of memory ${onIt}.`;
  if (!facts.displays.includes(display)) return `It has no “${display}” graphics ${onIt}; there is: ${facts.displays.join(", ")}.`;
  if (!soundCardsFor(hardware).includes(sound)) return noSoundWords(facts);
  if (!facts.firmware.includes(firmware)) return `It does not start by ${firmware.toUpperCase()} ${onIt}.`;
  if (hardware.secureBoot || hardware.tpm) return `Secure Boot and a TPM are not offered ${onIt}.`;
  if (hardware.agent && facts.virtio === undefined) return `The guest agent's channel needs virtio, which is not known ${onIt}.`;
  if (hardware.serialPorts > facts.serialPorts) return `It has ${facts.serialPorts} serial port${facts.serialPorts === 1 ? "" : "s"}.`;
  const strange = disks.find(({ bus }) => !facts.diskBuses.includes(bus));
  if (strange) return `Disks are plugged in by ${facts.diskBuses.join(" or ")} ${onIt}, not by ${strange.bus}.`;
  if (facts.onBoard !== undefined && disks.length > 2) return `Two disks fit ${onIt}.`;
  if (drives.some(({ kind }) => kind === "floppy")) return `There is no floppy drive ${onIt}.`;
  return undefined;
}
