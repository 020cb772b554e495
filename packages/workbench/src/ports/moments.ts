// Frozen layers, moments and templates in the data directory: whole or absent, like machines.
import type { Waiting } from "@mimic/base";
import type { LayerRef, MomentRecord, TemplateRecord } from "@mimic/model";
import type { UnreadableRecord } from "./store.ts";

/** What a file's bytes are now. */
export type FileDigest =
  | { readonly kind: "read"; readonly sha256: string; readonly sizeBytes: number }
  | { readonly kind: "missing" }
  /** There, but it could not be read to its end: why, in the system's word. */
  | { readonly kind: "unreadable"; readonly why: string };

export interface Reading extends Waiting {
  /** So many bytes more were read. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/** Layers never change. One is removed when no machine, moment, template or trash entry names it. */
export interface LayerStore {
  path(layer: LayerRef): string;
  /** Gives the file of a disk a second name among the layers: whichever name is removed, the bytes stay. */
  freeze(file: string, layer: LayerRef): Promise<void>;
  /** A second name only: whoever asks sees to it that nobody writes to the file meanwhile. `settle` makes a layer of it for good. */
  share(file: string, layer: LayerRef): Promise<void>;
  settle(layer: LayerRef): Promise<void>;
  /** The file of a disk is written to again: it was frozen, and that was undone. */
  thaw(file: string): Promise<void>;
  remove(layer: LayerRef): Promise<void>;
  list(): Promise<readonly LayerRef[]>;
  usage(layer: LayerRef): Promise<number>;
  /** SHA-256 of its bytes. */
  seal(layer: LayerRef, signal: AbortSignal): Promise<string>;
  /** Length of the file; undefined when it is not there. */
  size(layer: LayerRef): Promise<number | undefined>;
  /** As `seal`, where it is to be compared: never throws but when it is cancelled. */
  digest(layer: LayerRef, options: Reading): Promise<FileDigest>;
}

/** A moment or a generation that is being made. */
export interface StateDraft {
  /** Where memory and devices go. */
  readonly statePath: string;
  readonly memoryPath: string;
  /** Memory and devices together, on the way to the two above; `settle` removes it. */
  readonly wholePath: string;
  settle(): Promise<void>;
  picture(png: Uint8Array): Promise<void>;
  /** The machine's UEFI variables, and media made for it alone. */
  keepFiles(machineId: string): Promise<void>;
  /** The same files for the draft of a machine. */
  lendFiles(machineId: string): Promise<void>;
  /** Name → SHA-256 of all that is kept so far, but the memory, which was sealed while it was written. */
  seal(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  discard(): Promise<void>;
}

export interface MomentStore {
  load(machineId: string): Promise<readonly MomentRecord[]>;
  draft(machineId: string, momentId: string): Promise<StateDraft & { publish(record: MomentRecord): Promise<void> }>;
  save(machineId: string, record: MomentRecord): Promise<void>;
  remove(machineId: string, momentId: string): Promise<void>;
  statePath(machineId: string, momentId: string): string;
  picture(machineId: string, momentId: string): Promise<Uint8Array | undefined>;
  /** Puts its UEFI variables back into the machine's folder. */
  restoreFiles(machineId: string, momentId: string): Promise<void>;
  /** The same files for the draft of another machine. */
  lendFiles(machineId: string, momentId: string, draftId: string): Promise<void>;
  /** Bytes of its memory, devices and picture. */
  usage(machineId: string, momentId: string): Promise<{ readonly bytes: number; readonly hasPicture: boolean }>;
}

export interface TemplateStore {
  load(): Promise<{ readonly templates: readonly TemplateRecord[]; readonly unreadable: readonly UnreadableRecord[] }>;
  draft(templateId: string, generation: number): Promise<StateDraft & { publish(record: TemplateRecord): Promise<void> }>;
  save(record: TemplateRecord): Promise<void>;
  remove(templateId: string): Promise<void>;
  removeGeneration(templateId: string, generation: number): Promise<void>;
  statePath(templateId: string, generation: number): string;
  memoryPath(templateId: string, generation: number): string;
  /** Files that a machine made from it begins with: UEFI variables, media. Into its draft, or in place of what the machine has. */
  filesFor(templateId: string, generation: number, machineId: string, into?: "draft" | "machine"): Promise<void>;
  /** On the disk, of one of its generations or of all. */
  usage(templateId: string, generation?: number): Promise<number>;
  /** Name → length of each file that machines made from it use: “memory”, “state”, “nvram/…”, “media/…”. */
  sizes(templateId: string, generation: number): Promise<Readonly<Record<string, number>>>;
  /** Where one of them is. */
  path(templateId: string, generation: number, name: string): string;
  digest(templateId: string, generation: number, name: string, options: Reading): Promise<FileDigest>;
}
