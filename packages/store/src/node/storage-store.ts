// Storages on the disk: their list in the data directory, and on each drive a folder of Mimic's own with a note that
// says which storage it is. A drive whose note cannot be read is not there: an empty mount point must not be written to.
import { constants } from "node:fs";
import { access, link, lstat, realpath, rm, statfs, writeFile } from "node:fs/promises";
import { type Log, MimicError } from "@mimic/base";
import { StorageRecord } from "@mimic/model";
import type { StorageStore } from "@mimic/workbench/ports";
import { z } from "zod";
import type { DocumentKind } from "../document.ts";
import { DRAFT_PREFIX, type Layout, type StorageLayout } from "../layout.ts";
import { Documents } from "./documents.ts";
import { type Files, isMissing } from "./files.ts";

const Storages = z.strictObject({ storages: z.array(StorageRecord).max(64) });
const LIST: DocumentKind<z.infer<typeof Storages>> = {
  schemaVersion: 1,
  schema: Storages as z.ZodType<z.infer<typeof Storages>>,
};
const Note = z.strictObject({ id: z.string() });
const NOTE: DocumentKind<z.infer<typeof Note>> = { schemaVersion: 1, schema: Note };

interface Needs {
  readonly layout: Layout;
  readonly files: Files;
  readonly log: Log;
  readonly uid: number;
}

export async function openStorageStore(needs: Needs): Promise<StorageStore> {
  const { layout, files, log } = needs;
  const lists = new Documents(files, LIST);
  const notes = new Documents(files, NOTE);
  const known = new Map<string, StorageRecord>();
  const loaded = await lists.load(layout.storageList);
  if (loaded.kind === "newer" || loaded.kind === "unreadable")
    throw new MimicError("store.unreadable_storages", `The list of storages cannot be read: ${loaded.why}.`, {
      hint: `Put ${layout.storageList} back from a backup. Nothing was changed.`,
    });
  if (loaded.kind === "found") for (const record of loaded.body.storages) known.set(record.id, record);
  for (const record of known.values()) layout.storages.set(record.id, record.folder);

  const save = (): Promise<void> => lists.save(layout.storageList, { storages: [...known.values()] });
  const at = (id: string): StorageLayout => layout.storage(id);
  const whyMissing = async (id: string): Promise<string | undefined> => {
    const record = known.get(id);
    if (record === undefined) return "it is not known here any more";
    const note = await notes.load(at(id).note).catch(() => undefined);
    if (note?.kind === "found" && note.body.id === id) return undefined;
    const isFolder = await lstat(record.folder).then(
      (facts) => facts.isDirectory(),
      () => false,
    );
    return isFolder ? "the folder is there and empty of Mimic’s disks: its drive is not mounted" : "the folder is not there";
  };

  return {
    list: () => [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    get: (id) => known.get(id),
    async add(record) {
      const folder = await usableFolder(needs, record.folder);
      const final = { ...record, folder };
      layout.storages.set(record.id, folder);
      try {
        for (const path of [at(record.id).folder, at(record.id).disks, at(record.id).layers]) await files.folder(path);
        await tryLink(at(record.id).folder, folder);
        await notes.save(at(record.id).note, { id: record.id });
        known.set(record.id, final);
        await save();
        return final;
      } catch (error) {
        known.delete(record.id);
        await rm(at(record.id).folder, { recursive: true, force: true }).catch(() => {});
        layout.storages.delete(record.id);
        if (error instanceof MimicError && error.code === "store.not_allowed") throw unusable(folder, "you may not write there");
        throw error;
      }
    },
    async remove(id) {
      const isThere = (await whyMissing(id)) === undefined;
      const folder = at(id).folder;
      known.delete(id);
      await save();
      if (isThere) await files.remove(folder);
      layout.storages.delete(id);
    },
    whyMissing,
    async freeBytes(id) {
      const facts = await statfs(at(id).folder);
      return facts.bavail * facts.bsize;
    },
    async tidy(machines) {
      for (const { id } of known.values()) {
        if ((await whyMissing(id)) !== undefined) continue;
        for (const name of await files.names(at(id).disks))
          if (!machines.has(name)) {
            log.warn("what a machine left on another drive was cleared away", { storage: id, machine: name });
            await files.remove(`${at(id).disks}/${name}`);
          }
        for (const name of await files.names(at(id).layers))
          if (name.startsWith(DRAFT_PREFIX)) await files.remove(`${at(id).layers}/${name}`);
      }
    },
  };
}

/** The folder itself, without links; or why not. Whoever may write to it could put other disks under a machine. */
async function usableFolder({ layout, uid }: Needs, wanted: string): Promise<string> {
  const folder = await realpath(wanted).catch((error: unknown) => {
    throw unusable(wanted, isMissing(error) ? "it is not there" : "it cannot be looked at");
  });
  const facts = await lstat(folder);
  if (!facts.isDirectory()) throw unusable(folder, "it is not a folder");
  if ([layout.data, layout.run, layout.cache].some((own) => folder === own || folder.startsWith(`${own}/`)))
    throw unusable(folder, "it belongs to Mimic’s own folders");
  if (facts.uid !== uid && facts.uid !== 0) throw unusable(folder, "it belongs to somebody else");
  const isSticky = (facts.mode & 0o1000) !== 0;
  if ((facts.mode & 0o022) !== 0 && !isSticky) throw unusable(folder, "other people on this computer can write to it");
  await access(folder, constants.W_OK | constants.X_OK).catch(() => {
    throw unusable(folder, "you may not write there");
  });
  return folder;
}

/** Freezing a disk gives its file a second name: file systems of memory cards and Windows drives cannot. */
async function tryLink(own: string, folder: string): Promise<void> {
  const probe = `${own}/probe`;
  try {
    await writeFile(probe, "", { mode: 0o600 });
    await link(probe, `${probe}2`);
  } catch {
    throw unusable(folder, "its file system cannot give a file two names, which moments need (format it as ext4, XFS or Btrfs)");
  } finally {
    await rm(probe, { force: true });
    await rm(`${probe}2`, { force: true });
  }
}

const unusable = (folder: string, why: string): MimicError =>
  new MimicError("storage.unusable", `Disks cannot be kept in ${folder}: ${why}.`, {
    hint: "Name a folder of your own on a drive of this computer, for example one that you make for it.",
  });
