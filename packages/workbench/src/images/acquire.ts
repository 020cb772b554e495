// The image of a system: here already, or got once even when two ask for it at the same time.
import { isRefusal, type LongWork, type Refusal, refusal } from "@mimic/base";
import { findByName, type ImageRecord, type System } from "@mimic/model";
import type { Context } from "../context.ts";

export function findSystem(context: Context, wanted: string): System | Refusal {
  const found = findByName(
    context.ports.sources.systems().map((system) => ({ id: system.id, name: system.id, system })),
    wanted,
    "system",
  );
  return isRefusal(found) ? found : found.item.system;
}

export function findImage(context: Context, wanted: string): ImageRecord | Refusal {
  const all = context.ports.images.list();
  const byDigest = /^[0-9a-f]{6,64}$/.test(wanted) ? all.filter((image) => image.digest.startsWith(wanted)) : [];
  if (byDigest.length === 1 && byDigest[0]) return byDigest[0];
  const found = findByName(
    all.map((image) => ({ id: image.digest, name: image.name, image })),
    wanted,
    "image",
  );
  return isRefusal(found) ? found : found.item.image;
}

/** Made by the recipe as it is now. */
export const imageOfSystem = (context: Context, system: Pick<System, "id" | "revision">): ImageRecord | undefined =>
  context.ports.images.list().find((image) => image.system === system.id && (image.revision ?? 1) === system.revision);

/** The digest of the system's image, got when it is not here. */
export async function ensureImage(context: Context, system: System, work: LongWork): Promise<string | Refusal> {
  const here = imageOfSystem(context, system);
  if (here) return here.digest;
  if (system.source.way === "bring") {
    return refusal(
      "system.bring_your_own",
      `“${system.name}” cannot be fetched for you: ${system.source.hint}`,
      "Bring its file: mimic image import FILE, then mimic new NAME --image IMAGE",
    );
  }
  const underWay = context.acquiring.get(system.id);
  if (underWay !== undefined) {
    work.report({ words: `Waiting for the image of ${system.name}, which is being got already` });
    const digest = await underWay.catch(() => undefined);
    // The other job failed or was cancelled: this one tries for itself.
    return digest === undefined || isRefusal(digest) ? await ensureImage(context, system, work) : digest;
  }
  const acquisition = acquire(context, system, work);
  context.acquiring.set(system.id, acquisition);
  try {
    return await acquisition;
  } finally {
    context.acquiring.delete(system.id);
  }
}

async function acquire(context: Context, system: System, work: LongWork): Promise<string | Refusal> {
  const { sources, images, journal } = context.ports;
  const got = await sources.acquire(system, work);
  if (isRefusal(got)) return got;
  const fresh = system.revision === 1 ? got : { ...got, record: { ...got.record, revision: system.revision } };
  const entry = await journal.begin({ op: "image.add", digest: fresh.record.digest });
  const record = await images.add(fresh);
  await entry.close();
  context.events.publish({ kind: "image.added", digest: record.digest, name: record.name });
  return record.digest;
}
