// Machines as folders. A machine appears by one rename (draft → its id) and leaves by one
// (its id → the trash), so that no crash shows half of one.
import { appendFile, open, readFile, stat } from "node:fs/promises";
import { type Clock, type IdMaker, type Log, MimicError, plainBlock } from "@mimic/base";
import { MachineRecord, MomentRecord, RunRecord } from "@mimic/model";
import type { BootPlan, LastPower, MachineStore, OwnFile, StoredMachine, TrashedMachine, UnreadableRecord } from "@mimic/workbench/ports";
import { z } from "zod";
import type { DocumentKind } from "../document.ts";
import { DRAFT_PREFIX, type Layout, type MachineLayout } from "../layout.ts";
import { Documents } from "./documents.ts";
import type { Files } from "./files.ts";
import { describeUnread } from "./unread.ts";

const MACHINE: DocumentKind<MachineRecord> = { schemaVersion: 1, schema: MachineRecord as z.ZodType<MachineRecord> };
const MOMENT: DocumentKind<MomentRecord> = { schemaVersion: 1, schema: MomentRecord as z.ZodType<MomentRecord> };
const RUN: DocumentKind<RunRecord> = { schemaVersion: 1, schema: RunRecord as z.ZodType<RunRecord> };
const LAST: DocumentKind<LastPower> = {
  schemaVersion: 1,
  schema: z.strictObject({ power: z.enum(["stopped", "failed"]), because: z.string(), at: z.string() }),
};
const TRASH: DocumentKind<{ trashedAt: string; dueSince?: string | undefined }> = {
  schemaVersion: 1,
  schema: z.strictObject({ trashedAt: z.string(), dueSince: z.string().optional() }),
};

/** A qcow2 file with nothing in it takes less than this. */
const EMPTY_BYTES = 300 * 1024;

/** The story of a machine is kept to about this size: the older half goes when it is reached. */
const STORY_LIMIT = 256 * 1024;

export interface MachineStoreNeeds {
  readonly layout: Layout;
  readonly files: Files;
  readonly clock: Clock;
  readonly ids: IdMaker;
  readonly log: Log;
  imagePath(digest: string, part?: string): string;
  imageFormat(digest: string): "qcow2" | "raw";
}

