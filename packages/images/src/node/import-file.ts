// The safe way in for a file that nobody trusts: quarantine → our own inspector → conversion in the cage → a look at
// the result. Whatever goes wrong, nothing is left behind. QEMU's tools never see the original and never guess a format.
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Clock, isRefusal, type Log, type LongWork, MimicError, plain, quoted, type Refusal, refusal } from "@mimic/base";
import type { ImageKind, ImageRecord } from "@mimic/model";
import type { DiskTool, ImportRequest, NewImage } from "@mimic/workbench/ports";
import { z } from "zod";
import { malformed } from "../archive/byte-reader.ts";
import type { FatFile } from "../fat/fat-image.ts";
import { type Decision, decideImage, findWrapper } from "../inspect/inspect.ts";
import type { Wrapper } from "../inspect/recognise.ts";
import { finishBoot, MAX_BOOT_FILE } from "./boot-image.ts";
import { runJailed } from "./jail.ts";
import { packFolder, packZip, writeFat } from "./pack-files.ts";
import { openInspected, sha256Of, writeNew } from "./quarantine.ts";
import { unwrap } from "./unwrap.ts";

export interface ImportTools {
  readonly quarantine: () => Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly maxVirtualBytes: number;
  readonly diskTool?: Pick<DiskTool, "checkHeader"> | undefined;
}

/** A file that is in quarantine already, and what is known of it. */
export interface Incoming {
  readonly folder: string;
  /** In `folder`. */
  readonly path: string;
  readonly name: string;
  readonly fileName: string;
  readonly format?: string | undefined;
  readonly kind?: ImageKind | undefined;
  /** Of kind boot: its first file system, in `folder` too. */
  readonly initrd?: string | undefined;
  readonly member?: string | undefined;
  /** Said by a recipe; undefined = looked for. */
  readonly compression?: "none" | Wrapper | undefined;
  readonly source: string;
  readonly verifiedBy: string;
  readonly system?: string | undefined;
  readonly architecture?: ImageRecord["architecture"];
}

const QemuInfo = z.object({
  format: z.string(),
  "virtual-size": z.number(),
  "backing-filename": z.unknown().optional(),
  "full-backing-filename": z.unknown().optional(),
  encrypted: z.boolean().optional(),
  "format-specific": z.object({ data: z.record(z.string(), z.unknown()) }).optional(),
});

/** What is allowed to be in the store: nothing that points anywhere else. Pure. */
export function checkResult(info: unknown, expectedBytes: number): string | undefined {
  const parsed = QemuInfo.safeParse(info);
  if (!parsed.success) return "qemu-img does not describe it as it should";
  const { data } = parsed;
  if (data.format !== "qcow2") return `it became ${plain(data.format, 20)}`;
  if (data["backing-filename"] !== undefined || data["full-backing-filename"] !== undefined) return "it names a backing file";
  if (data["format-specific"]?.data["data-file"] !== undefined) return "it names a data file";
  if (data.encrypted) return "it is encrypted";
  // Foreign formats count in sectors, and VHD in cylinders.
  if (Math.abs(data["virtual-size"] - expectedBytes) > 64 * 1024 ** 2) return "its size changed";
  return undefined;
}

const conversionFailed = (incoming: Incoming, detail: string): Refusal =>
  refusal(
    "image.conversion_failed",
    `${quoted(incoming.fileName)} was not imported: it could not be read as the disk that it claims to be.`,
    `The file is damaged, or made by a program that does it differently. What was said: ${plain(detail, 300)}`,
  );

