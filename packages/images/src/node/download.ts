// The “download” way: the publisher's bytes, checked against the publisher's own word for them, then through
// the same safe pipeline as a person's file: a genuine publisher can still be wrong about a format.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type LongWork, MimicError, plain, type Refusal } from "@mimic/base";
import type { Proof, System } from "@mimic/model";
import type { NewImage } from "@mimic/workbench/ports";
import { collect } from "../archive/byte-reader.ts";
import { addressesFor, findChecksum } from "../checksums.ts";
import { digestWrong, fetchFile } from "./fetch-file.ts";
import { downloadFailed, httpGet } from "./http-get.ts";
import { finishImport, type ImportTools, inQuarantine } from "./import-file.ts";
import { checkDetached, openSignedText, readArmoredKeys } from "./signed-text.ts";

type DownloadSource = Extract<System["source"], { way: "download" }>;

export interface DownloadTools extends ImportTools {
  readonly cacheDirectory: string;
  readonly contentDirectory: string;
}

const MAX_LIST = 4 * 1024 ** 2;
const MAX_IMAGE = 32 * 1024 ** 3;

/** A mirror of the person's own: an address, or a folder on this computer. */
interface Mirror {
  readonly base: string | undefined;
  readonly isFolder: boolean;
}

const mirrorOf = (environment: ImportTools["environment"]): Mirror => {
  const base = environment["MIMIC_IMAGE_MIRROR"] || undefined;
  return { base, isFolder: base?.startsWith("/") ?? false };
};

async function readSmall(url: string, mirror: Mirror, work: LongWork): Promise<Uint8Array> {
  let last: unknown;
  for (const address of addressesFor(url, mirror.base)) {
    try {
      if (mirror.isFolder) {
        if ((await stat(address)).size > MAX_LIST) throw downloadFailed(address, "it is too large");
        return await readFile(address);
      }
      const own = mirror.base !== undefined;
      const reply = await httpGet(address, { signal: work.signal, plainHttp: own, privateRedirects: own });
      if (reply.status === 200) return await collect(reply.body, MAX_LIST, "list of checksums");
      await reply.body[Symbol.asyncIterator]().return?.();
      throw downloadFailed(address, `the server answered ${reply.status}`);
    } catch (error) {
      if (work.signal.aborted) throw work.signal.reason;
      last = error;
    }
  }
  throw last instanceof MimicError ? last : downloadFailed(url, "it is not there", last);
}

interface Promised {
  readonly algorithm: "sha256" | "sha512";
  readonly hex: string;
  readonly words: string;
}

/** What the publisher says that the bytes are. */
async function promised(proof: Proof, tools: DownloadTools, mirror: Mirror, work: LongWork): Promise<Promised> {
  if (proof.by === "digest") return { ...proof.digest, words: `${proof.digest.algorithm.toUpperCase()} written in the recipe` };
  work.report({ words: "Fetching the publisher's checksums" });
  const what = `the checksums at ${proof.url}`;
  const bytes = await readSmall(proof.url, mirror, work);
  let list = new TextDecoder().decode(bytes);
  let words = `the publisher's own ${proof.algorithm.toUpperCase()} list, fetched over ${mirror.base ? "your mirror" : "https"}`;
  if (proof.signature) {
    const key = await readFile(join(tools.contentDirectory, "keys", `${basename(proof.signature.key)}.asc`), "utf8");
    const keys = await readArmoredKeys([key]);
    // A list that is its own signature is clear-signed; only what the signature covers is read.
    if (proof.signature.url === proof.url) list = await openSignedText(list, keys, what);
    else await checkDetached(bytes, await readSmall(proof.signature.url, mirror, work), keys, what);
    words = `the publisher's ${proof.algorithm.toUpperCase()} list, signed by the key “${proof.signature.key}”`;
  }
  const hex = findChecksum(list, proof.algorithm, proof.fileName);
  if (hex === undefined)
    throw new MimicError("image.checksum_missing", `${plain(what, 300)} do not name ${plain(proof.fileName)}.`, {
      hint: "The publisher has moved on to a newer image. A newer Mimic may know it; or bring the image yourself: mimic image import FILE",
    });
  return { algorithm: proof.algorithm, hex, words };
}

async function copyLocal(url: string, mirror: Mirror, path: string, promise: Promised, what: string): Promise<string> {
  for (const address of addressesFor(url, mirror.base)) {
    const found = await stat(address).catch(() => undefined);
    if (!found?.isFile() || found.size > MAX_IMAGE) continue;
    await copyFile(address, path);
    const hash = createHash(promise.algorithm);
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
    const hex = hash.digest("hex");
    if (hex !== promise.hex) throw digestWrong(what, promise.hex, hex);
    return address;
  }
  throw downloadFailed(what, "your mirror does not have it");
}

async function bring(source: DownloadSource, tools: DownloadTools, mirror: Mirror, folder: string, promise: Promised, work: LongWork) {
  const path = join(folder, "original");
  const what = source.urls[0]?.split("/").at(-1) ?? "image";
  if (mirror.isFolder) return { path, from: await copyLocal(source.urls[0] ?? "", mirror, path, promise, what) };
  // Fetched into the cache under its digest, so that a cut download is continued by the next try.
  const cached = join(tools.cacheDirectory, "downloads", promise.hex);
  const urls = source.urls.flatMap((url) => addressesFor(url, mirror.base));
  const own = mirror.base !== undefined;
  const fetched = await fetchFile(
    { urls, path: cached, maxBytes: MAX_IMAGE, plainHttp: own, privateRedirects: own, what, expected: promise },
    work,
  );
  await moveFile(cached, path);
  return { path, from: fetched.url };
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch {
    // The cache may be on another file system.
    await copyFile(from, to);
    await rm(from, { force: true });
  }
}

/** Throws `download.*`, `image.digest_wrong`, `image.signature_wrong`, `image.checksum_missing`. */
export async function downloadImage(
  system: System,
  source: DownloadSource,
  tools: DownloadTools,
  work: LongWork,
): Promise<NewImage | Refusal> {
  const mirror = mirrorOf(tools.environment);
  const promise = await promised(source.proof, tools, mirror, work);
  return inQuarantine(tools.quarantine, async (folder) => {
    const { path, from } = await bring(source, tools, mirror, folder, promise, work);
    return finishImport(
      {
        folder,
        path,
        name: system.name,
        fileName: source.member ?? source.urls[0]?.split("/").at(-1) ?? "image",
        format: source.format,
        kind: source.kind,
        member: source.member,
        compression: source.compression,
        source: from,
        verifiedBy: promise.words,
        system: system.id,
        architecture: system.architecture,
      },
      tools,
      work,
    );
  });
}
