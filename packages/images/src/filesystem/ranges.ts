// Places on a disk that were written: sorted, apart, asked whether a piece touches one.

export interface Range {
  readonly start: number;
  readonly length: number;
}

/** Sorted and joined; empty ones go. */
export function joinRanges(ranges: readonly Range[]): readonly Range[] {
  const sorted = ranges.filter(({ length }) => length > 0).sort((a, b) => a.start - b.start);
  const joined: { start: number; length: number }[] = [];
  for (const { start, length } of sorted) {
    const last = joined.at(-1);
    if (last && start <= last.start + last.length) last.length = Math.max(last.length, start + length - last.start);
    else joined.push({ start, length });
  }
  return joined;
}

/** Whether any byte of the piece lies in one of them. `joined` is sorted and apart. */
export function touches(joined: readonly Range[], { start, length }: Range): boolean {
  let [low, high] = [0, joined.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = joined[middle] as Range;
    if (range.start + range.length <= start) low = middle + 1;
    else high = middle;
  }
  const found = joined[low];
  return length > 0 && found !== undefined && found.start < start + length;
}

export const sumOf = (ranges: readonly Range[]): number => ranges.reduce((sum, { length }) => sum + length, 0);
