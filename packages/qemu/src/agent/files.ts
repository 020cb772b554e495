// Files in the guest, by qemu-ga's guest-file-* verbs, in chunks that fit the line limit.
import type { Waiting } from "@mimic/base";
import type { GuestAgent } from "@mimic/workbench/ports";
import { z } from "zod";
import type { AgentChannel } from "./channel.ts";
import { agentMisbehaved, isRefused } from "./errors.ts";

/** Bytes per question; base64 makes 256 KiB of it. */
export const CHUNK_BYTES = 192 * 1024;
/** Each is a round through the guest, so its writer has its turn between them. */
const ANSWER_TRIES = 200;
const Chunk = z.object({ count: z.int().min(0).max(CHUNK_BYTES), "buf-b64": z.string(), eof: z.boolean() });
const Written = z.object({ count: z.int().min(0).max(CHUNK_BYTES), eof: z.boolean().optional() });
const encode = (bytes: Uint8Array): string => {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
};
const decode = (base64: string): Uint8Array | undefined => {
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
};

/** Base64 from a guest: nonsense counts as nothing said. */
export const bytesOf = (base64: string | undefined): Uint8Array => decode(base64 ?? "") ?? new Uint8Array(0);
export const textOf = (base64: string | undefined): string => new TextDecoder().decode(bytesOf(base64)).slice(0, 65_536);

export class GuestFiles {
  readonly #channel: AgentChannel;
  constructor(channel: AgentChannel) {
    this.#channel = channel;
  }

  async open(path: string, mode: "r" | "w" | "r+", options: Waiting): Promise<number> {
    const handle = z.int().safeParse(await this.#channel.call("guest-file-open", { path, mode }, options));
    if (!handle.success) throw agentMisbehaved("a file handle that is no number");
    return handle.data;
  }

  async close(handle: number, options: Waiting): Promise<void> {
    await this.#channel.call("guest-file-close", { handle }, options);
  }

  /** What is there from where the handle stands; empty at the (present) end. */
  async readSome(handle: number, options: Waiting, count = CHUNK_BYTES): Promise<Uint8Array> {
    const chunk = Chunk.safeParse(await this.#channel.call("guest-file-read", { handle, count }, options));
    if (!chunk.success) throw agentMisbehaved("a piece of a file that makes no sense");
    const bytes = decode(chunk.data["buf-b64"]);
    if (bytes === undefined || bytes.length !== chunk.data.count) throw agentMisbehaved("a piece of a file that is not as long as it says");
    return bytes;
  }

  async writeAll(handle: number, bytes: Uint8Array, options: Waiting): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + CHUNK_BYTES);
      const args = { handle, "buf-b64": encode(piece), count: piece.length };
      const written = Written.safeParse(await this.#channel.call("guest-file-write", args, options));
      if (!written.success || written.data.count === 0) throw agentMisbehaved("it writes nothing");
      at += written.data.count;
    }
  }

  async *read(path: string, options: Waiting): AsyncGenerator<Uint8Array, void, void> {
    const handle = await this.open(path, "r", options);
    try {
      for (;;) {
        const bytes = await this.readSome(handle, options);
        if (bytes.length === 0) return;
        yield bytes;
      }
    } finally {
      await this.#closeQuietly(handle);
    }
  }

  async write(path: string, bytes: AsyncIterable<Uint8Array>, options: Waiting): Promise<void> {
    const handle = await this.open(path, "w", options);
    try {
      for await (const piece of bytes) await this.writeAll(handle, piece, options);
      await this.#channel.call("guest-file-flush", { handle }, options);
    } finally {
      await this.#closeQuietly(handle);
    }
  }

  /**
   * Opening the pipe of answers waits in the guest until its other end is opened too, so nothing is asked again and again.
   * “r+” makes no file where there is no pipe.
   */
  async talk({ ask, answer, answerBytes }: Parameters<GuestAgent["talk"]>[0], message: Uint8Array, options: Waiting) {
    const question = await this.openIfThere(ask, options, "r+");
    if (question === undefined) return undefined;
    await this.writeAll(question, message, options);
    await this.close(question, options);
    const handle = await this.open(answer, "r", options);
    try {
      return await this.#readAnswer(handle, answerBytes, options);
    } finally {
      void this.#closeQuietly(handle);
    }
  }

  /**
   * Read with its very length: qemu-ga reads on for more, and then throws away what it has where the pipe is still open.
   * Its writer has opened the pipe, and may not have written yet: qemu-ga reads without waiting, and then refuses.
   */
  async #readAnswer(handle: number, count: number, options: Waiting): Promise<Uint8Array> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.readSome(handle, options, count);
      } catch (error) {
        if (!isRefused(error) || tries >= ANSWER_TRIES) throw error;
      }
    }
  }

  /** Undefined when the guest does not open it: mostly, that there is no such file. */
  async openIfThere(path: string, options: Waiting, mode: "r" | "w" | "r+" = "r"): Promise<number | undefined> {
    try {
      return await this.open(path, mode, options);
    } catch (error) {
      if (isRefused(error)) return undefined;
      throw error;
    }
  }

  /** Also after an abort: the guest's agent keeps handles for ever. */
  async #closeQuietly(handle: number): Promise<void> {
    await this.close(handle, { signal: new AbortController().signal }).catch(() => {});
  }
}