async function convert(incoming: Incoming, decision: Decision, tools: ImportTools, work: LongWork): Promise<string | Refusal> {
  const output = join(incoming.folder, "out");
  await mkdir(output, { mode: 0o700 });
  work.report({ words: `Converting ${incoming.fileName}` });
  const job = { input: incoming.path, output, environment: tools.environment, maxFileBytes: decision.virtualBytes + 256 * 1024 ** 2 };
  const done = await runJailed({ ...job, args: ["convert", "-f", decision.format, "-O", "qcow2", "/in/image", "/out/disk.qcow2"] }, work);
  if (done.code !== 0) return conversionFailed(incoming, done.timedOut ? "it took longer than 15 minutes" : done.errors);
  work.report({ words: "Checking the result" });
  const result = join(output, "disk.qcow2");
  const folder = join(incoming.folder, "check");
  await mkdir(folder, { mode: 0o700 });
  const info = await runJailed(
    { ...job, input: result, output: folder, args: ["info", "-f", "qcow2", "--output=json", "/in/image"] },
    work,
  );
  const wrong = info.code === 0 ? checkResult(parseJson(info.output), decision.virtualBytes) : info.errors;
  if (wrong !== undefined) return conversionFailed(incoming, wrong);
  return (await tools.diskTool?.checkHeader([{ path: result, format: "qcow2" }])) ?? result;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function takeOut(incoming: Incoming, tools: ImportTools, work: LongWork): Promise<Incoming> {
  await using file = await openInspected(incoming.path);
  const found = incoming.format === "raw" && incoming.compression === undefined ? undefined : await findWrapper(file);
  const wrapper = incoming.compression === "none" ? undefined : found;
  if (incoming.compression !== undefined && incoming.compression !== (wrapper ?? "none"))
    throw malformed("downloaded file", `it is not packed as ${incoming.compression}`);
  if (!wrapper) return incoming;
  const to = join(incoming.folder, "unpacked");
  await unwrap({ from: incoming.path, to, wrapper, member: incoming.member, maxBytes: tools.maxVirtualBytes }, work);
  await rm(incoming.path);
  return { ...incoming, path: to };
}

/** From quarantine to a finished image; the caller removes the folder on a throw or refusal. */
export async function finishImport(arrived: Incoming, tools: ImportTools, work: LongWork): Promise<NewImage | Refusal> {
  // A kernel stays as it is: many are packed, and what starts them knows how.
  if (arrived.kind === "boot") return await finishBoot({ ...arrived, kernel: arrived.path }, factsOf(arrived, tools), work);
  const incoming = await takeOut(arrived, tools, work);
  work.report({ words: `Looking at ${incoming.fileName}` });
  const decision = await inspectIncoming(incoming, tools);
  if (isRefusal(decision)) return decision;
  tools.log.info("image inspected", { format: decision.format, kind: decision.kind, virtualBytes: decision.virtualBytes });
  let path = incoming.path;
  if (decision.kind === "disk") {
    const converted = await convert(incoming, decision, tools, work);
    if (typeof converted !== "string") return converted;
    path = converted;
  } else if (decision.format !== "raw") {
    return refusal("image.unsupported", `${quoted(incoming.fileName)} is a hard disk, not a ${decision.kind}.`, "Import it as a disk.");
  }
  const final = join(incoming.folder, decision.kind === "disk" ? "image.qcow2" : "image.raw");
  await rename(path, final);
  await ownAgain(final);
  for (const rest of ["out", "check", "original"]) await rm(join(incoming.folder, rest), { recursive: true, force: true });
  return { path: final, record: await recordOf(final, incoming, decision, tools, work) };
}

async function inspectIncoming(incoming: Incoming, tools: ImportTools): Promise<Decision | Refusal> {
  await using file = await openInspected(incoming.path);
  return await decideImage(file, {
    format: incoming.format,
    kind: incoming.kind,
    maxVirtualBytes: tools.maxVirtualBytes,
    name: incoming.fileName,
  });
}

/** What the caged user wrote belongs to us from here on, and is on the disk before it gets its name. */
async function ownAgain(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    if (process.getuid?.() === 0) await file.chown(0, 0);
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
}

const factsOf = ({ name, architecture, system, source, verifiedBy }: Incoming, tools: ImportTools) => ({
  name,
  architecture,
  system,
  addedAt: new Date(tools.clock.nowMs()).toISOString(),
  source: source.slice(0, 2000),
  verifiedBy: verifiedBy.slice(0, 500),
});

async function recordOf(path: string, incoming: Incoming, decision: Decision, tools: ImportTools, work: LongWork): Promise<ImageRecord> {
  const { size } = await stat(path);
  const notes = decision.notes.map((note) => ` (${note})`).join("");
  return {
    ...factsOf({ ...incoming, source: `${incoming.source}${notes}` }, tools),
    digest: await sha256Of(path, work.signal),
    kind: decision.kind,
    format: decision.kind === "disk" ? "qcow2" : "raw",
    sizeBytes: size,
    virtualBytes: decision.virtualBytes,
    parts: [],
  };
}

async function* fromPath(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  const stream = createReadStream(path, { signal, highWaterMark: 1_048_576 });
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } finally {
    stream.destroy();
  }
}

