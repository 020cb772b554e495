// From a wish to the hardware that is asked for, and to the steps that bring a running machine there. Pure: files are
// made and orders given elsewhere. The record always gets the whole wish; a step that cannot be done now waits there
// for the next start.
import { formatSize, type Refusal, refusal } from "@mimic/base";
import {
  type DiskSpec,
  freePlace,
  type HardwareChange,
  type HardwareFacts,
  HardwareSpec,
  type ImageRecord,
  type MachineRecord,
  misfit,
  type UsbDevice,
  WHOLE_PARTS,
  type WholePart,
  whenCanChange,
  withPlaces,
} from "@mimic/model";
import type { ChangeWish } from "../workbench.ts";
import { freeSlot } from "./compose.ts";

/** What is done to the running machine, and to the files of one that is off. */
export type LiveStep =
  | { readonly do: "plugDisk"; readonly disk: DiskSpec }
  | { readonly do: "unplugDisk"; readonly id: string }
  | { readonly do: "growDisk"; readonly disk: DiskSpec }
  | { readonly do: "limitDisk"; readonly disk: DiskSpec }
  | { readonly do: "plugUsb"; readonly device: UsbDevice }
  | { readonly do: "unplugUsb"; readonly id: string }
  | { readonly do: "setCpus"; readonly count: number }
  | { readonly do: "setMemory"; readonly memoryMiB: number }
  | { readonly do: "limitCpu"; readonly percent: number }
  | { readonly do: "setDisplaySize"; readonly size: HardwareSpec["displaySize"] };

export interface PlannedChange {
  /** “disk of 10 GiB” */
  readonly what: string;
  readonly when: "now" | "afterRestart";
  readonly why: string;
  /** Undefined where there is nothing to do but to write it down. */
  readonly step?: LiveStep | undefined;
}

export interface ChangePlan {
  readonly hardware: HardwareSpec;
  readonly changes: readonly PlannedChange[];
}

export interface PlanInput {
  readonly name: string;
  readonly facts: HardwareFacts;
  readonly wish: ChangeWish;
  /** Of a machine that begins anew at each start: a disk that is plugged in stays. */
  readonly forgets?: MachineRecord["forgets"];
  /** Under the disk that is added, where one was named. */
  readonly image?: ImageRecord | undefined;
  newId(prefix: "dsk" | "usb"): string;
}

/** Refuses with `hardware.not_possible` and the reason when a part of the wish can never be. */
export function planChange(input: PlanInput): ChangePlan | Refusal {
  const plan = new Planner(input);
  const refused = plan.parts() ?? plan.disks() ?? plan.others();
  if (refused) return refused;
  const why = misfit(plan.hardware);
  if (why !== undefined) return refusal("hardware.misfit", why, "Change the parts that hang together in one go.");
  return { hardware: plan.hardware, changes: plan.changes };
}

class Planner {
  readonly changes: PlannedChange[] = [];
  hardware: HardwareSpec;
  readonly #input: PlanInput;

  constructor(input: PlanInput) {
    this.#input = input;
    this.hardware = input.facts.wanted;
  }

  parts(): Refusal | undefined {
    const wish = this.#input.wish.hardware ?? {};
    const before = this.hardware;
    const wished = Object.entries(wish).filter(([, value]) => value !== undefined);
    if (wished.length === 0) return undefined;
    this.hardware = HardwareSpec.parse({ ...before, ...Object.fromEntries(wished) });
    // Another board is another machine type; it is pinned anew at the next start.
    if (this.hardware.board !== before.board || this.hardware.architecture !== before.architecture)
      this.hardware = { ...this.hardware, machineType: undefined };
    for (const part of WHOLE_PARTS) {
      if (wish[part] === undefined || this.#isAlready(part, before)) continue;
      const change: HardwareChange = part === "sound" ? { part, to: wish.sound } : { part };
      const refused = this.#note(PART_WORDS[part] ?? part, change, this.#stepOf(part));
      if (refused) return refused;
    }
    if (wish.cpus !== undefined) {
      const refused = this.#note(
        `${wish.cpus} ${wish.cpus === 1 ? "core" : "cores"}`,
        { part: "cpus", to: wish.cpus },
        { do: "setCpus", count: wish.cpus },
      );
      if (refused) return refused;
    }
    if (wish.memoryMiB !== undefined) {
      const to = wish.memoryMiB;
      return this.#note(`memory of ${to} MiB`, { part: "memoryMiB", to }, { do: "setMemory", memoryMiB: to });
    }
    return undefined;
  }

