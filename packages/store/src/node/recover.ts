// Before anything is served: whatever a dead daemon left half-made is finished or undone.
// Idempotent: a crash in here is mended by the next start.
import type { Log } from "@mimic/base";
import { DRAFT_PREFIX, type Layout } from "../layout.ts";
import type { Files } from "./files.ts";

/** Returns what was done, in plain words. */
export async function recover({ layout, files, log }: { layout: Layout; files: Files; log: Log }): Promise<string[]> {
  const told: string[] = [];
  const drafts = async (folder: string) => (await files.names(folder)).filter((name) => name.startsWith(DRAFT_PREFIX));

  for (const name of await drafts(layout.machines)) {
    await files.remove(`${layout.machines}/${name}`);
    told.push("A machine was being made when Mimic was ended; the half-made one was cleared away.");
  }
  for (const name of await drafts(layout.networks)) {
    await files.remove(`${layout.networks}/${name}`);
    told.push("A network was being made or removed when Mimic was ended; what was left of it was cleared away.");
  }
  for (const name of await drafts(layout.templates)) {
    await files.remove(`${layout.templates}/${name}`);
    told.push("A template was being made or removed when Mimic was ended; what was left of it was cleared away.");
  }
  for (const id of await files.names(layout.machines)) {
    const { moments } = layout.machine(id);
    for (const name of await drafts(moments)) {
      await files.remove(`${moments}/${name}`);
      told.push("A moment of a machine was being kept or deleted when Mimic was ended; the half-kept one was cleared away.");
    }
  }
  for (const name of await drafts(layout.images)) {
    await files.remove(`${layout.images}/${name}`);
    told.push("An image was being added or removed when Mimic was ended; what was left of it was cleared away.");
  }
  for (const name of await drafts(layout.trash)) {
    const at = layout.trashDraft(name.slice(DRAFT_PREFIX.length));
    const entry = layout.trashEntry(name.slice(DRAFT_PREFIX.length));
    const record = await files.exists(at.record);
    if (record && (await files.exists(`${at.machine}/machine.json`))) {
      await files.move(at.folder, entry.folder);
      told.push("A machine was being moved to the trash when Mimic was ended; it is in the trash now.");
    } else {
      // Either nothing was moved in yet, or it was being forgotten for ever.
      await files.remove(at.folder);
    }
  }
  for (const name of await files.names(layout.trash)) {
    // Restored, but the empty entry was left.
    if (!name.startsWith(DRAFT_PREFIX) && !(await files.exists(layout.trashEntry(name).machine)))
      await files.remove(layout.trashEntry(name).folder);
  }
  for (const name of await files.names(layout.quarantine)) await files.remove(`${layout.quarantine}/${name}`);
  await removeUnfinishedWrites(layout, files);
  for (const words of told) log.warn("recovered", { words });
  return told;
}

/** `x.new` is a write whose rename never came: `x` itself is whole. */
async function removeUnfinishedWrites(layout: Layout, files: Files): Promise<void> {
  const machines = (await files.names(layout.machines)).map((id) => layout.machine(id));
  const networks = (await files.names(layout.networks)).flatMap((id) => [layout.network(id).folder, layout.network(id).keys]);
  const folders = [layout.data, layout.journal, `${layout.data}/ssh`, ...networks, ...machines.flatMap((at) => [at.folder, at.log])];
  for (const at of machines) for (const name of await files.names(at.moments)) folders.push(`${at.moments}/${name}`);
  for (const id of await files.names(layout.trash)) folders.push(layout.trashEntry(id).folder);
  for (const name of await files.names(layout.templates)) folders.push(`${layout.templates}/${name}`);
  await Promise.all(
    folders.map(async (folder) => {
      for (const name of await files.names(folder)) if (name.endsWith(".new")) await files.remove(`${folder}/${name}`);
    }),
  );
}
