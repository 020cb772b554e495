// The questions that a filter asks of a frame, as closures over its bytes. They answer as the packet filter of the field does
// (BPF, as libpcap compiles it): a read behind the end of the frame ends the whole filter with “no”, also below a “not”.

/** 1 yes, 0 no, -1 the frame ends before what was asked for. `length` is the frame's own, also when `bytes` were cut. */
export type Test = (bytes: Uint8Array, length: number) => number;
export const BEHIND_END = -1;

export type Direction = "src" | "dst" | "either" | "both";

export const always: Test = () => 1;

export function and(a: Test, b: Test): Test {
  return (bytes, length) => {
    const first = a(bytes, length);
    return first === 1 ? b(bytes, length) : first;
  };
}

export function or(a: Test, b: Test): Test {
  return (bytes, length) => {
    const first = a(bytes, length);
    return first === 0 ? b(bytes, length) : first;
  };
}

export function not(a: Test): Test {
  return (bytes, length) => {
    const answer = a(bytes, length);
    return answer < 0 ? answer : 1 - answer;
  };
}

export const anyOf = (...tests: readonly Test[]): Test => tests.reduce(or);
export const allOf = (...tests: readonly Test[]): Test => tests.reduce(and);

/** An unsigned number of 1, 2 or 4 bytes, or BEHIND_END. */
export function load(bytes: Uint8Array, at: number, size: number): number {
  if (at + size > bytes.length) return BEHIND_END;
  const first = bytes[at] as number;
  if (size === 1) return first;
  if (size === 2) return (first << 8) | (bytes[at + 1] as number);
  return ((first << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0;
}

/** The number at a fixed place is `value`, under a mask. */
export function isAt(at: number, size: 1 | 2 | 4, value: number, mask = 0xffff_ffff): Test {
  return (bytes) => {
    const found = load(bytes, at, size);
    return found < 0 ? BEHIND_END : Number((found & mask) >>> 0 === value);
  };
}

/** Bytes at a fixed place, under a mask of the same length. */
export function bytesAt(at: number, wanted: Uint8Array, mask?: Uint8Array): Test {
  return (bytes) => {
    for (let word = 0; word < wanted.length; word += 4) {
      const end = Math.min(word + 4, wanted.length);
      if (at + end > bytes.length) return BEHIND_END;
      for (let i = word; i < end; i++) {
        const byte = bytes[at + i] as number;
        if ((mask === undefined ? byte : byte & (mask[i] as number)) !== wanted[i]) return 0;
      }
    }
    return 1;
  };
}

export function directed(direction: Direction, source: Test, destination: Test): Test {
  switch (direction) {
    case "src":
      return source;
    case "dst":
      return destination;
    case "either":
      return or(source, destination);
    case "both":
      return and(source, destination);
    default:
      return direction satisfies never;
  }
}
