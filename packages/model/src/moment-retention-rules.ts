// The rules of how long moments stay that Mimic keeps before something: so many of the last ones however old they are, and
// the young ones too, up to a bound. What a person protected, named or noted is theirs. Apart from the schemas, as
// moment-rules.ts is. Pure.
import type { MomentRecord, MomentView } from "./moment.ts";
import type { MomentRetention, MomentRetentionView } from "./moment-retention.ts";

const DAY_MS = 24 * 60 * 60_000;

/** Of a machine whose record says nothing of it. */
export const USUAL_RETENTION: MomentRetention = { keep: 10, days: 7 };

/** Who goes back a hundred times a day keeps a hundred memories: the young ones are so many at most. */
export const MOST_YOUNG = 50;

/** Kept by Mimic before something, and not taken into anybody's care since. Pure. */
export const isKeptBefore = ({
  automatic,
  byRoutine,
  isProtected,
  note,
}: Pick<MomentRecord, "automatic" | "byRoutine" | "isProtected" | "note">): boolean =>
  automatic?.startsWith("before ") === true && byRoutine !== true && !isProtected && note === "";

/** Ids of those of `moments` that no longer have to stay, oldest first. Pure; the order of `moments` does not matter. */
export function whichPass(
  { keep, days }: MomentRetention,
  moments: readonly Pick<MomentView, "id" | "takenAt">[],
  nowMs: number,
): readonly string[] {
  const newestFirst = [...moments].sort((a, b) => b.takenAt.localeCompare(a.takenAt) || b.id.localeCompare(a.id));
  const isYoung = (takenAt: string): boolean => days > 0 && nowMs - Date.parse(takenAt) <= days * DAY_MS;
  return newestFirst
    .filter(({ takenAt }, index) => index >= keep && (index >= MOST_YOUNG || !isYoung(takenAt)))
    .map(({ id }) => id)
    .reverse();
}

/** The same without regard to their age: what passes by this does so whatever the clock says. Pure. */
export const withoutAge = ({ keep, days }: MomentRetention): MomentRetention => ({
  keep: days === 0 ? keep : Math.max(keep, MOST_YOUNG),
  days: 0,
});

/** Which of those that Mimic keeps before something stay. Pure. */
export function retentionInWords({ keep, days, waiting }: MomentRetentionView): string {
  const last = keep === 1 ? "the last one stays" : `the last ${keep} stay`;
  const young =
    days === 0 || keep >= MOST_YOUNG ? "" : `, and those of the last ${days === 1 ? "day" : `${days} days`} (up to ${MOST_YOUNG})`;
  const waits = waiting ? ` ${waiting.count === 1 ? "One more waits" : `${waiting.count} more wait`}: ${waiting.why}.` : "";
  return `What Mimic keeps before going back and before a risky change: ${last}${young}.${waits}`;
}
