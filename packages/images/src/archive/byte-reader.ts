// Reads exact counts of bytes from a stream of chunks of any size. Archives are read through it,
// so that nothing larger than what a caller asks for is ever held in memory.
import { MimicError } from "@mimic/base";

/** The bytes are no archive of the kind that they claim to be. `what` names the archive, `why` the part that is wrong. */
export const malformed = (what: string, why: string): MimicError =>
  new MimicError("archive.malformed", `The ${what} cannot be read: ${why}.`, {
    hint: "The file is damaged or is something else. Get it again from where it came from.",
  });

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #held: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>, what: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#what = what;
  }

  async #fill(): Promise<boolean> {
    while (this.#held.length === 0) {
      const next = await this.#source.next();
      if (next.done) return false;
      this.#held = next.value;
    }
    return true;
  }

  /** `count` bytes in chunks as they come; throws when the stream ends before. */
  async *stream(count: number): AsyncGenerator<Uint8Array, void, void> {
    let left = count;
    while (left > 0) {
      if (!(await this.#fill())) throw malformed(this.#what, "it ends too early");
      const chunk = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  /** Exactly `count` bytes, or undefined when the stream is at its end. Callers bound `count`. */
  async read(count: number): Promise<Uint8Array | undefined> {
    if (!(await this.#fill())) return undefined;
    const out = new Uint8Array(count);
    let at = 0;
    for await (const chunk of this.stream(count)) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  async skip(count: number): Promise<void> {
    for await (const _ of this.stream(count));
  }

  /** Everything that is left. */
  async *rest(): AsyncGenerator<Uint8Array, void, void> {
    while (await this.#fill()) {
      const chunk = this.#held;
      this.#held = new Uint8Array(0);
      yield chunk;
    }
  }

  /** Lets go of the stream below. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

/** All of a stream in one piece, refused above `limit` bytes. */
export async function collect(source: AsyncIterable<Uint8Array>, limit: number, what: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of source) {
    size += part.length;
    if (size > limit) throw malformed(what, `it is larger than ${limit} bytes`);
    parts.push(part.slice());
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Bytes as ASCII up to the first NUL. */
export function asciiField(bytes: Uint8Array, from: number, length: number): string {
  let text = "";
  for (const byte of bytes.subarray(from, from + length)) {
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
}
