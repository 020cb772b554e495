// A machine: what was asked for (record) and what is observed (view).
import { z } from "zod";
import { Growth } from "./growth.ts";
import { HardwareSpec } from "./hardware.ts";
import { Accelerator, Isolation } from "./isolation.ts";
import { MomentRetention } from "./moment-retention.ts";
import { MomentRoutine } from "./moment-routine.ts";
import { Name } from "./name.ts";
import { Power } from "./power.ts";
import { Readiness } from "./readiness.ts";

export const MachineIdText = z.string().regex(/^mch_[0-9a-z]{26}$/);

/** What a machine's folder says of it (`machine.json`). */
export const MachineRecord = z.strictObject({
  id: MachineIdText,
  name: Name,
  createdAt: z.iso.datetime(),
  /** The system it was made from, when it was made from the catalogue. */
  system: z.string().max(63).optional(),
  note: z.string().max(2000).default(""),
  hardware: HardwareSpec,
  readiness: Readiness,
  /** How to log in, when Mimic set it up; never a password that a person chose. */
  login: z.strictObject({ user: z.string().max(32), shell: z.enum(["hvc", "serial", "none"]).default("none") }).optional(),
  /** The template it was made from. */
  origin: z
    .strictObject({
      template: z.string().max(40),
      generation: z.int().min(1),
      /** Of a disposable one: why its first start did not go on from the template's memory. */
      switchedOnBecause: z.string().max(400).optional(),
    })
    .optional(),
  /**
   * What it writes vanishes when it stops; with “machine” the machine itself does too. With “disks” it begins at each start
   * with the newest generation of its template, and only disks that say so (`keeps`) stay: it follows the template.
   */
  forgets: z.enum(["machine", "disks"]).optional(),
  /** The machine whose disks it tries on other hardware: that one is not started meanwhile. */
  tries: MachineIdText.optional(),
  /** The moment that its present stands on. */
  moment: z.string().max(40).optional(),
  /** How often moments of it are kept by Mimic itself. */
  routine: MomentRoutine.optional(),
  /** How long moments stay that Mimic keeps before something; absent = as is usual. */
  retention: MomentRetention.optional(),
  /** It went back to this moment and has not been started since: if nothing changes, its next start goes on from its memory. */
  wakes: z.string().max(40).optional(),
  /** It sleeps: its next start goes on from this moment. */
  asleep: z.string().max(40).optional(),
});
export type MachineRecord = z.infer<typeof MachineRecord>;

/** The QEMU that runs a machine (`run.json`): enough to find it again after the daemon died. */
export const RunRecord = z.strictObject({
  bootId: z.string(),
  pid: z.int().positive(),
  /** Field 22 of /proc/PID/stat: together with the pid it names one process for ever. */
  startTicks: z.string().regex(/^\d+$/),
  /** Random per launch, carried in QEMU's `-name`. */
  cookie: z.string().regex(/^[0-9a-f]{16}$/),
  startedAt: z.iso.datetime(),
  qemuVersion: z.string(),
  accelerator: Accelerator,
  confined: z.boolean(),
  uid: z.int(),
  /** The hardware that this QEMU has now; differs from the record in what waits for the next start. */
  hardware: HardwareSpec,
  /** What it was started with for growth; absent = by a Mimic that prepared nothing. */
  growth: Growth.optional(),
  usableBy: z.string().optional(),
  usableAt: z.iso.datetime().optional(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** What the three doors show of a machine. */
export const MachineView = z.object({
  id: MachineIdText,
  name: Name,
  createdAt: z.iso.datetime(),
  system: z.string().optional(),
  systemName: z.string().optional(),
  note: z.string(),
  hardware: HardwareSpec,
  hardwareInWords: z.string(),
  readiness: Readiness,
  login: MachineRecord.shape.login,
  power: Power,
  /** Why it is in this state, in plain words. */
  because: z.string(),
  trouble: z.enum(["diskFull", "diskError", "guestPanicked"]).optional(),
  since: z.iso.datetime(),
  /** Set once it is usable in this run: by which sign. */
  usableBy: z.string().optional(),
  /** Why people cannot work with it, although it gave its sign. */
  notUsable: z.string().optional(),
  accelerator: Accelerator.optional(),
  isolation: Isolation.optional(),
  /** Changed hardware that applies at the next start. */
  pending: z.array(z.string()),
  /** While it runs: what it really has now, and what it can take. */
  runs: z.object({ hardware: HardwareSpec, growth: Growth.optional() }).optional(),
  /** Bytes of its own disks on this computer. */
  diskBytes: z.number(),
  /** The job that works on it now. */
  job: z.string().optional(),
  /** Where each card's cable leads (a network's name), and the addresses that it has there. */
  links: z.array(z.object({ nic: z.string(), network: z.string().nullable(), addresses: z.array(z.string()) })),
  origin: MachineRecord.shape.origin,
  /** While its template is there: its name, the generation that this machine stands on, and the newest one. */
  madeFrom: z.object({ template: Name, generation: z.int(), newest: z.int() }).optional(),
  forgets: MachineRecord.shape.forgets,
  tries: MachineRecord.shape.tries,
  asleep: z.boolean().optional(),
});
export type MachineView = z.infer<typeof MachineView>;

/** What became of one wish: done in the running machine, or written down for its next start, and why. */
export const HardwareChangeReport = z.object({ what: z.string(), when: z.enum(["live", "later"]), why: z.string() });
export type HardwareChangeReport = z.infer<typeof HardwareChangeReport>;

/** One part of a machine, and whether it can be changed: one table for API, command line and browser. */
export const HardwareRow = z.object({
  part: z.string(),
  what: z.string(),
  change: z.enum(["now", "afterRestart", "never"]),
  why: z.string(),
});
export type HardwareRow = z.infer<typeof HardwareRow>;

/** One sample of a running machine's load. */
export const LoadSample = z.object({
  at: z.iso.datetime(),
  /** 1 = one core of this computer. */
  cpuCores: z.number(),
  memoryBytes: z.number(),
  diskReadBytesPerSecond: z.number(),
  diskWriteBytesPerSecond: z.number(),
});
export type LoadSample = z.infer<typeof LoadSample>;
