// Two times of one disk: its parts side by side, each by files where its file system is known.
import type { VolumeDifference } from "@mimic/model";
import { type Budget, compareVolumes } from "./compare-volumes.ts";
import { openVolume } from "./open-volume.ts";
import { type Part, partsOf } from "./partitions.ts";
import { joinRanges, type Range } from "./ranges.ts";
import { partOf, type Source } from "./source.ts";

/** Content that is read to see whether it differs, on each side. */
const BUDGET_BYTES = 1024 ** 3;

/** `written`: where on the disk anything was written on either side since both were the same. */
export async function compareDisks(from: Source, to: Source, written: readonly Range[]): Promise<readonly VolumeDifference[]> {
  const budget: Budget = { bytes: BUDGET_BYTES };
  const ranges = joinRanges(written);
  const [before, after] = [await partsOf(from), await partsOf(to)];
  const found: VolumeDifference[] = [];
  for (const part of after) {
    const old = before.find(({ number, start }) => number === part.number && start === part.start);
    found.push(old ? await comparePart({ from, to, ranges, budget }, old, part) : onlyThere(part, "this part was not there before"));
  }
  for (const part of before)
    if (!after.some(({ number, start }) => number === part.number && start === part.start))
      found.push(onlyThere(part, "this part is no longer there"));
  return found;
}

const onlyThere = ({ number }: Part, why: string): VolumeDifference => ({ part: number, system: "unknown", why, writtenBytes: 0 });

interface Disks {
  readonly from: Source;
  readonly to: Source;
  readonly ranges: readonly Range[];
  readonly budget: Budget;
}

async function comparePart({ from, to, ranges, budget }: Disks, old: Part, part: Part): Promise<VolumeDifference> {
  const written = within(ranges, part);
  const writtenBytes = written.reduce((sum, { length }) => sum + length, 0);
  const [a, b] = [await openVolume(partOf(from, old.start, old.sizeBytes)), await openVolume(partOf(to, part.start, part.sizeBytes))];
  const shared = { part: part.number, writtenBytes };
  if (!("volume" in a)) return { ...shared, system: a.system, why: a.why };
  if (!("volume" in b)) return { ...shared, system: b.system, why: b.why };
  if (a.volume.system !== b.volume.system) return { ...shared, system: b.volume.system, why: `it was ${a.volume.system} before` };
  if (writtenBytes === 0 && old.sizeBytes === part.sizeBytes) return { ...shared, system: b.volume.system, files: NOTHING };
  const { changes, counts, isCut, unread, problems } = await compareVolumes(a.volume, b.volume, written, budget);
  return { ...shared, system: b.volume.system, files: { changes: [...changes], ...counts, isCut, unread, problems } };
}

const NOTHING = { changes: [], added: 0, removed: 0, changed: 0, attributes: 0, isCut: false, unread: 0, problems: 0 };

/** As places in the part. */
function within(ranges: readonly Range[], { start, sizeBytes }: Part): Range[] {
  return ranges.flatMap((range): Range[] => {
    const from = Math.max(range.start, start);
    const to = Math.min(range.start + range.length, start + sizeBytes);
    return from < to ? [{ start: from - start, length: to - from }] : [];
  });
}
