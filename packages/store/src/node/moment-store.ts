// Frozen layers, moments and templates on the disk. A moment appears by one rename in its machine's folder, so it goes
// into the trash and back with the machine; layers are shared and live beside the machines.
import { readFile, stat } from "node:fs/promises";
import { LayerId, type LayerRef, MomentRecord, TemplateRecord } from "@mimic/model";
import type { LayerStore, MomentStore, StateDraft, TemplateStore, UnreadableRecord } from "@mimic/workbench/ports";
import type { z } from "zod";
import type { DocumentKind } from "../document.ts";
import { DRAFT_PREFIX, type Layout, type StateLayout } from "../layout.ts";
import { digestOf, lengthOf, sha256Of } from "./digest.ts";
import { Documents } from "./documents.ts";
import type { Files } from "./files.ts";
import { describeUnread } from "./unread.ts";

const MOMENT: DocumentKind<MomentRecord> = { schemaVersion: 1, schema: MomentRecord as z.ZodType<MomentRecord> };
const TEMPLATE: DocumentKind<TemplateRecord> = { schemaVersion: 1, schema: TemplateRecord as z.ZodType<TemplateRecord> };

interface Needs {
  readonly layout: Layout;
  readonly files: Files;
}

const bytesOf = (path: string): Promise<number> =>
  stat(path).then(
    (facts) => facts.blocks * 512,
    () => 0,
  );

export function createLayerStore({ layout, files }: Needs): LayerStore {
  const path = (layer: LayerRef): string => layout.layer(layer);
  return {
    path,
    async freeze(file, layer) {
      await files.link(file, path(layer));
      await files.readOnly(path(layer));
    },
    share: (file, layer) => files.link(file, path(layer)),
    settle: (layer) => files.readOnly(path(layer)),
    async thaw(file) {
      if (await files.exists(file)) await files.writable(file);
    },
    remove: (layer) => files.remove(path(layer)),
    async list() {
      const found: LayerRef[] = [];
      for (const storage of [undefined, ...layout.storages.keys()])
        for (const name of await files.names(storage === undefined ? layout.layers : layout.storage(storage).layers)) {
          const [id, format] = name.split(".");
          if (LayerId.safeParse(id).success && (format === "qcow2" || format === "raw"))
            found.push({ id: id as string, format, ...(storage && { storage }) });
        }
      return found;
    },
    usage: (layer) => bytesOf(path(layer)),
    seal: (layer, signal) => sha256Of(path(layer), { signal }),
    size: (layer) => lengthOf(path(layer)),
    digest: (layer, options) => digestOf(path(layer), options),
  };
}

function stateDraft({ layout, files }: Needs, at: StateLayout): StateDraft {
  return {
    statePath: at.state,
    memoryPath: at.memory,
    wholePath: `${at.state}.whole`,
    settle: () => files.remove(`${at.state}.whole`),
    picture: (png) => files.write(at.picture, png),
    async keepFiles(machineId) {
      await copyFolder(files, layout.machine(machineId).nvram, at.nvram, VARIABLES);
      await copyFolder(files, layout.machine(machineId).media, at.media, MEDIUM);
    },
    async lendFiles(machineId) {
      await copyFolder(files, at.nvram, layout.machineDraft(machineId).nvram, VARIABLES);
      await copyFolder(files, at.media, layout.machineDraft(machineId).media, MEDIUM);
    },
    async seal(signal) {
      const sealed: Record<string, string> = {};
      for (const name of await namesIn(files, at)) if (name !== "memory") sealed[name] = await sha256Of(`${at.folder}/${name}`, { signal });
      return sealed;
    },
    discard: () => files.remove(at.folder),
  };
}

const VARIABLES = /\.fd$/;
const MEDIUM = /\.img$/;

/** What machines made from it use. */
async function namesIn(files: Files, at: StateLayout): Promise<string[]> {
  const own = (await files.names(at.folder)).filter((name) => name === "memory" || name === "state");
  const within = async (folder: string, wanted: RegExp): Promise<string[]> =>
    (await files.names(folder)).filter((name) => wanted.test(name)).map((name) => `${folder.slice(at.folder.length + 1)}/${name}`);
  return [...own, ...(await within(at.nvram, VARIABLES)), ...(await within(at.media, MEDIUM))];
}

async function copyFolder(files: Files, from: string, to: string, wanted: RegExp): Promise<void> {
  const names = (await files.names(from)).filter((name) => wanted.test(name));
  if (names.length === 0) return;
  await files.folder(to);
  for (const name of names) {
    await files.remove(`${to}/${name}`);
    await files.copy(`${from}/${name}`, `${to}/${name}`);
  }
}

