// Reads every byte that a template is made of again, and compares it with the seals from when it was made. What is not what
// it was is written down with the template: nothing is made from it any more, nor from others that share the file.
import { formatSize, isRefusal, type LongWork, MimicError, type Refusal } from "@mimic/base";
import {
  type CheckedFile,
  damageOf,
  isBroken,
  type JobView,
  newest,
  type SealedFile,
  sealedFileInWords,
  sealedFilesOf,
  type TemplateRecord,
} from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import type { JobResult } from "../jobs/job-board.ts";
import type { FileDigest, Reading } from "../ports/index.ts";
import { changeTemplateRecord } from "./change-template.ts";
import { findTemplate, unknownTemplate } from "./find-template.ts";

export function verifyTemplate(context: Context, input: { template: string }): { job: JobView } | Refusal {
  const template = findTemplate(context, input.template);
  if (isRefusal(template)) return template;
  const about = { kind: "template.verify", title: `Verify the template “${template.name}”`, subjects: [template.id] };
  return { job: context.jobs.run(about, (work) => verify(context, template, work)) };
}

/** What was read, and its digest: of files without a seal it becomes one. */
interface Read {
  readonly file: SealedFile;
  readonly found: CheckedFile;
  readonly sha256: string | undefined;
}

async function verify(context: Context, template: TemplateRecord, work: LongWork): Promise<JobResult | Refusal> {
  const read = await readAll(context, template, work);
  const written = await changeTemplateRecord(context, template.id, (now) =>
    now ? withFindings(now, read, nowIso(context)) : unknownTemplate(template.name),
  );
  if (isRefusal(written)) return written;
  await offerNothingBroken(context);
  context.events.publish({ kind: "template.changed", templateId: written.id });
  return inWords(written, written.checked?.files ?? []);
}

async function readAll(context: Context, template: TemplateRecord, work: LongWork): Promise<Read[]> {
  const { ports } = context;
  const sizes = new Map<number, Readonly<Record<string, number>>>();
  for (const { number } of template.generations) sizes.set(number, await ports.templates.sizes(template.id, number));
  const files = sealedFilesOf(template, new Map([...sizes].map(([number, names]) => [number, Object.keys(names)])));
  const lengths = await Promise.all(files.map(async (file) => (await lengthOf(context, file, sizes)) ?? 0));
  const total = lengths.reduce((sum, size) => sum + size, 0);
  const read: Read[] = [];
  let before = 0;
  for (const [at, file] of files.entries()) {
    let done = before;
    const onBytes = (count: number): void => {
      done += count;
      work.report({ words: `Reading the ${sealedFileInWords(file)}`, done: Math.min(done, total), total, unit: "bytes" });
    };
    onBytes(0);
    read.push(await look(context, template, file, { signal: work.signal, onBytes }));
    before += lengths[at] ?? 0;
  }
  return read;
}

async function lengthOf(
  { ports }: Context,
  { kind, id, layer, place }: SealedFile,
  sizes: ReadonlyMap<number, Readonly<Record<string, number>>>,
): Promise<number | undefined> {
  if (layer) return await ports.layers.size(layer);
  if (place) return sizes.get(place.generation)?.[place.name];
  return kind === "image" ? ports.images.get(id)?.sizeBytes : undefined;
}

async function look(context: Context, template: TemplateRecord, file: SealedFile, options: Reading): Promise<Read> {
  const { kind, id, generations, layer } = file;
  const away = layer?.storage === undefined ? undefined : await context.ports.storages.whyMissing(layer.storage);
  const is = (found: Omit<CheckedFile, "kind" | "id" | "generations">, sha256?: string): Read => ({
    file,
    sha256,
    found: { kind, id, generations: [...generations], ...found },
  });
  if (away !== undefined) return is({ outcome: "away", why: away.slice(0, 300) });
  const digest = await digestOf(context, template, file, options);
  if (digest.kind !== "read") return is({ outcome: digest.kind, ...("why" in digest && { why: digest.why.slice(0, 300) }) });
  const { sha256, sizeBytes } = digest;
  return is({ sizeBytes, outcome: outcomeOf(template, file, sha256) }, sha256);
}

function outcomeOf({ generations }: TemplateRecord, { sha256, place }: SealedFile, found: string): CheckedFile["outcome"] {
  if (sha256 !== undefined) return found === sha256 ? "whole" : "changed";
  // One that was sealed with all its files had no other ones then.
  const wasSealed = place !== undefined && generations.find(({ number }) => number === place.generation)?.files !== undefined;
  return wasSealed ? "added" : "sealed";
}

