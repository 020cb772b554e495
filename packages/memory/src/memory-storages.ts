// Storages in memory: folders are there as long as the test does not say that their drive is away.
import type { StorageRecord } from "@mimic/model";
import type { StorageStore } from "@mimic/workbench/ports";

export class MemoryStorageStore implements StorageStore {
  readonly #known = new Map<string, StorageRecord>();
  /** Ids whose drive is away. */
  readonly away = new Set<string>();
  list: StorageStore["list"] = () => [...this.#known.values()];
  get: StorageStore["get"] = (id) => this.#known.get(id);
  add: StorageStore["add"] = async (record) => {
    this.#known.set(record.id, record);
    return record;
  };
  remove: StorageStore["remove"] = async (id) => void this.#known.delete(id);
  whyMissing: StorageStore["whyMissing"] = async (id) =>
    this.#known.has(id) ? (this.away.has(id) ? "the folder is not there" : undefined) : "it is not known here any more";
  freeBytes: StorageStore["freeBytes"] = async () => 2 ** 40;
  tidy: StorageStore["tidy"] = async () => {};
}
