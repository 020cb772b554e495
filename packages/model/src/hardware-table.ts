// The one table of what can be changed when: now, at the next start, or not with this hardware, and why. Pure; it
// serves the workbench (which obeys it), the API, the command line, the browser and the tests.
import { formatSize, mib, unreachable } from "@mimic/base";
import { ARCHITECTURES, foreignBoard, noSoundWords, soundCardsFor } from "./architectures.ts";
import { cpuModelWords } from "./cpu-models.ts";
import { GROWABLE_FROM_MIB, type Growth, placeOf } from "./growth.ts";
import type { DiskBus, DiskSpec, HardwareSpec } from "./hardware.ts";
import type { HardwareRow } from "./machine.ts";

export interface HardwareFacts {
  /** What the record asks for. */
  readonly wanted: HardwareSpec;
  /** While it runs: what it has now, and what it was prepared for. */
  readonly runs?: { readonly hardware: HardwareSpec; readonly growth?: Growth | undefined } | undefined;
}

/** Parts of which there is one: each stands in `HardwareSpec` under this name. */
export const WHOLE_PARTS = [
  "board",
  "architecture",
  "firmware",
  "secureBoot",
  "tpm",
  "cpuModel",
  "cpuLimitPercent",
  "display",
  "displaySize",
  "sound",
  "input",
  "serialPorts",
  "agent",
  "clock",
  "bootOrder",
] as const satisfies readonly (keyof HardwareSpec)[];
export type WholePart = (typeof WHOLE_PARTS)[number];

export type HardwareChange =
  | { readonly part: "cpus"; readonly to: number }
  | { readonly part: "memoryMiB"; readonly to: number }
  | { readonly part: "addDisk"; readonly bus: DiskBus }
  | { readonly part: "removeDisk" | "growDisk" | "limitDisk"; readonly id: string }
  | { readonly part: "addDrive" }
  | { readonly part: "bus"; readonly to: DiskBus }
  | { readonly part: "medium" }
  | { readonly part: "addUsb" | "removeUsb" | "lendUsb" }
  | { readonly part: "sound"; readonly to?: HardwareSpec["sound"] | undefined }
  | { readonly part: Exclude<WholePart, "sound"> };

export interface WhenCan {
  readonly when: HardwareRow["change"];
  readonly why: string;
}

const now = (why: string): WhenCan => ({ when: "now", why });
const later = (why: string): WhenCan => ({ when: "afterRestart", why });
const never = (why: string): WhenCan => ({ when: "never", why });

const OFF = "The machine is off.";
const NO_SOCKETS = "This board has no sockets that take devices while it runs.";
const OLD_START = "It was started by an older Mimic, which prepared nothing for it.";

/** May this be changed, and when? For a machine that is off the answer is “now” or “never”. */
export function whenCanChange(change: HardwareChange, facts: HardwareFacts): WhenCan {
  const impossible = notWithThis(change, facts.wanted);
  if (impossible) return impossible;
  const { runs } = facts;
  if (runs === undefined) return now(offWords(change, facts.wanted));
  const { hardware, growth } = runs;
  switch (change.part) {
    case "medium":
      return now("A medium can be changed at any time; the drive itself stays.");
    case "cpus":
      return cpus(change.to, hardware, growth);
    case "memoryMiB":
      return memory(change.to, hardware, growth);
    case "addDisk":
      return diskAdd(change.bus, growth);
    case "removeDisk":
      return diskRemove(
        hardware.disks.find((disk) => disk.id === change.id),
        growth,
        hardware,
      );
    case "growDisk":
      return diskGrow(hardware.disks.find((disk) => disk.id === change.id));
    case "limitDisk":
      return diskLimit(hardware.disks.find((disk) => disk.id === change.id));
    case "bus":
      return later("Disks that are built in are plugged otherwise while the machine is off.");
    case "addDrive":
      return later("A drive is built in while the machine is off.");
    case "addUsb":
    case "removeUsb":
      if (growth === undefined) return later(OLD_START);
      return growth.usbPorts > 0 ? now("A guest that knows USB notices it at once.") : later("It was started without a USB controller.");
    case "lendUsb":
      if (growth === undefined) return later(OLD_START);
      return growth.usbPorts > 0
        ? now("It is lent until it is taken back or the machine stops; this computer cannot use it meanwhile.")
        : later("It was started without a USB controller.");
    case "displaySize":
      return displaySize(hardware);
    case "cpuLimitPercent":
      return now("This computer's kernel holds it to that share, where it can.");
    default:
      return later(LATER_WORDS[change.part]);
  }
}

