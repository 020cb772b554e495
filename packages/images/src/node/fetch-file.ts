// Fetches one file to a path: several addresses, continued where an earlier try stopped, its digest taken
// while the bytes come. The partial file lies beside the target with a note of the ETag that it belongs to.
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type LongWork, MimicError, plain } from "@mimic/base";
import { downloadFailed, type GetReply, httpGet } from "./http-get.ts";

export interface FetchPlan {
  readonly urls: readonly string[];
  /** Where the finished file goes (same file system as `path + ".part"`). */
  readonly path: string;
  readonly maxBytes: number;
  readonly plainHttp: boolean;
  readonly privateRedirects: boolean;
  /** “debian-12.qcow2”: for progress and messages. */
  readonly what: string;
  /** Known beforehand: a digest that differs is an error and the partial file is thrown away. */
  readonly expected?: { readonly algorithm: "sha256" | "sha512"; readonly hex: string } | undefined;
}

export interface Fetched {
  readonly sha256: string;
  readonly sha512: string;
  readonly sizeBytes: number;
  readonly url: string;
}

interface Sums {
  readonly sha256: Hash;
  readonly sha512: Hash;
}

async function sumsOf(path: string, upTo: number, signal: AbortSignal): Promise<Sums> {
  const sums = { sha256: createHash("sha256"), sha512: createHash("sha512") };
  if (upTo > 0)
    for await (const chunk of createReadStream(path, { end: upTo - 1, signal })) {
      sums.sha256.update(chunk as Uint8Array);
      sums.sha512.update(chunk as Uint8Array);
    }
  return sums;
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0;

interface PartialNote {
  readonly url: string;
  readonly etag: string;
}

async function readNote(path: string): Promise<PartialNote | undefined> {
  try {
    const note = JSON.parse(await readFile(path, "utf8")) as Partial<PartialNote>;
    return typeof note.url === "string" && typeof note.etag === "string" ? { url: note.url, etag: note.etag } : undefined;
  } catch {
    return undefined;
  }
}

const tooLarge = (plan: FetchPlan): MimicError =>
  new MimicError("download.too_large", `${plain(plan.what)} is larger than it may be (${plan.maxBytes} bytes).`, {
    hint: "The server sends something else than it should. Use another mirror.",
  });

/** Appends to the partial file. Returns when the server said that this was all. */
async function receive(plan: FetchPlan, reply: GetReply, from: number, part: string, work: LongWork): Promise<Fetched> {
  const length = Number(reply.headers["content-length"]);
  const total = Number.isSafeInteger(length) ? from + length : undefined;
  if (total !== undefined && total > plan.maxBytes) throw tooLarge(plan);
  const sums = await sumsOf(part, from, work.signal);
  const file = await open(part, from > 0 ? "r+" : "w", 0o600);
  let at = from;
  try {
    let said = 0;
    for await (const chunk of reply.body) {
      work.signal.throwIfAborted();
      if (at + chunk.length > plan.maxBytes) throw tooLarge(plan);
      await file.write(chunk, 0, chunk.length, at);
      sums.sha256.update(chunk);
      sums.sha512.update(chunk);
      at += chunk.length;
      if (at - said >= 262_144) {
        said = at;
        work.report({ words: `Fetching ${plan.what}`, done: at, total, unit: "bytes" });
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total !== undefined && at !== total) throw downloadFailed(reply.url, "the connection ended too early");
  return { sha256: sums.sha256.digest("hex"), sha512: sums.sha512.digest("hex"), sizeBytes: at, url: reply.url };
}

async function fetchFrom(url: string, plan: FetchPlan, work: LongWork): Promise<Fetched> {
  const part = `${plan.path}.part`;
  const notePath = `${plan.path}.part.json`;
  const note = await readNote(notePath);
  const held = await sizeOf(part);
  // Without a digest known beforehand only an unchanged ETag proves that the pieces belong together.
  const from = held > 0 && (plan.expected || (note?.url === url && note.etag !== "")) ? held : 0;
  const reply = await httpGet(url, { ...plan, signal: work.signal, from, etag: plan.expected ? undefined : note?.etag });
  if (reply.status === 416 && from > 0) {
    await rm(part, { force: true });
    await drop(reply);
    return fetchFrom(url, plan, work);
  }
  if (reply.status !== 200 && reply.status !== 206) {
    await drop(reply);
    throw downloadFailed(url, `the server answered ${reply.status}`);
  }
  const start = reply.status === 206 ? from : 0;
  if (reply.status === 206 && !new RegExp(`^bytes ${from}-`).test(String(reply.headers["content-range"]))) {
    await drop(reply);
    await rm(part, { force: true });
    throw downloadFailed(url, "the server sent another part than was asked for");
  }
  const etag = String(reply.headers.etag ?? "");
  await writeFile(notePath, JSON.stringify({ url, etag: etag.startsWith("W/") ? "" : etag }), { mode: 0o600 });
  return receive(plan, reply, start, part, work);
}

async function drop(reply: GetReply): Promise<void> {
  await reply.body[Symbol.asyncIterator]().return?.();
}

/**
 * Tries each address in turn, twice; a broken connection is continued, a wrong digest starts anew once.
 * Throws `download.failed`, `download.too_large`, `download.redirect_refused`, `image.digest_wrong`; an abort keeps the partial file.
 */
export async function fetchFile(plan: FetchPlan, work: LongWork): Promise<Fetched> {
  await mkdir(dirname(plan.path), { recursive: true, mode: 0o700 });
  const part = `${plan.path}.part`;
  let first: MimicError | undefined;
  for (const url of [...plan.urls, ...plan.urls]) {
    work.signal.throwIfAborted();
    try {
      const fetched = await fetchFrom(url, plan, work);
      if (plan.expected && fetched[plan.expected.algorithm] !== plan.expected.hex) {
        await rm(part, { force: true });
        throw digestWrong(plan.what, plan.expected.hex, fetched[plan.expected.algorithm]);
      }
      await rm(`${part}.json`, { force: true });
      await rename(part, plan.path);
      return fetched;
    } catch (error) {
      if (work.signal.aborted) throw work.signal.reason;
      if (!(error instanceof MimicError)) throw error;
      if (error.code === "download.too_large") await rm(part, { force: true });
      // The first address is the one that was meant; but wrong bytes anywhere say more than no bytes.
      if (first === undefined || error.code === "image.digest_wrong") first = error;
    }
  }
  throw first ?? downloadFailed(plan.what, "no address is known");
}

export const digestWrong = (what: string, wanted: string, found: string): MimicError =>
  new MimicError("image.digest_wrong", `${plain(what)} is not what its publisher made: its checksum differs.`, {
    hint: "The file was damaged or changed on its way. Try again, or use another mirror.",
    detail: `expected ${wanted}, found ${found}`,
  });
