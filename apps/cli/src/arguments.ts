// Arguments and options that several verbs share, and how texts of a person become numbers.
import { parseSize } from "@mimic/base";
import type { ArgumentSpec, OptionSpec } from "./command.ts";
import { UsageError } from "./say.ts";

export const MACHINE: ArgumentSpec = {
  name: "name",
  about: "the machine's name, or a beginning of it that fits only one",
  completes: "machine",
};
export const MACHINES: ArgumentSpec = { ...MACHINE, about: "one or more machines", many: true };
export const IMAGE: ArgumentSpec = {
  name: "image",
  about: "the image's name or digest, or a beginning that fits only one",
  completes: "image",
};
export const NETWORK: ArgumentSpec = {
  name: "network",
  about: "the network's name, or a beginning of it that fits only one",
  completes: "network",
};
export const SYSTEM: ArgumentSpec = { name: "system", about: "a system of the catalogue (mimic os ls)", completes: "system" };
export const JOB: ArgumentSpec = { name: "job", about: "the job's id (mimic jobs)", completes: "job" };
export const TRASHED: ArgumentSpec = { name: "entry", about: "the machine's name, or the entry's id", completes: "trash" };

export const TEMPLATE: ArgumentSpec = { name: "template", about: "the template's name (mimic template ls)", completes: "template" };

export const STORAGE: ArgumentSpec = { name: "storage", about: "the storage's name (mimic storage ls)", completes: "storage" };

export const GRACE: OptionSpec = { flags: "--grace <time>", about: "how long its system may take: 30s, 5m", completes: "nothing" };
export const THEN_KILL: OptionSpec = { flags: "--then-kill", about: "end it when it has not shut down by then" };
export const YES: OptionSpec = { flags: "-y, --yes", about: "do not ask" };

export const ARCHES = [
  "amd64",
  "i386",
  "arm64",
  "arm",
  "riscv64",
  "ppc64le",
  "ppc",
  "s390x",
  "mips",
  "mipsel",
  "mips64el",
  "m68k",
  "sparc",
  "loongarch64",
];

export const HARDWARE: readonly OptionSpec[] = [
  { flags: "--cpus <count>", about: "processors", completes: ["1", "2", "4", "8"] },
  { flags: "--memory <size>", about: "memory: 512M, 2G", completes: ["512M", "1G", "2G", "4G"] },
  {
    flags: "--arch <processor>",
    about: "amd64, i386, arm64, arm, riscv64, ppc64le, ppc, s390x, mips, mipsel, mips64el, m68k, sparc or loongarch64",
    completes: ARCHES,
  },
  {
    flags: "--board <board>",
    about: "q35 (a PC of today), i440fx (of the nineties), or a board of another processor",
    completes: ["q35", "i440fx", "virt", "pseries", "mac99", "g3beige", "s390-ccw", "malta", "ss5"],
  },
  { flags: "--firmware <kind>", about: "bios or uefi", completes: ["bios", "uefi"] },
  { flags: "--secure-boot <on|off>", about: "only signed systems start (needs uefi)", completes: ["on", "off"] },
  { flags: "--tpm <on|off>", about: "a trusted platform module", completes: ["on", "off"] },
  { flags: "--cpu-model <model>", about: "quick, best (whatever can be had), or QEMU's name", completes: ["quick", "best"] },
  {
    flags: "--cpu-limit <percent>",
    about: "at most this share of this computer: 50 = half a core, 0 = no limit",
    completes: ["50", "100", "0"],
  },
  {
    flags: "--display-size <size>",
    about: "what its pretended monitor prefers: 1024x768",
    completes: ["800x600", "1024x768", "1280x800", "1920x1080"],
  },
  { flags: "--display <card>", about: "vga, virtio, cirrus or none", completes: ["vga", "virtio", "cirrus", "none"] },
  { flags: "--sound <card>", about: "none, hda, ac97, sb16 or speaker", completes: ["none", "hda", "ac97", "sb16", "speaker"] },
  { flags: "--input <kind>", about: "usb (follows the pointer) or ps2 (old systems)", completes: ["usb", "ps2"] },
  { flags: "--boot <order>", about: "what is tried first, with commas: cd,disk", completes: ["disk", "cd,disk", "floppy,disk"] },
  { flags: "--note <text>", about: "a note to yourself", completes: "nothing" },
];

const usage = (message: string, hint: string): UsageError => new UsageError("cli.usage", message, { hint });

/** Bytes. */
export function readSize(option: string, text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined) throw usage(`${option} takes a size, and “${text.slice(0, 40)}” is none.`, "Write it like 512M, 2G or 20GB.");
  return bytes;
}

/** `range`: from and to, both allowed. */
export function readCount(option: string, text: string, range?: readonly [number, number]): number {
  if (!/^\d{1,9}$/.test(text))
    throw usage(`${option} takes a whole number, and “${text.slice(0, 40)}” is none.`, `For example: ${option} 2`);
  const count = Number(text);
  if (range && (count < range[0] || count > range[1]))
    throw usage(
      `${option} takes a whole number from ${range[0]} to ${range[1]}, and ${count} is none of these.`,
      `For example: ${option} 2`,
    );
  return count;
}

/** The number of an event: it goes on through all of this computer's days, so it is longer than a count. */
export function readSeq(option: string, text: string): string {
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return text;
  throw usage(
    `${option} takes the number of an event, and “${text.slice(0, 40)}” is none.`,
    "Each event has its own as “seq”: mimic events --json",
  );
}

/** Milliseconds from “30s”, “5m”, “1h”, “500ms”; a bare number means seconds. */
export function readTime(option: string, text: string): number {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|min|h)?$/.exec(text);
  if (!match) throw usage(`${option} takes a time, and “${text.slice(0, 40)}” is none.`, "Write it like 30s, 5m or 1h.");
  const scale = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }[(match[2] ?? "s") as "ms"];
  return Math.round(Number(match[1]) * scale);
}

export function readChoice<const T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined)
    throw usage(
      `${option} takes ${choices.join(", ")}, and “${text.slice(0, 40)}” is none of them.`,
      `For example: ${option} ${choices[0]}`,
    );
  return found;
}

export const readSwitch = (option: string, text: string): boolean => readChoice(option, text, ["on", "off"]) === "on";
