// The rules of routines. Time is cut into equal pieces (hours, days, weeks from Monday, by UTC); each piece of the shortest
// kind gets one moment, and each rhythm keeps the first moment of its newest pieces. So an hourly and a daily rhythm need no
// moments of their own. Apart from the schemas, as moment-rules.ts is. Pure.
import type { MomentRoutine, MomentRoutineView, Rhythm } from "./moment-routine.ts";

const MINUTE_MS = 60_000;
/** The first Monday of Unix time: weeks begin on Mondays, and days and hours where they always do. */
const FIRST_MONDAY_MS = 4 * 24 * 60 * MINUTE_MS;

const pieceOf = (everyMinutes: number, ms: number): number => Math.floor((ms - FIRST_MONDAY_MS) / (everyMinutes * MINUTE_MS));
const shortest = ({ rhythms }: Pick<MomentRoutine, "rhythms">): number => Math.min(...rhythms.map(({ everyMinutes }) => everyMinutes));

/** Whether one shall be kept now. A clock that was set back makes one due: nothing is known of that time. Pure. */
export function isRoutineDue(routine: Pick<MomentRoutine, "rhythms" | "lastAt">, nowMs: number): boolean {
  if (routine.lastAt === undefined) return true;
  const every = shortest(routine);
  return pieceOf(every, Date.parse(routine.lastAt)) !== pieceOf(every, nowMs);
}

/** When the next one is due, in Unix milliseconds: at once, or when the next piece of time begins. Pure. */
export function routineDueAt(routine: Pick<MomentRoutine, "rhythms" | "lastAt">, nowMs: number): number {
  if (isRoutineDue(routine, nowMs)) return nowMs;
  const every = shortest(routine);
  return (pieceOf(every, nowMs) + 1) * every * MINUTE_MS + FIRST_MONDAY_MS;
}

/** A moment that the routine kept, and that nobody has taken into their care since. */
export interface RoutineMoment {
  readonly id: string;
  readonly takenAt: string;
}

/** Ids of those that no rhythm keeps any longer. Pure; the order of `moments` does not matter. */
export function whichGo(routine: Pick<MomentRoutine, "rhythms">, moments: readonly RoutineMoment[]): string[] {
  const byAge = [...moments].sort((a, b) => a.takenAt.localeCompare(b.takenAt) || a.id.localeCompare(b.id));
  const stay = new Set<string>();
  for (const { everyMinutes, keep } of routine.rhythms) {
    const firsts = new Map<number, string>();
    for (const { id, takenAt } of byAge) {
      const piece = pieceOf(everyMinutes, Date.parse(takenAt));
      if (!firsts.has(piece)) firsts.set(piece, id);
    }
    const newest = [...firsts.keys()].sort((a, b) => b - a).slice(0, keep);
    for (const piece of newest) stay.add(firsts.get(piece) as string);
  }
  return byAge.map(({ id }) => id).filter((id) => !stay.has(id));
}

const UNITS = [
  { minutes: 7 * 24 * 60, one: "week" },
  { minutes: 24 * 60, one: "day" },
  { minutes: 60, one: "hour" },
  { minutes: 1, one: "minute" },
] as const;

/** “every hour, 24 stay; every day, 7 stay”. */
export function rhythmsInWords(rhythms: readonly Rhythm[]): string {
  return [...rhythms]
    .sort((a, b) => a.everyMinutes - b.everyMinutes)
    .map(({ everyMinutes, keep }) => {
      const unit = UNITS.find(({ minutes }) => everyMinutes % minutes === 0) ?? UNITS[3];
      const count = everyMinutes / unit.minutes;
      return `every ${count === 1 ? unit.one : `${count} ${unit.one}s`}, ${keep === 1 ? "the last stays" : `the last ${keep} stay`}`;
    })
    .join("; ");
}

/** What it keeps, when the next one is due, and why one was not kept. */
export function routineInWords({ kind, rhythms, nextAt, skipped }: MomentRoutineView, nowMs: number): string {
  const isDue = Date.parse(nextAt) <= nowMs;
  const next = isDue ? "One is due." : `The next one: ${nextAt.slice(0, 16).replace("T", " ")} UTC.`;
  const why = skipped && isDue ? ` It was not kept: ${skipped.why}` : "";
  return `A ${kind} ${rhythmsInWords(rhythms)}. ${next}${why}`;
}
