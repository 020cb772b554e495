// The data directory, as the workbench needs it: records that are whole or absent, and a journal that
// finishes or undoes what was cut off. Implemented by packages/store (files) and packages/memory.
import type { DiskSpec, MachineRecord, MomentRecord, RunRecord } from "@mimic/model";
import type { BootPlan } from "./hypervisor.ts";

/** A folder whose record cannot be read. It is left alone. */
export interface UnreadableRecord {
  readonly folder: string;
  readonly why: string;
  /** What people call it, where so much can be made out. */
  readonly name?: string | undefined;
  /** A newer Mimic wrote it. */
  readonly isNewer?: boolean | undefined;
}

export interface StoredMachine {
  readonly record: MachineRecord;
  readonly run: RunRecord | undefined;
  readonly lastPower: LastPower | undefined;
  /** Why its record is the previous copy. */
  readonly fellBack?: string | undefined;
}

/** How its last run ended, for a daemon that starts anew. */
export interface LastPower {
  readonly power: "stopped" | "failed";
  readonly because: string;
  readonly at: string;
}

export interface TrashedMachine {
  readonly id: string;
  readonly record: MachineRecord;
  readonly trashedAt: string;
  /** ISO 8601: since when looks have found that its time is over. */
  readonly dueSince?: string | undefined;
}

/** A machine that is being made, not yet seen by anybody. */
export interface MachineDraft {
  diskPath(diskId: string, format: string): string;
  mediumPath(slot: string): string;
  /** `to` is one of the paths above. */
  copyFile(from: string, to: string): Promise<void>;
  writeFile(to: string, bytes: Uint8Array): Promise<void>;
  /** The UEFI variables of another machine. */
  nvramFrom(machineId: string): Promise<void>;
  publish(record: MachineRecord): Promise<void>;
  discard(): Promise<void>;
}

/** What names the own file of a disk. */
export type OwnFile = Pick<DiskSpec, "id" | "head" | "format" | "storage">;

export interface MachineStore {
  /** Read at start. A folder whose record cannot be read is reported and left alone. */
  load(): Promise<{
    readonly machines: readonly StoredMachine[];
    readonly unreadable: readonly UnreadableRecord[];
  }>;
  /** A folder under a temporary name; it becomes a machine in one rename by `publish`. */
  draft(id: string): Promise<MachineDraft>;
  save(record: MachineRecord): Promise<void>;
  /** `passing`: need not survive the computer (its machine does not either). */
  saveRun(id: string, run: RunRecord | undefined, last?: LastPower, options?: { readonly passing?: boolean }): Promise<void>;
  /** Paths for its hypervisor; looks nothing up on the disk. */
  plan(record: MachineRecord, options?: { readonly draft?: boolean }): BootPlan;
  diskPath(record: MachineRecord, diskId: string): string;
  /** The own file of a disk, as its record would name it. */
  filePath(record: MachineRecord, disk: OwnFile): string;
  /** Where that file is put together; `settleFile` makes it real. The folder is there then. */
  draftFile(record: MachineRecord, disk: OwnFile): Promise<string>;
  /** What was written is on the drive, and has its final name. */
  settleFile(record: MachineRecord, disk: OwnFile): Promise<void>;
  /** Removes the own file of a disk, and its draft; harmless when it is gone. */
  forgetFile(record: MachineRecord, disk: OwnFile): Promise<void>;
  /** Removes what a freezing that was cut off left among its disks: second names of layers, and empty files above them. */
  tidyDisks(record: MachineRecord): Promise<void>;
  /** Removes the machine for ever, without the trash. Harmless when it is gone. */
  vanish(id: string): Promise<void>;
  mediumPath(record: MachineRecord, slot: string): string;
  /** Makes or replaces a medium of its own. */
  writeMedium(record: MachineRecord, slot: string, bytes: Uint8Array): Promise<void>;
  trash(id: string): Promise<TrashedMachine>;
  trashed(): Promise<readonly TrashedMachine[]>;
  /** Writes down since when its time is over; undefined = it is not. */
  noteDue(trashId: string, dueSince: string | undefined): Promise<void>;
  /** The moments of a machine in the trash. */
  trashedMoments(trashId: string): Promise<readonly MomentRecord[]>;
  restore(trashId: string): Promise<MachineRecord>;
  /** Removes it for ever. */
  forget(trashId: string): Promise<void>;
  /** A line in the machine's own story (`log/activity.jsonl`), bounded. */
  tell(id: string, at: string, words: string): Promise<void>;
  story(id: string): Promise<readonly { readonly at: string; readonly words: string }[]>;
  /** Last bytes of a log of the machine: QEMU's own words, or the serial console. */
  log(id: string, which: "qemu" | "serial", maxBytes: number): Promise<string>;
}

/** Multi-step work, written down before it begins, so that a crash at any point is finished or undone at the next start. */
export interface Journal {
  begin(entry: JournalEntry): Promise<OpenEntry>;
  /** Left over from a daemon that died. */
  open(): Promise<readonly { readonly id: string; readonly entry: JournalEntry }[]>;
  close(id: string): Promise<void>;
}
export interface PartOfTogether {
  readonly machineId: string;
  readonly momentId: string;
  readonly ran: boolean;
}
export interface PartOfRestore {
  readonly machineId: string;
  readonly momentId: string;
  /** Before its present was kept. */
  readonly ran: boolean;
  /** What the present stood on: their files go when it is back. */
  readonly disks: readonly DiskSpec[];
}
export type JournalEntry =
  | { readonly op: "machine.create"; readonly machineId: string }
  | { readonly op: "machine.trash"; readonly machineId: string }
  | { readonly op: "machine.restore"; readonly trashId: string }
  | { readonly op: "machine.forget"; readonly trashId: string }
  /** `ran`: it did not stand still before, and shall not afterwards. */
  | { readonly op: "moment.take"; readonly machineId: string; readonly ran?: boolean }
  /** All of them or none. */
  | { readonly op: "moment.together"; readonly moments: readonly PartOfTogether[] }
  /** The present of all is kept already. `name`: the moment's. */
  | { readonly op: "moment.restore"; readonly name: string; readonly parts: readonly PartOfRestore[] }
  | { readonly op: "disk.move"; readonly machineId: string; readonly before: DiskSpec; readonly after: DiskSpec }
  | { readonly op: "template.make"; readonly templateId: string }
  | { readonly op: "image.add"; readonly digest: string }
  | { readonly op: "image.remove"; readonly digest: string }
  | { readonly op: "network.link"; readonly networks: readonly string[] };
export interface OpenEntry {
  readonly id: string;
  close(): Promise<void>;
}