const LATER_WORDS: Readonly<Record<Exclude<WholePart, "cpuLimitPercent" | "displaySize">, string>> = {
  board: "A running system would not survive it; it applies at the next start.",
  architecture: "A running system would not survive it; it applies at the next start.",
  firmware: "It is the first program that runs; it applies at the next start.",
  secureBoot: "It is looked at only at power-on.",
  tpm: "A running system would not survive it; it applies at the next start.",
  cpuModel: "A running system would not survive it; it applies at the next start.",
  display: "A graphics card is built in while the machine is off.",
  sound: "A sound card is built in while the machine is off.",
  input: "The guest looks for them at power-on.",
  serialPorts: "The guest looks for them at power-on.",
  agent: "The channel is built in while the machine is off.",
  clock: "The guest read it at power-on; it applies at the next start.",
  bootOrder: "It is looked at only at power-on.",
};

/** What no restart helps with. */
function notWithThis(change: HardwareChange, wanted: HardwareSpec): WhenCan | undefined {
  const { board, input, disks, firmware, display } = wanted;
  if (change.part === "displaySize" && display === "none") return never("It has no screen.");
  if (change.part === "displaySize" && display === "cirrus")
    return never("A Cirrus card asks no monitor: the guest chooses the size by itself.");
  if ((change.part === "addUsb" || change.part === "lendUsb") && board !== "q35")
    return never("This board's USB controller has only two ports, for keyboard and pointer.");
  if ((change.part === "addUsb" || change.part === "lendUsb") && input === "ps2")
    return never("It has no USB controller; give it a USB keyboard and pointer first.");
  if (change.part === "addDisk" && change.bus === "usb" && (board !== "q35" || input === "ps2"))
    return never("It has no USB controller with a free port; give it a USB keyboard and pointer first.");
  if (change.part === "addDisk" && disks.length >= 16) return never("A machine has at most sixteen disks.");
  if (change.part === "bus" && change.to === "usb" && (board !== "q35" || input === "ps2"))
    return never("It has no USB controller with free ports; give it a USB keyboard and pointer first.");
  if (change.part === "bus" && change.to === "nvme" && board === "i440fx" && firmware === "bios")
    return never("The BIOS of this board does not start from NVMe; choose UEFI or another bus.");
  const foreign = foreignBoard(wanted);
  // To take one out is always right.
  if (change.part === "sound" && foreign && change.to !== "none" && !soundCardsFor(wanted).includes(change.to ?? "hda"))
    return never(noSoundWords(foreign));
  if (change.part === "secureBoot" && firmware === "bios") return never("Secure Boot is a part of UEFI; choose UEFI first.");
  return undefined;
}

const BUS_DRIVERS: Readonly<Record<DiskBus, string>> = {
  virtio: "drivers for virtio, which Windows and old systems lack; Linux calls the disk vda",
  scsi: "drivers for virtio SCSI; Linux calls the disk sda",
  sata: "a driver for AHCI, which systems since about 2006 have; Linux calls the disk sda",
  ide: "a driver for IDE, which nearly every system has; Linux calls the disk sda",
  nvme: "a driver for NVMe, which systems since about 2014 have; Linux calls the disk nvme0n1",
  usb: "to be able to start from USB; Linux calls the disk sda",
};

const NOTICE: Partial<Record<HardwareChange["part"], string>> = {
  board: "Its system may notice: drivers, disk names and activation hang on the board. Try it first.",
  architecture: "A system starts only on the kind of processor that it was made for.",
  firmware: "An installed system starts only with the firmware that it was installed with, unless it was prepared for both.",
  display: "Its system may need another driver for the screen; until then it shows plain VGA.",
  cpuModel: "A system that was built for one processor may miss what another does not have.",
};

