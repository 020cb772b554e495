// list, show, pull, import, upload, verify, remove.
import { isRefusal, type LongWork, MimicError, type Refusal, refusal } from "@mimic/base";
import { type ImageKind, type ImageRecord, type ImageView, imagesUnder, type JobView, type SystemView } from "@mimic/model";
import type { Context } from "../context.ts";
import type { JobResult } from "../jobs/job-board.ts";
import type { ImportRequest } from "../ports/index.ts";
import { ensureImage, findImage, findSystem, imageOfSystem } from "./acquire.ts";

/** Names of machines, those in the trash too: bringing one back must work. And templates: others are made from them. */
async function usersOf(context: Context, digest: string): Promise<string[]> {
  const present = [...context.actors.values()]
    .filter((actor) => imagesUnder(actor.record.hardware).includes(digest))
    .map((actor) => actor.record.name as string);
  const trashed = (await context.ports.machines.trashed())
    .filter((entry) => imagesUnder(entry.record.hardware).includes(digest))
    .map((entry) => `${entry.record.name} (in the trash)`);
  const templates = [...context.templates.values()]
    .filter(({ generations }) => generations.some(({ hardware }) => imagesUnder(hardware).includes(digest)))
    .map(({ name }) => `${name} (a template)`);
  return [...present, ...trashed, ...templates];
}

export async function imageView(context: Context, image: ImageRecord): Promise<ImageView> {
  return { ...image, usedBy: await usersOf(context, image.digest) };
}

export async function listImages(context: Context): Promise<{ images: ImageView[] }> {
  return { images: await Promise.all(context.ports.images.list().map((image) => imageView(context, image))) };
}

export async function showImage(context: Context, input: { image: string }): Promise<ImageView | Refusal> {
  const image = findImage(context, input.image);
  return isRefusal(image) ? image : await imageView(context, image);
}

export async function pullImage(context: Context, input: { system: string }): Promise<{ job: JobView } | Refusal> {
  const system = findSystem(context, input.system);
  if (isRefusal(system)) return system;
  const job = context.jobs.run({ kind: "image.pull", title: `Get the image of ${system.name}`, subjects: [system.id] }, async (work) => {
    const digest = await ensureImage(context, system, work);
    return isRefusal(digest) ? digest : { image: digest, words: `The image of ${system.name} is here.` };
  });
  return { job };
}

export function importImage(
  context: Context,
  input: { path: string; name: string; format?: string | undefined; kind?: ImageKind | undefined; initrd?: string | undefined },
): { job: JobView } | Refusal {
  const { path, ...rest } = input;
  return bringIn(context, { ...rest, from: { path } });
}

export function uploadImage(
  context: Context,
  input: { stream: AsyncIterable<Uint8Array>; fileName: string; name: string; format?: string | undefined; kind?: ImageKind | undefined },
): { job: JobView } | Refusal {
  return bringIn(context, {
    name: input.name,
    from: { stream: input.stream, fileName: input.fileName },
    format: input.format,
    kind: input.kind,
  });
}

function bringIn(context: Context, request: ImportRequest): { job: JobView } | Refusal {
  if (context.ports.images.list().some((image) => image.name === request.name)) {
    return refusal(
      "image.name_taken",
      `There is an image called “${request.name}” already.`,
      "Give it another name, or remove the other one first.",
    );
  }
  const job = context.jobs.run(
    { kind: "image.import", title: `Import “${request.name}”`, subjects: [request.name] },
    async (work: LongWork): Promise<JobResult | Refusal> => {
      const { sources, images, journal } = context.ports;
      const fresh = await sources.importFile(request, work);
      if (isRefusal(fresh)) return fresh;
      const entry = await journal.begin({ op: "image.add", digest: fresh.record.digest });
      const record = await images.add(fresh);
      await entry.close();
      context.events.publish({ kind: "image.added", digest: record.digest, name: record.name });
      return { image: record.digest, words: `“${record.name}” is here and can be given to machines.` };
    },
  );
  return { job };
}

export function verifyImage(context: Context, input: { image: string }): { job: JobView } | Refusal {
  const image = findImage(context, input.image);
  if (isRefusal(image)) return image;
  const job = context.jobs.run(
    { kind: "image.verify", title: `Verify “${image.name}”`, subjects: [image.digest] },
    async (work): Promise<JobResult> => {
      const verdict = await context.ports.images.verify(image.digest, work);
      if (!verdict.good)
        throw new MimicError("image.damaged", verdict.found, { hint: "Do not start machines that use it; remove it and get it again." });
      return { image: image.digest, words: verdict.found };
    },
  );
  return { job };
}

export async function removeImage(context: Context, input: { image: string }): Promise<object | Refusal> {
  const image = findImage(context, input.image);
  if (isRefusal(image)) return image;
  const users = await usersOf(context, image.digest);
  if (users.length > 0) {
    return refusal(
      "image.in_use",
      `“${image.name}” is under the disks of: ${users.slice(0, 10).join(", ")}${users.length > 10 ? " and others" : ""}.`,
      "Remove those first (mimic rm NAME, then mimic trash empty; mimic template rm NAME).",
    );
  }
  const entry = await context.ports.journal.begin({ op: "image.remove", digest: image.digest });
  await context.ports.images.remove(image.digest);
  await entry.close();
  context.events.publish({ kind: "image.removed", digest: image.digest, name: image.name });
  return {};
}

const systemView = (context: Context, system: SystemView): SystemView => ({
  ...system,
  imageDigest: imageOfSystem(context, system)?.digest,
});

export function listSystems(context: Context): { systems: SystemView[] } {
  const systems = [...context.ports.sources.systems()].sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name));
  return { systems: systems.map((system) => systemView(context, system)) };
}

export function showSystem(context: Context, input: { system: string }): SystemView | Refusal {
  const system = findSystem(context, input.system);
  return isRefusal(system) ? system : systemView(context, system);
}