async function openSource(
  request: ImportRequest,
  work: LongWork,
): Promise<{ bytes: AsyncIterable<Uint8Array>; fileName: string; total?: number }> {
  if ("stream" in request.from) return { bytes: request.from.stream, fileName: plain(request.from.fileName, 200) };
  const { path } = request.from;
  const found = await stat(path).catch((cause: unknown) => {
    throw new MimicError("image.file_missing", `The file ${quoted(basename(path))} cannot be read.`, {
      hint: "Check the path and that you may read it.",
      detail: path,
      cause,
    });
  });
  if (!found.isFile())
    throw new MimicError("image.file_missing", `${quoted(basename(path))} is not a file.`, {
      hint: "Name the image file itself.",
      detail: path,
    });
  return { bytes: fromPath(path, work.signal), fileName: plain(basename(path), 200), total: found.size };
}

/** Runs `work` with a fresh quarantine folder and removes it unless an image came out. */
export async function inQuarantine(
  quarantine: () => Promise<string>,
  act: (folder: string) => Promise<NewImage | Refusal>,
): Promise<NewImage | Refusal> {
  const folder = await quarantine();
  let keep = false;
  try {
    const result = await act(folder);
    keep = !isRefusal(result);
    return result;
  } finally {
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}

export function importFile(request: ImportRequest, tools: ImportTools, work: LongWork): Promise<NewImage | Refusal> {
  return inQuarantine(tools.quarantine, async (folder) => {
    const source = await openSource(request, work);
    const path = join(folder, "original");
    const words = `Copying ${source.fileName}`;
    const maxBytes = request.kind === "boot" ? MAX_BOOT_FILE : tools.maxVirtualBytes;
    const arrived = await writeNew(path, source.bytes, { maxBytes }, { ...work, words, total: source.total });
    const initrd = request.initrd === undefined ? undefined : join(folder, "initrd");
    if (initrd !== undefined) {
      const second = await openSource({ ...request, from: { path: request.initrd ?? "" } }, work);
      await writeNew(initrd, second.bytes, { maxBytes }, { ...work, words: `Copying ${second.fileName}`, total: second.total });
    }
    return finishImport(
      {
        folder,
        path,
        name: request.name,
        fileName: source.fileName,
        format: request.format,
        kind: request.kind,
        initrd,
        source: `${source.fileName} (SHA-256 ${arrived.sha256})`,
        verifiedBy:
          request.kind === "boot" ? "You brought it; what is in it only its machine reads" : "You brought it; its structure was checked",
      },
      tools,
      work,
    );
  });
}

/** A folder or a zip whose files become a disk, or a floppy, that DOS and everything after it can read. */
export function importFiles(request: ImportRequest, tools: ImportTools, work: LongWork): Promise<NewImage | Refusal> {
  return inQuarantine(tools.quarantine, async (folder) => {
    const kind = request.kind === "floppy" ? "floppy" : "disk";
    const path = join(folder, "original");
    const { files, from } = await filesOf(request, folder, work);
    await writeFat(files, kind, path, request.name);
    await rm(join(folder, "zip"), { force: true });
    const verifiedBy = "You brought the files; the disk around them was made here";
    return finishImport(
      { folder, path, name: request.name, fileName: from, format: "raw", kind, source: `${files.length} files of ${from}`, verifiedBy },
      tools,
      work,
    );
  });
}

async function filesOf(request: ImportRequest, folder: string, work: LongWork): Promise<{ files: FatFile[]; from: string }> {
  if ("path" in request.from && (await stat(request.from.path).catch(() => undefined))?.isDirectory())
    return { files: await packFolder(request.from.path, work), from: plain(basename(request.from.path), 200) };
  const source = await openSource(request, work);
  const zip = join(folder, "zip");
  await writeNew(zip, source.bytes, { maxBytes: 1024 ** 3 }, { ...work, words: `Copying ${source.fileName}`, total: source.total });
  return { files: await packZip(zip, work), from: source.fileName };
}