function offWords(change: HardwareChange, wanted: HardwareSpec): string {
  if (change.part === "lendUsb") return "A device is lent to a machine that runs: start it first.";
  if (wanted.disks.length === 0) return OFF;
  if (change.part === "bus") return `Its system needs ${BUS_DRIVERS[change.to]}. Try it first.`;
  return NOTICE[change.part] ?? OFF;
}

function displaySize({ display }: HardwareSpec): WhenCan {
  return display === "virtio"
    ? now("A guest whose driver follows its monitor (virtio graphics: Linux has it) changes at once; another keeps its size.")
    : later("The VGA card cannot tell its guest another size; the virtio one can. The guest asks its monitor at power-on.");
}

function cpus(to: number, { cpus: has, board }: HardwareSpec, growth: Growth | undefined): WhenCan {
  if (growth === undefined) return later(OLD_START);
  if (to > growth.maxCpus)
    return later(
      board === "q35" ? `It was started with ${growth.maxCpus} places for processors.` : "This board takes no processors while it runs.",
    );
  if (to < has) return now("The guest stops using them, when its agent answers; they are taken out at the next start.");
  return now(`${growth.maxCpus} places are prepared; the guest brings them into use, when its agent answers.`);
}

function memory(to: number, _has: HardwareSpec, growth: Growth | undefined): WhenCan {
  if (growth === undefined) return later(OLD_START);
  if (growth.sockets === 0) return later("This board takes and gives back no memory while it runs.");
  if (to > growth.startMemoryMiB && growth.maxMemoryMiB <= growth.startMemoryMiB)
    return later(
      `Machines that start with less than ${formatSize(mib(GROWABLE_FROM_MIB))} have no places for more: these would cost them memory.`,
    );
  if (to > growth.maxMemoryMiB) return later(`It was started with places for ${formatSize(mib(growth.maxMemoryMiB))}.`);
  return now(
    to < growth.startMemoryMiB
      ? "The guest gives it back, when its system has the driver (virtio balloon)."
      : "The guest takes it into use, when its system has the driver (virtio-mem).",
  );
}

function diskAdd(bus: DiskBus, growth: Growth | undefined): WhenCan {
  switch (bus) {
    case "virtio":
    case "nvme":
    case "scsi":
      if (growth === undefined) return later(OLD_START);
      return growth.sockets > 0 ? now("It goes into a free socket.") : later(NO_SOCKETS);
    case "usb":
      if (growth === undefined) return later(OLD_START);
      return growth.usbPorts > 0 ? now("It goes into a free USB port.") : later("It was started without a USB controller.");
    case "sata":
    case "ide":
      return later("QEMU's SATA and IDE connectors take no disk while it runs; virtio, SCSI, NVMe and USB do.");
    default:
      return unreachable(bus);
  }
}

function diskRemove(disk: DiskSpec | undefined, growth: Growth | undefined, { board }: HardwareSpec): WhenCan {
  if (disk === undefined) return now("The running machine does not have it.");
  if (growth === undefined) return later(OLD_START);
  if (disk.bus === "sata" || disk.bus === "ide") return later("A SATA or IDE disk cannot be pulled out while it runs.");
  if (disk.bus === "scsi" || disk.bus === "usb") return now("The guest should have unmounted it.");
  if (board !== "q35") return later(NO_SOCKETS);
  return disk.at === undefined
    ? later("It is built into the board: only disks that were plugged in while it runs can be pulled out.")
    : now("The guest lets go of it first; it should have unmounted it.");
}

function diskGrow(disk: DiskSpec | undefined): WhenCan {
  if (disk === undefined) return later("The running machine does not have it.");
  return disk.bus === "virtio" || disk.bus === "scsi"
    ? now("The guest sees the new size at once; with its agent, its file system grows too.")
    : later(`The guest learns the size of a ${BUS_WORDS[disk.bus]} disk only at power-on.`);
}

function diskLimit(disk: DiskSpec | undefined): WhenCan {
  if (disk === undefined) return later("The running machine does not have it.");
  return disk.bus === "usb"
    ? later("The limit of a USB disk is set when it is plugged in.")
    : now("The guest notices nothing but slowness.");
}

