// Computers of their time: what a usual PC of a year had. QEMU has no processor older than the 486, so the earliest ones
// are quicker than they were; everything else is as the programs of the time expect it.
import { z } from "zod";
import type { HardwareSpec, MediaDrive } from "./hardware.ts";
import type { NicModel } from "./network/nic.ts";

export const Era = z.enum(["1985", "1991", "1995", "1999", "2003"]);
export type Era = z.infer<typeof Era>;

export interface EraFacts {
  readonly words: string;
  readonly hardware: Partial<HardwareSpec>;
  readonly diskBytes: number;
  /** The card that fits when it is plugged into a network. */
  readonly nic: NicModel;
}

const drive = (slot: string, kind: MediaDrive["kind"]): MediaDrive => ({ slot, kind, medium: null });
const FLOPPY = [drive("floppy0", "floppy")];
const FLOPPY_AND_CD = [...FLOPPY, drive("cd0", "cd")];

const OLD: Partial<HardwareSpec> = {
  architecture: "i386",
  board: "i440fx",
  firmware: "bios",
  cpus: 1,
  input: "ps2",
  agent: false,
  serialPorts: 1,
};
/** DOS keeps local time. The date is what a program of that year expects; it goes on from there at each power-on. */
const since = (startAt: string): Partial<HardwareSpec> => ({ clock: { base: "local", startAt, offsetSeconds: 0 } });

export const ERAS: Readonly<Record<Era, EraFacts>> = {
  "1985": {
    words: "a floppy, a small disk, a beeping speaker: the first years of the PC",
    hardware: {
      ...OLD,
      ...since("1985-06-01T09:00:00"),
      cpuModel: "486",
      memoryMiB: 2,
      display: "vga",
      sound: "speaker",
      drives: [...FLOPPY, drive("floppy1", "floppy")],
      bootOrder: ["floppy", "disk"],
    },
    diskBytes: 32 * 1024 ** 2,
    nic: "ne2k_isa",
  },
  "1991": {
    words: "a 486 with VGA, AdLib and Sound Blaster: DOS games",
    hardware: {
      ...OLD,
      ...since("1991-06-01T09:00:00"),
      cpuModel: "486",
      memoryMiB: 8,
      display: "cirrus",
      sound: "sb16",
      drives: FLOPPY,
      bootOrder: ["floppy", "disk"],
    },
    diskBytes: 120 * 1024 ** 2,
    nic: "ne2k_isa",
  },
  "1995": {
    words: "a Pentium with a CD drive and Sound Blaster 16: late DOS, Windows 95",
    hardware: {
      ...OLD,
      ...since("1995-09-01T09:00:00"),
      cpuModel: "pentium",
      memoryMiB: 32,
      display: "cirrus",
      sound: "sb16",
      drives: FLOPPY_AND_CD,
      bootOrder: ["floppy", "disk", "cd"],
    },
    diskBytes: 500 * 1024 ** 2,
    nic: "ne2k_pci",
  },
  "1999": {
    words: "a Pentium III: Windows 98, the first Linux desktops",
    hardware: {
      ...OLD,
      ...since("1999-06-01T09:00:00"),
      cpuModel: "pentium3",
      memoryMiB: 128,
      display: "cirrus",
      sound: "sb16",
      drives: FLOPPY_AND_CD,
      bootOrder: ["floppy", "cd", "disk"],
    },
    diskBytes: 4 * 1024 ** 3,
    nic: "rtl8139",
  },
  "2003": {
    words: "a PC with USB and AC97 sound: Windows XP, Knoppix",
    hardware: {
      ...OLD,
      ...since("2003-06-01T09:00:00"),
      cpuModel: "qemu32",
      memoryMiB: 512,
      display: "vga",
      sound: "ac97",
      input: "usb",
      drives: FLOPPY_AND_CD,
      bootOrder: ["cd", "disk", "floppy"],
    },
    diskBytes: 20 * 1024 ** 3,
    nic: "rtl8139",
  },
};