export function createMomentStore(needs: Needs): MomentStore {
  const { layout, files } = needs;
  const records = new Documents(files, MOMENT);
  return {
    async load(machineId) {
      const found: MomentRecord[] = [];
      for (const name of await files.names(layout.machine(machineId).moments)) {
        if (name.startsWith(DRAFT_PREFIX)) continue;
        const record = await records.load(layout.moment(machineId, name).record);
        if (record.kind === "found" && record.body.id === name) found.push(record.body);
      }
      return found;
    },
    async draft(machineId, momentId) {
      const at = layout.momentDraft(machineId, momentId);
      await files.remove(at.folder);
      await files.folder(at.folder);
      return {
        ...stateDraft(needs, at),
        async publish(record) {
          await records.save(at.record, record);
          await files.move(at.folder, layout.moment(machineId, momentId).folder);
        },
      };
    },
    save: (machineId, record) => records.save(layout.moment(machineId, record.id).record, record),
    async remove(machineId, momentId) {
      const draft = layout.momentDraft(machineId, momentId).folder;
      if (await files.exists(layout.moment(machineId, momentId).folder)) await files.move(layout.moment(machineId, momentId).folder, draft);
      await files.remove(draft);
    },
    statePath: (machineId, momentId) => layout.moment(machineId, momentId).state,
    picture: (machineId, momentId) => readFile(layout.moment(machineId, momentId).picture).catch(() => undefined),
    restoreFiles: (machineId, momentId) =>
      copyFolder(files, layout.moment(machineId, momentId).nvram, layout.machine(machineId).nvram, VARIABLES),
    async lendFiles(machineId, momentId, draftId) {
      await copyFolder(files, layout.moment(machineId, momentId).nvram, layout.machineDraft(draftId).nvram, VARIABLES);
      await copyFolder(files, layout.moment(machineId, momentId).media, layout.machineDraft(draftId).media, MEDIUM);
    },
    async usage(machineId, momentId) {
      const at = layout.moment(machineId, momentId);
      const [state, picture] = await Promise.all([bytesOf(at.state), bytesOf(at.picture)]);
      return { bytes: state + picture, hasPicture: picture > 0 };
    },
  };
}

export function createTemplateStore(needs: Needs): TemplateStore {
  const { layout, files } = needs;
  const records = new Documents(files, TEMPLATE);
  const generationAt = (templateId: string, number: number): StateLayout => layout.generation(layout.template(templateId).folder, number);
  return {
    async load() {
      const templates: TemplateRecord[] = [];
      const unreadable: UnreadableRecord[] = [];
      for (const id of await files.names(layout.templates)) {
        if (id.startsWith(DRAFT_PREFIX)) continue;
        const record = await records.load(layout.template(id).record);
        if (record.kind === "found" && record.body.id === id) templates.push(record.body);
        else unreadable.push(await describeUnread(files, layout.template(id), record));
      }
      return { templates, unreadable };
    },
    async draft(templateId, number) {
      const isFirst = !(await files.exists(layout.template(templateId).record));
      const folder = isFirst ? layout.templateDraft(templateId).folder : layout.template(templateId).folder;
      // A generation that no record names is not there: it needs no other name while it is made.
      const at = layout.generation(folder, number);
      await files.remove(isFirst ? folder : at.folder);
      await files.folder(at.folder);
      return {
        ...stateDraft(needs, at),
        async publish(record) {
          if (isFirst) {
            await records.save(layout.templateDraft(templateId).record, record);
            await files.move(folder, layout.template(templateId).folder);
          } else await records.save(layout.template(templateId).record, record);
        },
        discard: () => files.remove(isFirst ? folder : at.folder),
      };
    },
    save: (record) => records.save(layout.template(record.id).record, record),
    async remove(templateId) {
      const draft = layout.templateDraft(templateId).folder;
      if (await files.exists(layout.template(templateId).folder)) await files.move(layout.template(templateId).folder, draft);
      await files.remove(draft);
    },
    removeGeneration: (templateId, number) => files.remove(generationAt(templateId, number).folder),
    statePath: (templateId, number) => generationAt(templateId, number).state,
    memoryPath: (templateId, number) => generationAt(templateId, number).memory,
    async filesFor(templateId, number, machineId, into = "draft") {
      const from = generationAt(templateId, number);
      const to = into === "draft" ? layout.machineDraft(machineId) : layout.machine(machineId);
      await copyFolder(files, from.nvram, to.nvram, VARIABLES);
      await copyFolder(files, from.media, to.media, MEDIUM);
    },
    async usage(templateId, generation) {
      const folder = layout.template(templateId).folder;
      const all = (await files.names(folder)).filter((name) => /^g\d+$/.test(name)).map((name) => Number(name.slice(1)));
      const numbers = generation === undefined ? all : [generation];
      const sizes = numbers.flatMap((number) => [
        bytesOf(generationAt(templateId, number).state),
        bytesOf(generationAt(templateId, number).memory),
      ]);
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    },
    async sizes(templateId, number) {
      const at = generationAt(templateId, number);
      const names = await namesIn(files, at);
      return Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, (await lengthOf(`${at.folder}/${name}`)) ?? 0] as const)),
      );
    },
    path: (templateId, number, name) => `${generationAt(templateId, number).folder}/${name}`,
    digest: (templateId, number, name, options) => digestOf(`${generationAt(templateId, number).folder}/${name}`, options),
  };
}