export function createMachineStore(needs: MachineStoreNeeds): MachineStore {
  const { layout, files, log } = needs;
  const records = new Documents(files, MACHINE);
  const runs = new Documents(files, RUN);
  const lasts = new Documents(files, LAST);
  const momentRecords = new Documents(files, MOMENT);
  const trashes = new Documents(files, TRASH);

  async function loadOne(id: string): Promise<StoredMachine | UnreadableRecord> {
    const at = layout.machine(id);
    const record = await records.load(at.record);
    if (record.kind !== "found" || record.body.id !== id) return await describeUnread(files, at, record);
    if (record.fellBack) log.warn("machine record restored from its previous copy", { machineId: id, why: record.fellBack });
    const run = await runs.load(at.run);
    const last = await lasts.load(at.last);
    return {
      record: record.body,
      run: run.kind === "found" ? run.body : undefined,
      lastPower: last.kind === "found" ? last.body : undefined,
      fellBack: record.fellBack,
    };
  }

  async function loadTrash(id: string): Promise<TrashedMachine | undefined> {
    const at = layout.trashEntry(id);
    const record = await records.load(`${at.machine}/machine.json`);
    if (record.kind !== "found") return undefined;
    const note = await trashes.load(at.record);
    return {
      id,
      record: record.body,
      trashedAt: note.kind === "found" ? note.body.trashedAt : new Date(needs.clock.nowMs()).toISOString(),
      dueSince: note.kind === "found" ? note.body.dueSince : undefined,
    };
  }

  const foldersOf = (record: MachineRecord, storage: string | undefined): string =>
    storage === undefined ? layout.machine(record.id).disks : layout.storage(storage).machine(record.id);
  /** On drives that are there; what is left on another goes when it is back (`StorageStore.tidy`). */
  const leaveStorages = async (id: string): Promise<void> => {
    for (const storage of layout.storages.keys()) await files.remove(layout.storage(storage).machine(id));
  };

  return {
    async load() {
      const machines: StoredMachine[] = [];
      const unreadable: UnreadableRecord[] = [];
      const ids = (await files.names(layout.machines)).filter((name) => !name.startsWith(DRAFT_PREFIX));
      for (const found of await Promise.all(ids.map(loadOne))) {
        if ("why" in found) unreadable.push(found);
        else machines.push(found);
      }
      return { machines, unreadable };
    },

    async draft(id) {
      const at = layout.machineDraft(id);
      for (const folder of [at.folder, at.disks, at.media, at.nvram, at.log]) await files.folder(folder);
      return {
        diskPath: at.disk,
        mediumPath: at.medium,
        async publish(record) {
          const way = record.forgets === "machine" ? files.passing() : files;
          await records.save(at.record, record, way);
          await way.move(at.folder, layout.machine(id).folder);
        },
        copyFile: (from, to) => files.copy(from, to),
        writeFile: (to, bytes) => files.write(to, bytes),
        nvramFrom: async (id) => {
          for (const name of await files.names(layout.machine(id).nvram)) {
            // UEFI variables travel with a copy; the secrets of a TPM do not.
            if (name.endsWith(".fd")) await files.copy(`${layout.machine(id).nvram}/${name}`, `${at.nvram}/${name}`);
          }
        },
        discard: () => files.remove(at.folder),
      };
    },

    save: (record) => records.save(layout.machine(record.id).record, record),

    async saveRun(id, run, last, options) {
      const at = layout.machine(id);
      if (last) await lasts.save(at.last, last);
      if (run) await runs.save(at.run, run, options?.passing ? files.passing() : files);
      else {
        // The previous copy must not bring a finished run back.
        await files.remove(`${at.run}.bak`);
        await files.remove(at.run);
      }
    },

    async vanish(id) {
      const draft = layout.machineDraft(id).folder;
      if (await files.exists(layout.machine(id).folder)) await files.move(layout.machine(id).folder, draft);
      await files.remove(draft);
      await leaveStorages(id);
      await files.remove(layout.machineRun(id));
      await files.remove(layout.passingLog(id));
    },

    async tidyDisks(record) {
      const named = new Set(record.hardware.disks.map((disk) => `${foldersOf(record, disk.storage)}/${fileName(disk)}`));
      for (const folder of [undefined, ...layout.storages.keys()].map((storage) => foldersOf(record, storage)))
        for (const name of await files.names(folder)) {
          const path = `${folder}/${name}`;
          if (named.has(path)) {
            // A freezing that was cut off left it as if it were a layer.
            await files.writable(path);
            continue;
          }
          const { nlink, blocks } = await stat(path);
          // A disk that was taken out is none of these: it keeps its file.
          if (name.startsWith(DRAFT_PREFIX) || nlink > 1 || (name.startsWith("lay_") && blocks * 512 < EMPTY_BYTES))
            await files.remove(path);
        }
    },

    async forgetFile(record, disk) {
      const folder = foldersOf(record, disk.storage);
      const name = `${disk.head ?? disk.id}.`;
      for (const found of await files.names(folder))
        if (found.startsWith(name) || found.startsWith(`${DRAFT_PREFIX}${name}`)) await files.remove(`${folder}/${found}`);
    },

    plan: (record, options) => planOf(needs, record, options?.draft ? layout.machineDraft(record.id) : layout.machine(record.id)),
    diskPath: (record, diskId) => {
      const disk = record.hardware.disks.find((one) => one.id === diskId);
      return `${foldersOf(record, disk?.storage)}/${fileName(disk ?? { id: diskId, format: "qcow2" })}`;
    },
    filePath: (record, disk) => `${foldersOf(record, disk.storage)}/${fileName(disk)}`,
    async draftFile(record, disk) {
      await files.folder(foldersOf(record, disk.storage));
      return `${foldersOf(record, disk.storage)}/${DRAFT_PREFIX}${fileName(disk)}`;
    },
    async settleFile(record, disk) {
      const folder = foldersOf(record, disk.storage);
      await files.sync(`${folder}/${DRAFT_PREFIX}${fileName(disk)}`);
      await files.move(`${folder}/${DRAFT_PREFIX}${fileName(disk)}`, `${folder}/${fileName(disk)}`);
    },
    mediumPath: (record, slot) => layout.machine(record.id).medium(slot),
    writeMedium: (record, slot, bytes) => files.write(layout.machine(record.id).medium(slot), bytes),

    async trash(id) {
      const trashId = needs.ids.make("trs");
      const draft = layout.trashDraft(trashId);
      const trashedAt = new Date(needs.clock.nowMs()).toISOString();
      await files.folder(draft.folder);
      await trashes.save(draft.record, { trashedAt });
      await files.move(layout.machine(id).folder, draft.machine);
      await files.move(draft.folder, layout.trashEntry(trashId).folder);
      const entry = await loadTrash(trashId);
      if (!entry)
        throw new MimicError("store.failed", "The machine’s folder moved to the trash without its record.", {
          hint: "Look into the trash folder of the data directory.",
        });
      return entry;
    },

    async trashed() {
      const ids = (await files.names(layout.trash)).filter((name) => !name.startsWith(DRAFT_PREFIX));
      return (await Promise.all(ids.map(loadTrash))).filter((entry) => entry !== undefined);
    },

    async noteDue(trashId, dueSince) {
      const at = layout.trashEntry(trashId).record;
      const note = await trashes.load(at);
      // One whose note cannot be read is new at each look, and so never due.
      if (note.kind === "found") await trashes.save(at, { trashedAt: note.body.trashedAt, dueSince });
    },

    async trashedMoments(trashId) {
      const folder = `${layout.trashEntry(trashId).machine}/moments`;
      const found: MomentRecord[] = [];
      for (const name of await files.names(folder)) {
        const record = await momentRecords.load(`${folder}/${name}/moment.json`);
        if (record.kind === "found") found.push(record.body);
      }
      return found;
    },

    async restore(trashId) {
      const entry = await loadTrash(trashId);
      if (!entry)
        throw new MimicError("trash.unreadable", "What is in this trash entry cannot be read.", {
          hint: "Its files are left where they are.",
        });
      await files.move(layout.trashEntry(trashId).machine, layout.machine(entry.record.id).folder);
      await files.remove(layout.trashEntry(trashId).folder);
      return entry.record;
    },

    async forget(trashId) {
      // The name goes first, in one step: a crash in the middle leaves a draft that the next start removes.
      const draft = layout.trashDraft(trashId);
      const machineId = (await loadTrash(trashId))?.record.id;
      await files.move(layout.trashEntry(trashId).folder, draft.folder);
      // Without its note, recovery will not mistake the rest for a machine on its way into the trash.
      await files.remove(draft.record);
      await files.remove(draft.folder);
      if (machineId !== undefined) await leaveStorages(machineId);
    },

    async tell(id, at, words) {
      const path = layout.machine(id).story;
      try {
        await appendFile(path, `${JSON.stringify({ at, words })}\n`, { mode: 0o600 });
        if ((await stat(path)).size > STORY_LIMIT) {
          const text = await readFile(path, "utf8");
          await files.write(path, text.slice(text.indexOf("\n", text.length - STORY_LIMIT / 2) + 1));
        }
      } catch (error) {
        // The story is a comfort; it must never stop what it tells about.
        log.warn("story not written", { machineId: id, error: String(error) });
      }
    },

    async story(id) {
      const text = (await files.readText(layout.machine(id).story)) ?? "";
      return text.split("\n").flatMap((line) => {
        try {
          const entry = JSON.parse(line) as { at?: unknown; words?: unknown };
          return typeof entry.at === "string" && typeof entry.words === "string" ? [{ at: entry.at, words: entry.words }] : [];
        } catch {
          return [];
        }
      });
    },

    async log(id, which, maxBytes) {
      const at = layout.machine(id);
      const kept = await readEnd(which === "qemu" ? at.qemuLog : at.serialLog, maxBytes);
      const passing = kept === "" && which === "qemu" ? await readEnd(`${layout.passingLog(id)}/qemu.log`, maxBytes) : "";
      return plainBlock(kept || passing, maxBytes);
    },
  };
}