async function digestOf({ ports }: Context, template: TemplateRecord, file: SealedFile, options: Reading): Promise<FileDigest> {
  const { id, layer, place } = file;
  if (layer) return await ports.layers.digest(layer, options);
  if (place) return await ports.templates.digest(template.id, place.generation, place.name, options);
  const image = ports.images.get(id);
  if (image === undefined) return { kind: "missing" };
  let before = 0;
  const report: LongWork["report"] = ({ done = 0 }) => {
    // Of several parts each begins at nothing.
    options.onBytes?.(done < before ? done : done - before);
    before = done;
  };
  try {
    const { good } = await ports.images.verify(id, { signal: options.signal, report });
    return { kind: "read", sha256: good ? id : "", sizeBytes: image.sizeBytes };
  } catch (error) {
    options.signal.throwIfAborted();
    const { code } = error as { code?: string };
    return code === "ENOENT" ? { kind: "missing" } : { kind: "unreadable", why: code ?? "an unknown error" };
  }
}

/** The template as it is now (it may have got or lost generations meanwhile), with what was found. */
export function withFindings(template: TemplateRecord, read: readonly Read[], at: string): TemplateRecord {
  const there = new Set(template.generations.map(({ number }) => number));
  const files = read.flatMap(({ found }) => {
    const generations = found.generations.filter((number) => there.has(number));
    return generations.length === 0 ? [] : [{ ...found, generations }];
  });
  const seal = read.filter(({ found }) => found.outcome === "sealed");
  const generations = template.generations.map((generation) => {
    const own = seal.filter(({ file }) => file.place?.generation === generation.number);
    const layers = seal.filter(({ file }) => file.layer && file.generations.includes(generation.number));
    const unread = read.some(({ file, sha256 }) => file.place?.generation === generation.number && !file.sha256 && sha256 === undefined);
    // From now on its files are sealed, also when it has none; not when one of them could not be read.
    return {
      ...generation,
      files: unread
        ? generation.files
        : { ...generation.files, ...Object.fromEntries(own.map(({ file, sha256 }) => [file.place?.name ?? "", sha256 ?? ""])) },
      seals: { ...generation.seals, ...Object.fromEntries(layers.map(({ file, sha256 }) => [file.id, sha256 ?? ""])) },
    };
  });
  return { ...template, generations, checked: { at, files } };
}

/** What waits ready, and what is held in memory, goes where it can no longer be vouched for. */
async function offerNothingBroken(context: Context): Promise<void> {
  const { ports, pool } = context;
  const all = [...context.templates.values()];
  for (const template of all) {
    const damage = damageOf(template, newest(template), all);
    if (damage.rest.length > 0 || damage.memory.length > 0) await pool.forget(template.id);
    for (const generation of template.generations)
      if (damageOf(template, generation, all).memory.length > 0)
        await ports.hypervisor.cool(ports.templates.memoryPath(template.id, generation.number));
  }
}

function inWords(template: TemplateRecord, files: readonly CheckedFile[]): JobResult {
  const broken = files.filter(isBroken);
  const [first] = broken;
  const hint = `What each means and what to do: mimic template show ${template.name}`;
  if (first !== undefined)
    throw new MimicError(
      "template.damaged",
      `“${template.name}” is not what it was: ${broken.length} of ${files.length} files differ (${broken.slice(0, 3).map(sealedFileInWords).join("; ")}${broken.length > 3 ? " …" : ""}).`,
      { hint },
    );
  const away = files.filter(({ outcome }) => outcome === "away");
  if (away.length > 0)
    throw new MimicError(
      "template.not_all_there",
      `${away.length} of ${files.length} files of “${template.name}” could not be looked at, since their drive is away; the others are what they were.`,
      { hint: "Plug the drive in or mount it, then verify again." },
    );
  const sealed = files.filter(({ outcome }) => outcome === "sealed").length;
  const bytes = formatSize(files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0));
  const late =
    sealed === 0
      ? ""
      : ` Of ${sealed} ${sealed === 1 ? "file" : "files"} nothing can be said, since ${sealed === 1 ? "it was" : "they were"} not sealed then; from now on ${sealed === 1 ? "it is" : "they are"}.`;
  return {
    template: template.id,
    words: `“${template.name}” is byte for byte what it was: ${files.length - sealed} files, ${bytes} read.${late}`,
  };
}
