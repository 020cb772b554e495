// Reads the file systems of disks, and compares two times of one. Pure: bytes come through `Source`.
export { compareDisks } from "./compare-disks.ts";
export { joinRanges, type Range, sumOf } from "./ranges.ts";
export { cachedSource, type Source } from "./source.ts";
