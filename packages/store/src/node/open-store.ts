// Opens an installation's data: folders checked, one owner, recovered, loaded.
import { type Clock, type IdMaker, type Log, MimicError } from "@mimic/base";
import type {
  ImageStore,
  Journal,
  LayerStore,
  MachineStore,
  MomentStore,
  NetworkStore,
  StorageStore,
  TemplateStore,
} from "@mimic/workbench/ports";
import type { Layout } from "../layout.ts";
import { prepareFolders } from "./audit.ts";
import { Files, type Step } from "./files.ts";
import { openImageStore } from "./image-store.ts";
import { createJournal } from "./journal.ts";
import { takeLock } from "./lock.ts";
import { createMachineStore } from "./machine-store.ts";
import { createLayerStore, createMomentStore, createTemplateStore } from "./moment-store.ts";
import { createNetworkStore } from "./network-store.ts";
import { recover } from "./recover.ts";
import { openStorageStore } from "./storage-store.ts";

/** Grows when an older Mimic could not read the data any more. */
export const DATA_VERSION = 1;

export interface OpenStore {
  readonly machines: MachineStore;
  readonly images: ImageStore;
  readonly networks: NetworkStore;
  readonly storages: StorageStore;
  readonly journal: Journal;
  readonly layers: LayerStore;
  readonly moments: MomentStore;
  readonly templates: TemplateStore;
  readonly files: Files;
  /** What was finished or undone, in plain words. */
  readonly recovered: readonly string[];
  close(): Promise<void>;
}

/** Throws `daemon.already_runs`, `store.newer_data` (before a byte is written), `store.unsafe_folder`, `store.*`. */
export async function openStore(needs: {
  layout: Layout;
  uid: number;
  clock: Clock;
  ids: IdMaker;
  log: Log;
  step: Step;
}): Promise<OpenStore> {
  const { layout, log, ids } = needs;
  const files = new Files(needs.step);
  await refuseNewerData(files, layout);
  await prepareFolders(layout, needs.uid);
  const lock = await takeLock(layout.run);
  try {
    if (!(await files.exists(layout.dataVersion)))
      await files.write(layout.dataVersion, `${JSON.stringify({ dataVersion: DATA_VERSION })}\n`);
    const recovered = await recover({ layout, files, log });
    const images = await openImageStore({ layout, files, log });
    const machines = createMachineStore({
      ...needs,
      files,
      imagePath: (digest, part) => images.path(digest, part),
      imageFormat: (digest) => images.get(digest)?.format ?? "qcow2",
    });
    const storages = await openStorageStore({ layout, files, log, uid: needs.uid });
    const networks = createNetworkStore({ layout, files, log });
    return {
      machines,
      images,
      networks,
      storages,
      journal: createJournal({ layout, files, ids }),
      layers: createLayerStore({ layout, files }),
      moments: createMomentStore({ layout, files }),
      templates: createTemplateStore({ layout, files }),
      files,
      recovered,
      close: () => lock.release(),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function refuseNewerData(files: Files, layout: Layout): Promise<void> {
  const text = await files.readText(layout.dataVersion);
  if (text === undefined) return;
  let version: unknown;
  try {
    version = (JSON.parse(text) as { dataVersion?: unknown }).dataVersion;
  } catch {
    version = undefined;
  }
  if (typeof version === "number" && version <= DATA_VERSION) return;
  throw new MimicError(
    "store.newer_data",
    typeof version === "number"
      ? `The data in ${layout.data} was written by a newer Mimic (version ${version}; this one knows ${DATA_VERSION}).`
      : `${layout.dataVersion} cannot be read, so Mimic cannot tell who wrote this data.`,
    {
      hint: "Use the newer Mimic again. Nothing was changed.",
    },
  );
}
