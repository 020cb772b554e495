// Folders on other drives that disks may lie in. A drive can be gone at any moment; then nothing in it is lost, and
// nothing of it is believed.
import type { StorageRecord } from "@mimic/model";

export interface StorageStore {
  list(): readonly StorageRecord[];
  get(id: string): StorageRecord | undefined;
  /**
   * Looks at the folder and makes Mimic's own in it. Throws `storage.unusable` with the reason: not there, not a folder, not
   * safe, no room for names (hard links).
   */
  add(record: StorageRecord): Promise<StorageRecord>;
  /** Only when nothing lies in it. What is on the drive goes too, when the drive is there. */
  remove(id: string): Promise<void>;
  /** Undefined = its drive is there; else what is wrong, in words. */
  whyMissing(id: string): Promise<string | undefined>;
  freeBytes(id: string): Promise<number>;
  /** Folders of machines that nobody knows any more; those on drives that are not there wait. */
  tidy(knownMachines: ReadonlySet<string>): Promise<void>;
}
