// What the inspectors share. They read little pieces of a file that nobody trusts, through `read`,
// and say either what it is or which part of it is the reason for a no.

/** At most `length` bytes from `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

export interface Inspected {
  readonly read: ReadAt;
  readonly sizeBytes: number;
}

export type DiskImageFormat = "qcow2" | "vmdk" | "vdi" | "vpc" | "vhdx" | "raw";

/** `part`: which part of the file it is about, for people: “the header's backing file”. */
export interface Objection {
  readonly code: "image.names_other_file" | "image.encrypted" | "image.unsupported" | "image.malformed" | "image.too_large";
  readonly part: string;
  readonly why: string;
}

export type Verdict =
  | { readonly good: true; readonly virtualBytes: number; readonly notes: readonly string[] }
  | { readonly good: false; readonly objection: Objection };

export const bad = (code: Objection["code"], part: string, why: string): Verdict => ({ good: false, objection: { code, part, why } });
export const malformed = (part: string, why: string): Verdict => bad("image.malformed", part, why);
export const good = (virtualBytes: number, notes: readonly string[] = []): Verdict => ({ good: true, virtualBytes, notes });

/** Numbers out of bytes; undefined past the end, so that no inspector can throw. */
export class Fields {
  readonly #view: DataView;
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  #has(at: number, size: number): boolean {
    return at >= 0 && at + size <= this.#view.byteLength;
  }
  u16(at: number, little: boolean): number {
    return this.#has(at, 2) ? this.#view.getUint16(at, little) : 0;
  }
  u32(at: number, little: boolean): number {
    return this.#has(at, 4) ? this.#view.getUint32(at, little) : 0;
  }
  u64(at: number, little: boolean): bigint {
    return this.#has(at, 8) ? this.#view.getBigUint64(at, little) : 0n;
  }
  text(at: number, length: number): string {
    let out = "";
    for (const byte of this.bytes.subarray(at, at + length)) out += String.fromCharCode(byte);
    return out;
  }
  isZero(at: number, length: number): boolean {
    return this.bytes.subarray(at, at + length).every((byte) => byte === 0);
  }
}

/** A 64-bit size as a number: too big to be true becomes Infinity, which every limit refuses. */
export const sizeOf = (value: bigint): number => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Number.POSITIVE_INFINITY);
