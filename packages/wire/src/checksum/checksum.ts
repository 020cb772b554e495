// The Internet checksum (RFC 1071): the ones' complement sum of 16-bit words. Summed in 32-bit lanes of the machine's own
// byte order, which is allowed since the sum does not care about it (§2 B); swapped once at the end.
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Views of the memory that was summed last: a view costs more than a short sum. */
let lastBuffer: ArrayBufferLike | undefined;
let words: Int32Array = new Int32Array(0);
let halves: Uint16Array = new Uint16Array(0);

function look(buffer: ArrayBufferLike): void {
  if (buffer === lastBuffer) return;
  words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
  halves = new Uint16Array(buffer, 0, buffer.byteLength >>> 1);
  lastBuffer = buffer;
}

export const foldSum = (sum: number): number => {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
};

const swap = (value: number): number => ((value & 0xff) << 8) | (value >>> 8);

/**
 * The folded sum (0 to 0xffff) of `length` bytes as big-endian words, an odd last byte filled up with zero. Sums of parts with
 * even lengths may be added and folded again. The caller sees to it that the bytes are there; at most 128 KiB at once.
 */
export function sumOf(bytes: Uint8Array, at: number, length: number): number {
  look(bytes.buffer);
  const start = bytes.byteOffset + at;
  if ((start & 1) === 0) return inNetworkOrder(foldSum(evenSum(bytes, start, length)));
  if (length === 0) return 0;
  // From an odd place on, the lanes hold each pair the wrong way round.
  const rest = inNetworkOrder(foldSum(evenSum(bytes, start + 1, length - 1)));
  return foldSum(((bytes[at] as number) << 8) + swap(rest));
}

const inNetworkOrder = (sum: number): number => (IS_LITTLE_ENDIAN ? swap(sum) : sum);

/** Not folded, in machine order. `start` is an even place in the whole buffer. */
function evenSum(bytes: Uint8Array, start: number, length: number): number {
  let sum = 0;
  let at = start;
  const end = start + length;
  if ((at & 2) !== 0 && length >= 2) {
    sum += halves[at >>> 1] as number;
    at += 2;
  }
  let index = at >>> 2;
  const blocks = index + (((end - at) >>> 2) & ~7);
  const last = index + ((end - at) >>> 2);
  let low = 0;
  let high = 0;
  for (; index < blocks; index += 8) {
    const a = words[index] as number;
    const b = words[index + 1] as number;
    const c = words[index + 2] as number;
    const d = words[index + 3] as number;
    const e = words[index + 4] as number;
    const f = words[index + 5] as number;
    const g = words[index + 6] as number;
    const h = words[index + 7] as number;
    low = (low + (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff) + (e & 0xffff) + (f & 0xffff) + (g & 0xffff) + (h & 0xffff)) | 0;
    high = (high + (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16) + (e >>> 16) + (f >>> 16) + (g >>> 16) + (h >>> 16)) | 0;
  }
  for (; index < last; index++) {
    const word = words[index] as number;
    low += word & 0xffff;
    high += word >>> 16;
  }
  // What is left of fewer than two bytes did not even reach a lane.
  if (length >= 2) at = index << 2;
  sum += (low >>> 0) + (high >>> 0);
  if (end - at >= 2) {
    sum += halves[at >>> 1] as number;
    at += 2;
  }
  if (at < end) {
    const odd = bytes[at - bytes.byteOffset] as number;
    sum += IS_LITTLE_ENDIAN ? odd : odd << 8;
  }
  return sum;
}

/** What stands in the header: the complement. `initial` = a sum to begin with, such as a pseudo header's. */
export function checksumOf(bytes: Uint8Array, at = 0, length = bytes.length - at, initial = 0): number {
  return ~foldSum(sumOf(bytes, at, length) + initial) & 0xffff;
}

/**
 * The sum of the pseudo header that TCP, UDP and ICMPv6 checksums cover too (RFC 9293 §3.1, RFC 8200 §8.1). Addresses of 4 or 16
 * bytes each.
 */
export function pseudoHeaderSum(source: Uint8Array, destination: Uint8Array, protocol: number, length: number): number {
  const addresses = sumOf(source, 0, source.length) + sumOf(destination, 0, destination.length);
  return foldSum(addresses + protocol + (length & 0xffff) + (length >>> 16));
}
