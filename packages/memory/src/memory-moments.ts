// Layers, moments and templates, in memory.
import type { LayerRef, MomentRecord, TemplateRecord } from "@mimic/model";
import type { FileDigest, LayerStore, MomentStore, StateDraft, TemplateStore } from "@mimic/workbench/ports";

const draft: StateDraft = {
  statePath: "draft/state",
  memoryPath: "draft/memory",
  wholePath: "draft/whole",
  settle: async () => {},
  picture: async () => {},
  keepFiles: async () => {},
  lendFiles: async () => {},
  seal: async () => ({ state: "0".repeat(64) }),
  discard: async () => {},
};

const whole: FileDigest = { kind: "read", sha256: "0".repeat(64), sizeBytes: 1 };

export class MemoryLayerStore implements LayerStore {
  /** What became of a layer's bytes, where they are not what they were. */
  readonly became = new Map<string, FileDigest>();
  readonly layers = new Map<string, LayerRef>();
  path: LayerStore["path"] = ({ id }) => id;
  freeze: LayerStore["freeze"] = async (_file, layer) => void this.layers.set(layer.id, layer);
  share: LayerStore["share"] = async (_file, layer) => void this.layers.set(layer.id, layer);
  settle: LayerStore["settle"] = async () => {};
  thaw: LayerStore["thaw"] = async () => {};
  remove: LayerStore["remove"] = async ({ id }) => void this.layers.delete(id);
  list: LayerStore["list"] = async () => [...this.layers.values()];
  usage: LayerStore["usage"] = async () => 0;
  seal: LayerStore["seal"] = async () => "0".repeat(64);
  size: LayerStore["size"] = async ({ id }) => (this.layers.has(id) ? 1 : undefined);
  digest: LayerStore["digest"] = async ({ id }, { onBytes }) => {
    onBytes?.(1);
    return this.became.get(id) ?? whole;
  };
}

export class MemoryMomentStore implements MomentStore {
  readonly moments = new Map<string, Map<string, MomentRecord>>();
  #of(machineId: string): Map<string, MomentRecord> {
    const known = this.moments.get(machineId) ?? new Map<string, MomentRecord>();
    this.moments.set(machineId, known);
    return known;
  }
  load: MomentStore["load"] = async (machineId) => [...this.#of(machineId).values()];
  draft: MomentStore["draft"] = async (machineId) => ({
    ...draft,
    publish: async (record) => void this.#of(machineId).set(record.id, record),
  });
  save: MomentStore["save"] = async (machineId, record) => void this.#of(machineId).set(record.id, record);
  remove: MomentStore["remove"] = async (machineId, momentId) => void this.#of(machineId).delete(momentId);
  statePath: MomentStore["statePath"] = (_machineId, momentId) => momentId;
  picture: MomentStore["picture"] = async () => undefined;
  lendFiles: MomentStore["lendFiles"] = async () => {};
  restoreFiles: MomentStore["restoreFiles"] = async () => {};
  usage: MomentStore["usage"] = async () => ({ bytes: 0, hasPicture: false });
}

export class MemoryTemplateStore implements TemplateStore {
  /** What became of a file's bytes (“state”, “memory”), where they are not what they were. */
  readonly became = new Map<string, FileDigest>();
  readonly templates = new Map<string, TemplateRecord>();
  load: TemplateStore["load"] = async () => ({ templates: [...this.templates.values()], unreadable: [] });
  draft: TemplateStore["draft"] = async () => ({ ...draft, publish: async (record) => void this.templates.set(record.id, record) });
  save: TemplateStore["save"] = async (record) => void this.templates.set(record.id, record);
  remove: TemplateStore["remove"] = async (id) => void this.templates.delete(id);
  removeGeneration: TemplateStore["removeGeneration"] = async () => {};
  statePath: TemplateStore["statePath"] = (id) => id;
  memoryPath: TemplateStore["memoryPath"] = (id) => id;
  filesFor: TemplateStore["filesFor"] = async () => {};
  usage: TemplateStore["usage"] = async () => 0;
  sizes: TemplateStore["sizes"] = async (id, number): Promise<Record<string, number>> =>
    this.templates.get(id)?.generations.find((one) => one.number === number)?.saved ? { memory: 1, state: 1 } : {};
  path: TemplateStore["path"] = (id, number, name) => `${id}/g${number}/${name}`;
  digest: TemplateStore["digest"] = async (_id, _number, name, { onBytes }) => {
    onBytes?.(1);
    return this.became.get(name) ?? whole;
  };
}
