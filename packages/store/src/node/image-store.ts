// Images as folders named by the digest of their bytes: read-only, shared, added by one rename.
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { formatSize, type Log, type LongWork, MimicError } from "@mimic/base";
import { ImageRecord } from "@mimic/model";
import type { ImageStore, NewImage } from "@mimic/workbench/ports";
import type { z } from "zod";
import type { DocumentKind } from "../document.ts";
import { DRAFT_PREFIX, type Layout } from "../layout.ts";
import { Documents } from "./documents.ts";
import type { Files } from "./files.ts";

const IMAGE: DocumentKind<ImageRecord> = { schemaVersion: 1, schema: ImageRecord as z.ZodType<ImageRecord> };

/** Reads all records once; what cannot be read is reported and left alone. */
export async function openImageStore({ layout, files, log }: { layout: Layout; files: Files; log: Log }): Promise<ImageStore> {
  const documents = new Documents(files, IMAGE);
  const images = new Map<string, ImageRecord>();
  for (const name of await files.names(layout.images)) {
    if (name.startsWith(DRAFT_PREFIX)) continue;
    const found = await documents.load(layout.image(name).record);
    if (found.kind === "found" && found.body.digest === name) images.set(name, found.body);
    else
      log.warn("image cannot be read", {
        folder: name,
        why: found.kind === "found" ? "its record names another digest" : found.kind === "absent" ? "no image.json" : found.why,
      });
  }

  /** The quarantine folder that a path is in; the path itself when it is elsewhere. */
  const quarantineOf = (path: string): string => {
    const [first] = path.startsWith(`${layout.quarantine}/`) ? path.slice(layout.quarantine.length + 1).split("/") : [];
    return first ? `${layout.quarantine}/${first}` : path;
  };

  const store: ImageStore = {
    list: () => [...images.values()].sort((a, b) => (a.addedAt < b.addedAt ? 1 : -1)),
    get: (digest) => images.get(digest),

    async quarantine() {
      const folder = `${layout.quarantine}/${randomBytes(8).toString("hex")}`;
      await files.folder(folder);
      return folder;
    },

    async add({ record, path }: NewImage) {
      const known = images.get(record.digest);
      if (known) {
        await files.remove(quarantineOf(path));
        return known;
      }
      // Built beside its place, then shown in one rename.
      const draft = layout.imageAt(`${layout.images}/${DRAFT_PREFIX}${record.digest}`);
      await files.remove(draft.folder);
      await files.folder(draft.folder);
      if (record.kind === "boot") {
        await files.move(path, `${draft.folder}/parts`);
        for (const part of record.parts) await files.readOnly(draft.part(part.name));
      } else {
        await files.move(path, draft.bytes(record.format));
        await files.readOnly(draft.bytes(record.format));
      }
      await documents.save(draft.record, record);
      await files.move(draft.folder, layout.image(record.digest).folder);
      images.set(record.digest, record);
      await files.remove(quarantineOf(path));
      return record;
    },

    async remove(digest) {
      const draft = `${layout.images}/${DRAFT_PREFIX}${digest}`;
      await files.remove(draft);
      await files.move(layout.image(digest).folder, draft);
      images.delete(digest);
      await files.remove(draft);
    },

    path(digest, part) {
      const at = layout.image(digest);
      return part === undefined ? at.bytes(images.get(digest)?.format ?? "qcow2") : at.part(part);
    },

    async verify(digest, work) {
      const record = images.get(digest);
      if (!record) throw new MimicError("image.unknown", `There is no image ${digest}.`, { hint: "See what there is: mimic image ls" });
      const wanted =
        record.kind === "boot"
          ? record.parts.map((part) => ({ path: store.path(digest, part.name), sha256: part.sha256, name: part.name }))
          : [{ path: store.path(digest), sha256: digest, name: record.name }];
      for (const { path, sha256, name } of wanted) {
        const found = await sha256OfFile(path, name, work);
        if (found !== sha256)
          return {
            good: false,
            found: `“${name}” has changed: its digest should be ${sha256.slice(0, 16)}… and is ${found.slice(0, 16)}….`,
          };
      }
      return { good: true, found: `“${record.name}” is byte for byte what was brought (${formatSize(record.sizeBytes)} read).` };
    },
  };
  return store;
}

async function sha256OfFile(path: string, name: string, { signal, report }: LongWork): Promise<string> {
  const total = (await stat(path)).size;
  const hash = createHash("sha256");
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    report({ words: `Reading ${name}`, done, total, unit: "bytes" });
  }
  return hash.digest("hex");
}