const fileName = ({ head, id, format }: Pick<OwnFile, "head" | "id" | "format">): string => `${head ?? id}.${format}`;

function planOf({ layout, imagePath, imageFormat }: MachineStoreNeeds, record: MachineRecord, at: MachineLayout): BootPlan {
  const { disks, drives, directBoot } = record.hardware;
  return {
    traceless: record.forgets !== undefined,
    record: directBoot ? { ...record, hardware: { ...record.hardware, directBoot: withHostname(directBoot, record.name) } } : record,
    files: {
      runDirectory: layout.machineRun(record.id),
      netDirectory: layout.machineNet(record.id),
      // Of a machine that vanishes nothing is written where it would stay.
      logDirectory: record.forgets === "machine" ? layout.passingLog(record.id) : at.log,
      nvramDirectory: at.nvram,
      disks: Object.fromEntries(
        disks.map((disk) => [
          disk.id,
          [
            {
              path: `${disk.storage === undefined ? at.disks : layout.storage(disk.storage).machine(record.id)}/${fileName(disk)}`,
              format: disk.format,
            },
            ...(disk.layers ?? []).map((layer) => ({ path: layout.layer(layer), format: layer.format })),
            ...(disk.base ? [{ path: imagePath(disk.base), format: imageFormat(disk.base) }] : []),
          ],
        ]),
      ),
      media: Object.fromEntries(
        drives.flatMap((drive) =>
          drive.medium ? [[drive.slot, drive.medium.from === "own" ? at.medium(drive.slot) : imagePath(drive.medium.digest)]] : [],
        ),
      ),
      kernel: directBoot && imagePath(directBoot.image, directBoot.kernel),
      initrd: directBoot?.initrd === undefined ? undefined : imagePath(directBoot.image, directBoot.initrd),
    },
  };
}

/** A directly booted system has no disk to keep its name on: it is told at each start. */
const withHostname = (directBoot: NonNullable<MachineRecord["hardware"]["directBoot"]>, name: string) => ({
  ...directBoot,
  commandLine: `${directBoot.commandLine} mimic.hostname=${name}`.trim(),
});

async function readEnd(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const length = Math.min(size, maxBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
