// One table for all doors: each part of a machine, and whether it can be changed now, after a restart, or never.
import { formatSize, mib } from "@mimic/base";
import type { HardwareRow, HardwareSpec } from "@mimic/model";

export function hardwareRows(hardware: HardwareSpec, running: boolean): readonly HardwareRow[] {
  const row = (part: string, what: string, change: HardwareRow["change"], why: string): HardwareRow => ({ part, what, change, why });
  const off: HardwareRow["change"] = running ? "afterRestart" : "now";
  const later = running ? "A running system would not survive it; it applies at the next start." : "The machine is off.";
  const rows = [
    row(
      "board",
      `${hardware.board}${hardware.machineType ? ` (${hardware.machineType})` : ""}`,
      "never",
      "An installed system is bound to its board; make a new machine for another one.",
    ),
    row(
      "architecture",
      hardware.architecture === "x86_64" ? "64-bit PC" : "32-bit PC",
      "never",
      "An installed system is made for one kind of processor.",
    ),
    row(
      "firmware",
      `${hardware.firmware === "uefi" ? "UEFI" : "BIOS"}${hardware.secureBoot ? " with Secure Boot" : ""}`,
      "never",
      "An installed system starts only with the firmware that it was installed with.",
    ),
    row("security chip (TPM)", hardware.tpm ? "TPM 2.0" : "none", off, later),
    row("processor cores", `${hardware.cpus}`, off, later),
    row("processor model", hardware.cpuModel === "best" ? "the best there is" : hardware.cpuModel, off, later),
    row("memory", formatSize(mib(hardware.memoryMiB)), off, later),
    ...hardware.disks.map((disk, i) =>
      row(`disk ${i + 1}`, `${disk.bus}, ${formatSize(disk.sizeBytes)}${disk.readOnly ? ", read-only" : ""}`, off, later),
    ),
    ...hardware.drives.map((drive) =>
      row(
        `${drive.slot}`,
        `${drive.kind === "cd" ? "CD" : "floppy"} drive, ${drive.medium ? "with a medium" : "empty"}`,
        "now",
        "A medium can be changed at any time; the drive itself stays.",
      ),
    ),
    row("display", hardware.display, off, later),
    row("sound", hardware.sound, off, later),
    row("keyboard and pointer", hardware.input === "usb" ? "USB tablet and keyboard" : "PS/2 mouse and keyboard", off, later),
    row("serial ports", `${hardware.serialPorts}`, off, later),
    row("guest agent", hardware.agent ? "channel present" : "none", off, later),
    row(
      "clock",
      hardware.clock.startAt ?? hardware.clock.base,
      off,
      running ? "The guest read it at power-on; it applies at the next start." : later,
    ),
    row(
      "boot order",
      hardware.directBoot ? "kernel given directly" : hardware.bootOrder.join(", "),
      off,
      running ? "It is looked at only at power-on." : later,
    ),
  ];
  return rows;
}