const BUS_WORDS: Readonly<Record<DiskBus, string>> = {
  virtio: "virtio",
  scsi: "SCSI",
  sata: "SATA",
  ide: "IDE",
  nvme: "NVMe",
  usb: "USB",
};

/** Every part of a machine in one list, with what can be changed when. */
export function hardwareRows(facts: HardwareFacts): readonly HardwareRow[] {
  const { wanted } = facts;
  const row = (part: string, what: string, change: HardwareChange): HardwareRow => {
    const { when, why } = whenCanChange(change, facts);
    return { part, what, change: when, why };
  };
  const whole = (key: WholePart, part: string, what: string) => row(part, what, { part: key });
  const { firmware, secureBoot, clock } = wanted;
  return [
    whole("board", "board", boardWords(wanted)),
    whole("architecture", "architecture", ARCHITECTURES[wanted.architecture].words),
    whole("firmware", "firmware", `${firmware === "uefi" ? "UEFI" : "BIOS"}${secureBoot ? " with Secure Boot" : ""}`),
    whole("tpm", "security chip (TPM)", wanted.tpm ? "TPM 2.0" : "none"),
    row("processor cores", `${wanted.cpus}`, { part: "cpus", to: wanted.cpus }),
    whole("cpuModel", "processor model", cpuModelWords(wanted.cpuModel)),
    whole("cpuLimitPercent", "processor limit", wanted.cpuLimitPercent === 0 ? "none" : `${wanted.cpuLimitPercent} % of a core`),
    row("memory", formatSize(mib(wanted.memoryMiB)), { part: "memoryMiB", to: wanted.memoryMiB }),
    ...wanted.disks.map((disk) => row(`disk ${placeOf(wanted.disks, disk.id) + 1}`, diskWords(disk), { part: "removeDisk", id: disk.id })),
    ...wanted.drives.map((drive) =>
      row(drive.slot, `${drive.kind === "cd" ? "CD" : "floppy"} drive, ${drive.medium ? "with a medium" : "empty"}`, { part: "medium" }),
    ),
    ...wanted.usb.map((device) => row("USB", device.kind, { part: "removeUsb" })),
    row("another disk", "virtio", { part: "addDisk", bus: "virtio" }),
    row("another USB device", wanted.input === "usb" ? "a free port" : "no controller", { part: "addUsb" }),
    row("USB device of this computer", "lent when you say so", { part: "lendUsb" }),
    whole("display", "display", wanted.display),
    whole("displaySize", "display size", `${wanted.displaySize.width} × ${wanted.displaySize.height}`),
    whole("sound", "sound", wanted.sound),
    {
      part: "joystick",
      what: "none",
      change: "never",
      why: "QEMU imitates no joystick. In the browser a gamepad presses keys instead, which games take too.",
    },
    whole("input", "keyboard and pointer", wanted.input === "usb" ? "USB tablet and keyboard" : "PS/2 mouse and keyboard"),
    whole("serialPorts", "serial ports", `${wanted.serialPorts}`),
    whole("agent", "guest agent", wanted.agent ? "channel present" : "none"),
    whole("clock", "clock", clock.startAt ?? clock.base),
    whole("bootOrder", "boot order", wanted.directBoot ? "kernel given directly" : wanted.bootOrder.join(", ")),
  ];
}

function boardWords(wanted: HardwareSpec): string {
  const foreign = foreignBoard(wanted);
  return `${wanted.board}${wanted.machineType ? ` (${wanted.machineType})` : ""}${foreign ? `: ${foreign.words}. ${foreign.known}` : ""}`;
}

function diskWords(disk: DiskSpec): string {
  const limits = disk.limits;
  const words = [`${BUS_WORDS[disk.bus]}, ${formatSize(disk.sizeBytes)}`];
  if (disk.readOnly) words.push("read-only");
  if (limits?.bytesPerSecond) words.push(`at most ${formatSize(limits.bytesPerSecond)} a second`);
  if (limits?.operationsPerSecond) words.push(`at most ${limits.operationsPerSecond} operations a second`);
  return words.join(", ");
}
