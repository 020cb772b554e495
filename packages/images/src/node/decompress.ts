// Decompression of streams: gzip and zstd by Node's own zlib, xz by a small WebAssembly decoder. Output is
// bounded by whoever reads it (see `bounded`): a bomb is stopped while it unfolds, not after.
import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { MimicError } from "@mimic/base";
import xz from "xz-decompress";
import { malformed } from "../archive/byte-reader.ts";

export type Compression = "none" | "gz" | "xz" | "zst";

function throughNode(source: AsyncIterable<Uint8Array>, kind: "gz" | "zst"): AsyncIterable<Uint8Array> {
  const unpack = kind === "gz" ? createGunzip() : createZstdDecompress();
  pipeline(Readable.from(source, { objectMode: true, highWaterMark: 1 }), unpack, () => {});
  return (async function* () {
    try {
      for await (const chunk of unpack) yield chunk as Uint8Array;
    } catch (error) {
      if (error instanceof MimicError) throw error;
      if (error instanceof Error && "code" in error && /^(Z_|ZSTD_|ERR_)/.test(String(error.code)))
        throw malformed("compressed file", "it is damaged or cut off");
      throw error;
    } finally {
      unpack.destroy();
    }
  })();
}

let xzTurn: Promise<void> = Promise.resolve();

/**
 * The decoder has one context for everybody. Its own lock goes wrong when a waiting stream is cancelled,
 * so streams queue here; that also bounds its memory.
 */
async function* throughXz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const before = xzTurn;
  const { promise, resolve } = Promise.withResolvers<void>();
  xzTurn = promise;
  try {
    await before;
    yield* decodeXz(source);
  } finally {
    before.then(resolve, resolve);
  }
}

/** The decoder reads for ever when its input ends early, so we say when that is. */
async function* decodeXz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const input = source[Symbol.asyncIterator]();
  let ended = false;
  let failure: unknown;
  const feed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await input.next();
        if (next.done) {
          ended = true;
          controller.close();
        } else if (next.value.length > 0) controller.enqueue(next.value);
        else await this.pull?.(controller);
      } catch (error) {
        failure = error;
        controller.error(error);
      }
    },
  });
  const reader = new xz.XzReadableStream(feed).getReader();
  let empty = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      empty = value.length === 0 && ended ? empty + 1 : 0;
      if (empty > 16) throw malformed("compressed file", "it ends too early");
      if (value.length > 0) yield value;
    }
  } catch (error) {
    if (failure) throw failure;
    if (error instanceof MimicError) throw error;
    throw malformed("compressed file", "it is damaged or cut off");
  } finally {
    await reader.cancel().catch(() => {});
    await input.return?.();
  }
}

export function decompress(source: AsyncIterable<Uint8Array>, compression: Compression): AsyncIterable<Uint8Array> {
  switch (compression) {
    case "none":
      return source;
    case "gz":
    case "zst":
      return throughNode(source, compression);
    case "xz":
      return throughXz(source);
  }
}
