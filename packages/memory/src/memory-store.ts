// The data directory, in memory: the same promises, forgotten at the end.
import { type Clock, type IdMaker, MimicError } from "@mimic/base";
import type { ImageRecord, MachineRecord, RunRecord } from "@mimic/model";
import type {
  DiskTool,
  ImageSources,
  ImageStore,
  Journal,
  LastPower,
  MachineDraft,
  MachineStore,
  StoredMachine,
  TrashedMachine,
} from "@mimic/workbench/ports";

export class MemoryMachineStore implements MachineStore {
  readonly machines = new Map<string, StoredMachine>();
  readonly entries = new Map<string, TrashedMachine>();
  readonly stories = new Map<string, { at: string; words: string }[]>();
  readonly #ids: IdMaker;
  readonly #clock: Clock;
  constructor(ids: IdMaker, clock: Clock) {
    this.#ids = ids;
    this.#clock = clock;
  }
  load: MachineStore["load"] = async () => ({ machines: [...this.machines.values()], unreadable: [] });
  async draft(): Promise<MachineDraft> {
    return {
      diskPath: (id, format) => `draft/${id}.${format}`,
      mediumPath: (slot) => `draft/${slot}`,
      copyFile: async () => {},
      writeFile: async () => {},
      nvramFrom: async () => {},
      publish: async (record) => void this.machines.set(record.id, { record, run: undefined, lastPower: undefined }),
      discard: async () => {},
    };
  }
  async save(record: MachineRecord): Promise<void> {
    this.machines.set(record.id, { ...(this.machines.get(record.id) ?? { run: undefined, lastPower: undefined }), record });
  }
  async saveRun(id: string, run: RunRecord | undefined, last?: LastPower): Promise<void> {
    const known = this.machines.get(id);
    if (known) this.machines.set(id, { ...known, run, lastPower: last ?? known.lastPower });
  }
  plan: MachineStore["plan"] = (record) => ({
    record,
    files: { runDirectory: "run", netDirectory: "net", logDirectory: "log", nvramDirectory: "nvram", disks: chainsOf(record), media: {} },
  });
  diskPath: MachineStore["diskPath"] = (_record, id) => id;
  filePath: MachineStore["filePath"] = (_record, { head, id }) => head ?? id;
  draftFile: MachineStore["draftFile"] = async (_record, { head, id }) => `draft/${head ?? id}`;
  settleFile: MachineStore["settleFile"] = async () => {};
  forgetFile: MachineStore["forgetFile"] = async () => {};
  tidyDisks: MachineStore["tidyDisks"] = async () => {};
  vanish: MachineStore["vanish"] = async (id) => void this.machines.delete(id);
  mediumPath: MachineStore["mediumPath"] = (_record, slot) => slot;
  writeMedium: MachineStore["writeMedium"] = async () => {};
  async trash(id: string): Promise<TrashedMachine> {
    const known = this.machines.get(id);
    if (!known) throw new MimicError("store.failed", `There is no machine ${id}.`, { hint: "Look at the list." });
    this.machines.delete(id);
    const entry = { id: this.#ids.make("trs") as string, record: known.record, trashedAt: new Date(this.#clock.nowMs()).toISOString() };
    this.entries.set(entry.id, entry);
    return entry;
  }
  trashed: MachineStore["trashed"] = async () => [...this.entries.values()];
  noteDue: MachineStore["noteDue"] = async (trashId, dueSince) => {
    const entry = this.entries.get(trashId);
    if (entry) this.entries.set(trashId, { ...entry, dueSince });
  };
  trashedMoments: MachineStore["trashedMoments"] = async () => [];
  async restore(trashId: string): Promise<MachineRecord> {
    const entry = this.entries.get(trashId);
    if (!entry) throw new MimicError("trash.unreadable", "There is no such entry.", { hint: "Look at the trash." });
    this.entries.delete(trashId);
    await this.save(entry.record);
    return entry.record;
  }
  forget: MachineStore["forget"] = async (trashId) => void this.entries.delete(trashId);
  tell: MachineStore["tell"] = async (id, at, words) => void this.stories.set(id, [...(this.stories.get(id) ?? []), { at, words }]);
  story: MachineStore["story"] = async (id) => this.stories.get(id) ?? [];
  log: MachineStore["log"] = async () => "";
}

const chainsOf = ({ hardware }: MachineRecord) =>
  Object.fromEntries(
    hardware.disks.map(({ id, head, format, layers, base }) => [
      id,
      [
        { path: head ?? id, format },
        ...(layers ?? []).map((layer) => ({ path: layer.id, format: layer.format })),
        ...(base ? [{ path: base, format: "qcow2" as const }] : []),
      ],
    ]),
  );

export class MemoryImageStore implements ImageStore {
  readonly #images = new Map<string, ImageRecord>();
  list = () => [...this.#images.values()];
  get = (digest: string) => this.#images.get(digest);
  quarantine = async () => "quarantine";
  add: ImageStore["add"] = async ({ record }) => {
    this.#images.set(record.digest, this.#images.get(record.digest) ?? record);
    return record;
  };
  remove: ImageStore["remove"] = async (digest) => void this.#images.delete(digest);
  path = (digest: string, part?: string) => (part === undefined ? digest : `${digest}/${part}`);
  verify: ImageStore["verify"] = async () => ({ good: true, found: "nothing to read in memory" });
}

export class MemoryJournal implements Journal {
  readonly entries = new Map<string, Awaited<ReturnType<Journal["open"]>>[number]["entry"]>();
  #next = 0;
  begin: Journal["begin"] = async (entry) => {
    const id = `jnl_${this.#next++}`;
    this.entries.set(id, entry);
    return { id, close: async () => void this.entries.delete(id) };
  };
  open: Journal["open"] = async () => [...this.entries].map(([id, entry]) => ({ id, entry }));
  close: Journal["close"] = async (id) => void this.entries.delete(id);
}

export const memoryDiskTool: DiskTool = {
  createOverlay: async () => {},
  createEmpty: async () => {},
  copy: async () => {},
  absorb: async () => {},
  rewrite: async () => {},
  grow: async () => {},
  compare: async () => ({ writtenBytes: 0, volumes: [] }),
  usage: async () => 0,
  async isUntouched(path) {
    return (await this.usage(path)) === 0;
  },
  checkHeader: async () => undefined,
};

/** A catalogue whose images are there at once: `images` says what each system's image is. */
export function memoryImageSources(systems: ReturnType<ImageSources["systems"]>, imageOf: (systemId: string) => ImageRecord): ImageSources {
  return {
    systems: () => systems,
    acquire: async (system, { signal, report }) => {
      report({ words: `Pretending to get ${system.name}` });
      signal.throwIfAborted();
      return { record: imageOf(system.id), path: "memory" };
    },
    importFile: async (request) => ({ record: { ...imageOf("import"), name: request.name, system: undefined }, path: "memory" }),
    seed: () => new Uint8Array(),
  };
}
