// Bytes of a disk, as the readers of file systems want them: at any place, in any number, never an error for a place that
// is not there (it reads as zeros), and each piece fetched once while it is near.

export interface Source {
  readonly sizeBytes: number;
  /** `length` is at most 1 MiB. What lies beyond the end reads as zeros. Rejects only when the disk itself cannot be read. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

const PIECE = 64 * 1024;

/** Holds the last pieces that were read. `fetch` is asked for whole pieces within the size only. */
export function cachedSource(sizeBytes: number, fetch: (offset: number, length: number) => Promise<Uint8Array>, pieces = 1024): Source {
  const held = new Map<number, Promise<Uint8Array>>();
  const piece = (index: number): Promise<Uint8Array> => {
    const known = held.get(index);
    if (known !== undefined) {
      // Again the newest.
      held.delete(index);
      held.set(index, known);
      return known;
    }
    const fetched = fetch(index * PIECE, Math.min(PIECE, sizeBytes - index * PIECE));
    held.set(index, fetched);
    const [oldest] = held.keys();
    if (held.size > pieces && oldest !== undefined) held.delete(oldest);
    return fetched;
  };
  return {
    sizeBytes,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      if (!Number.isSafeInteger(offset) || offset < 0) return bytes;
      const end = Math.min(offset + length, sizeBytes);
      for (let at = offset; at < end; ) {
        const index = Math.floor(at / PIECE);
        const from = at - index * PIECE;
        const count = Math.min(PIECE - from, end - at);
        bytes.set((await piece(index)).subarray(from, from + count), at - offset);
        at += count;
      }
      return bytes;
    },
  };
}

/** A part of a disk, from its own beginning. */
export const partOf = (source: Source, start: number, sizeBytes: number): Source => ({
  sizeBytes: Math.max(0, Math.min(sizeBytes, source.sizeBytes - start)),
  async read(offset, length) {
    const there = offset < 0 ? 0 : Math.max(0, Math.min(length, this.sizeBytes - offset));
    if (there === length) return await source.read(start + offset, length);
    const bytes = new Uint8Array(length);
    if (there > 0) bytes.set(await source.read(start + offset, there));
    return bytes;
  },
});

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
/** A 64-bit number that fits what JavaScript counts exactly; anything larger is no place on a disk. */
export const u64 = (high: number, low: number): number => high * 2 ** 32 + low;