  /** As asked for and as it runs. What is done to a running machine is done again: its guest may not have followed. */
  #isAlready(part: WholePart, before: HardwareSpec): boolean {
    const { runs } = this.#input.facts;
    if (runs !== undefined && this.#stepOf(part) !== undefined) return false;
    const wished = JSON.stringify(this.hardware[part]);
    return [before, runs?.hardware ?? before].every((hardware) => JSON.stringify(hardware[part]) === wished);
  }

  /** Undefined where there is nothing to do but to write it down. */
  #stepOf(part: WholePart): LiveStep | undefined {
    if (part === "cpuLimitPercent") return { do: "limitCpu", percent: this.hardware.cpuLimitPercent };
    if (part === "displaySize") return { do: "setDisplaySize", size: this.hardware.displaySize };
    return undefined;
  }

  disks(): Refusal | undefined {
    const { wish } = this.#input;
    return (
      (wish.bus && this.#changeBus(wish.bus)) ??
      (wish.addDisk && this.#addDisk(wish.addDisk)) ??
      (wish.growDisk && this.#growDisk(wish.growDisk)) ??
      (wish.limitDisk && this.#limitDisk(wish.limitDisk)) ??
      (wish.removeDisk === undefined ? undefined : this.#removeDisk(wish.removeDisk))
    );
  }

  others(): Refusal | undefined {
    const { wish, name, newId } = this.#input;
    if (wish.addUsb) {
      const device: UsbDevice = { id: newId("usb"), kind: wish.addUsb.kind };
      if (this.hardware.usb.length >= 5)
        return refusal("hardware.not_possible", `“${name}” has five USB devices already.`, "Take one out first.");
      this.hardware = { ...this.hardware, usb: [...this.hardware.usb, device] };
      const refused = this.#note(`USB ${device.kind}`, { part: "addUsb" }, { do: "plugUsb", device });
      if (refused) return refused;
    }
    if (wish.removeUsb !== undefined) {
      const id = wish.removeUsb;
      const device = this.hardware.usb.find((one) => one.id === id);
      if (!device)
        return refusal("hardware.unknown_usb", `“${name}” has no USB device ${id.slice(0, 40)}.`, `See them: mimic show ${name}`);
      this.hardware = { ...this.hardware, usb: this.hardware.usb.filter((one) => one !== device) };
      const refused = this.#note(`USB ${device.kind} taken out`, { part: "removeUsb" }, { do: "unplugUsb", id });
      if (refused) return refused;
    }
    return wish.addDrive && this.#addDrive(wish.addDrive.kind);
  }

  #addDrive(kind: "cd" | "floppy"): Refusal | undefined {
    if (this.hardware.drives.length >= 4)
      return refusal(
        "machine.too_many_drives",
        `“${this.#input.name}” has four drives already.`,
        "Change the medium in one of them instead.",
      );
    const slot = freeSlot(this.hardware.drives, kind);
    this.hardware = { ...this.hardware, drives: [...this.hardware.drives, { slot, kind, medium: null }] };
    return this.#note(`drive ${slot}`, { part: "addDrive" });
  }

  #addDisk(wish: NonNullable<ChangeWish["addDisk"]>): Refusal | undefined {
    const { facts, newId, image, forgets, name } = this.#input;
    // Its writes would lie unencrypted on this computer's disk.
    if (forgets === "machine")
      return refusal(
        "disposable.no_disk",
        `“${name}” is disposable: a disk that is plugged in now would leave its traces on this computer.`,
        `Keep it first: mimic keep ${name}. Or make a template of a machine that has such a disk.`,
      );
    const sizeBytes = Math.max(wish.sizeBytes ?? 0, image?.virtualBytes ?? 0);
    const first = this.hardware.disks[0]?.bus;
    const live = facts.runs !== undefined;
    // While it runs, a bus that takes disks then is the better guess.
    const bus = wish.bus ?? (live && this.hardware.board === "q35" ? "virtio" : (first ?? "virtio"));
    const disks = withPlaces(this.hardware.disks);
    const place = freePlace(disks, facts.runs?.hardware.disks ?? []);
    const disk: DiskSpec = {
      id: newId("dsk"),
      bus,
      format: "qcow2",
      sizeBytes,
      base: image?.digest,
      readOnly: false,
      place,
      limits: wish.limits,
      ...(forgets === "disks" && { keeps: "disk" as const }),
    };
    const refused = this.#note(`disk of ${formatSize(disk.sizeBytes)}`, { part: "addDisk", bus }, { do: "plugDisk", disk });
    if (refused) return refused;
    this.hardware = { ...this.hardware, disks: [...disks, disk] };
    return undefined;
  }

  #changeBus(bus: DiskSpec["bus"]): Refusal | undefined {
    this.hardware = { ...this.hardware, disks: this.hardware.disks.map((disk) => ({ ...disk, bus })) };
    return this.#note(`disks plugged in by ${bus}`, { part: "bus", to: bus });
  }

  #growDisk({ id, sizeBytes }: NonNullable<ChangeWish["growDisk"]>): Refusal | undefined {
    const disk = this.hardware.disks.find((one) => one.id === id);
    if (!disk) return this.#noSuchDisk(id);
    if (sizeBytes <= disk.sizeBytes)
      return refusal(
        "disk.only_grows",
        `This disk has ${formatSize(disk.sizeBytes)}; a disk can be made larger, never smaller.`,
        "Ask for more than it has.",
      );
    return this.#changeDisk({ ...disk, sizeBytes }, `disk grown to ${formatSize(sizeBytes)}`, "growDisk", "growDisk");
  }

  #limitDisk({ id, ...limits }: NonNullable<ChangeWish["limitDisk"]>): Refusal | undefined {
    const disk = this.hardware.disks.find((one) => one.id === id);
    if (!disk) return this.#noSuchDisk(id);
    const { bytesPerSecond = 0, operationsPerSecond = 0 } = limits;
    const isFree = bytesPerSecond === 0 && operationsPerSecond === 0;
    const words = isFree ? "no limit for a disk" : "a limit for a disk";
    return this.#changeDisk({ ...disk, limits: { bytesPerSecond, operationsPerSecond } }, words, "limitDisk", "limitDisk");
  }

  #changeDisk(disk: DiskSpec, what: string, part: "growDisk" | "limitDisk", step: "growDisk" | "limitDisk"): Refusal | undefined {
    const disks = this.hardware.disks.map((one) => (one.id === disk.id ? disk : one));
    this.hardware = { ...this.hardware, disks };
    return this.#note(what, { part, id: disk.id }, { do: step, disk });
  }

  #removeDisk(id: string): Refusal | undefined {
    if (!this.hardware.disks.some((disk) => disk.id === id)) return this.#noSuchDisk(id);
    this.hardware = { ...this.hardware, disks: withPlaces(this.hardware.disks).filter((disk) => disk.id !== id) };
    const what = "disk taken out (its file is kept in the machine’s folder)";
    return this.#note(what, { part: "removeDisk", id }, { do: "unplugDisk", id });
  }

  #note(what: string, change: HardwareChange, step?: LiveStep): Refusal | undefined {
    const { name, facts } = this.#input;
    // What else was wished for in the same breath counts: Secure Boot together with UEFI.
    const { when, why } = whenCanChange(change, { ...facts, wanted: this.hardware });
    if (when === "never")
      return refusal("hardware.not_possible", `This cannot be changed on “${name}”: ${why}`, `What can: mimic set ${name}`);
    this.changes.push({ what, when, why, step });
    return undefined;
  }

  #noSuchDisk(id: string): Refusal {
    const { name } = this.#input;
    return refusal("disk.unknown", `“${name}” has no disk ${id.slice(0, 40)}.`, `See its disks: mimic show ${name}`);
  }
}

const PART_WORDS: Partial<Record<(typeof WHOLE_PARTS)[number], string>> = {
  cpuModel: "processor model",
  cpuLimitPercent: "processor limit",
  displaySize: "display size",
  serialPorts: "serial ports",
  bootOrder: "boot order",
  secureBoot: "Secure Boot",
  tpm: "TPM",
  input: "keyboard and pointer",
  agent: "guest agent channel",
  sound: "sound card",
};
