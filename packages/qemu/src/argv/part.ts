// The words of QEMU's command line as data: groups of arguments, each with its reason. The only place that
// knows QEMU's quoting: JSON where it takes JSON (-blockdev -device -object -netdev -audiodev), and doubled
// commas in the old key=value form. Nothing else may join strings into options.
import type { HardwareSpec, MachineRecord } from "@mimic/model";
import type { QemuCapabilities } from "../capabilities.ts";
import type { FirmwareFiles } from "../firmware.ts";

export interface ArgvPart {
  readonly args: readonly string[];
  /** Why it is there, for people: `mimic explain`. */
  readonly because: string;
}

/** Everything argv depends on. No part of it is read from anywhere else. */
export interface ArgvContext {
  readonly record: MachineRecord;
  readonly hardware: HardwareSpec;
  readonly capabilities: QemuCapabilities;
  readonly accelerator: "tcg" | "kvm";
  /** Descriptor numbers of the files that QEMU inherits, by key (see files.ts). */
  readonly fds: ReadonlyMap<string, number>;
  /** The run directory as QEMU sees it: “/m” in the jail. */
  readonly run: string;
  /** The machine's net folder as QEMU sees it: “/n” in the jail. */
  readonly net: string;
  /** Random per launch, and which installation of Mimic it belongs to. */
  readonly cookie: string;
  readonly installation: string;
  readonly nowMs: number;
  /** Minutes that local time is ahead of UTC now. */
  readonly zoneMinutes: number;
  readonly firmware: FirmwareFiles | undefined;
  /** True when the system-call filter can be used. */
  readonly seccomp: boolean;
  /** It goes on from a saved state instead of being switched on; its memory may come from a file ("memory" in `fds`). */
  readonly resumes?: boolean;
  /** A restart of the guest ends it: nothing is there to begin from again. */
  readonly endsAtRestart?: boolean;
  /** Disks that are encrypted with a key that exists only in memory ("key:<disk>" in `fds`). */
  readonly encrypted?: ReadonlySet<string>;
  /** Memory is a file that what happens in it stays in: only to turn a saved state into a template's. */
  readonly sharedMemory?: boolean;
}

type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };
export type JsonOptions = Readonly<Record<string, JsonValue | undefined>>;

/** `-device {json}` and its kin: whatever stands in a value stays a value. Undefined members are left out. */
export const json = (flag: "-blockdev" | "-device" | "-object" | "-netdev" | "-audiodev", options: JsonOptions): readonly string[] => [
  flag,
  JSON.stringify(options),
];

/** `key=value,…` for options without a JSON form; commas in values are doubled (QEMU's own escape). */
export function keyValue(first: string | undefined, options: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const words = first === undefined ? [] : [doubled(first)];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    words.push(`${key}=${doubled(typeof value === "boolean" ? (value ? "on" : "off") : String(value))}`);
  }
  return words.join(",");
}

const doubled = (value: string): string => value.replaceAll(",", ",,");

export const part = (because: string, ...args: readonly (readonly string[])[]): ArgvPart => ({ args: args.flat(), because });

export const fdOf = (context: ArgvContext, key: string): number => {
  const fd = context.fds.get(key);
  if (fd === undefined) throw new Error(`no descriptor was prepared for ${key}`);
  return fd;
};

/** Fixed places on the first PCI bus: a guest finds its devices where they were yesterday. */
export const SLOT = {
  display: 0x2,
  serial: 0x3,
  rng: 0x4,
  scsi: 0x5,
  usb: 0x6,
  rootPorts: 0x7,
  firstDisk: 0x8,
  sound: 0x1b,
  extraSata: 0x1c,
  network: 0x1d,
} as const;

export const pciBus = (context: ArgvContext): string => (context.hardware.board === "q35" ? "pcie.0" : "pci.0");
export const pciAddress = (slot: number, fn?: number): string => `0x${slot.toString(16)}${fn === undefined ? "" : `.0x${fn.toString(16)}`}`;
