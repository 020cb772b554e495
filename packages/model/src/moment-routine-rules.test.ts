// When a routine keeps a moment, and which moments it lets go.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRoutineDue, type RoutineMoment, rhythmsInWords, routineDueAt, whichGo } from "./moment-routine-rules.ts";

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const T0 = Date.parse("2026-03-02T00:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const hourlyAndDaily = {
  rhythms: [
    { everyMinutes: 60, keep: 24 },
    { everyMinutes: 24 * 60, keep: 7 },
  ],
};

/** A machine that runs from `from` on, looked at every `step`: what is there at the end. */
function live(routine: typeof hourlyAndDaily, from: number, until: number, step: number): RoutineMoment[] {
  let moments: RoutineMoment[] = [];
  let lastAt: string | undefined;
  for (let now = from; now <= until; now += step) {
    if (!isRoutineDue({ ...routine, lastAt }, now)) continue;
    lastAt = iso(now);
    moments.push({ id: `m${now}`, takenAt: lastAt });
    const gone = new Set(whichGo(routine, moments));
    moments = moments.filter(({ id }) => !gone.has(id));
  }
  return moments;
}

describe("a routine of hours and days", () => {
  test("after a month there are the last 24 hours, and the first moments of the last 7 days", () => {
    const until = T0 + 30 * DAY + 5 * HOUR;
    const ages = live(hourlyAndDaily, T0, until, HOUR).map(({ takenAt }) => (until - Date.parse(takenAt)) / HOUR);
    expect(ages.filter((age) => age < 24)).toHaveLength(24);
    // Midnights of this and the six days before; today's and yesterday's hour 5 after it are among the hours too.
    expect(ages.filter((age) => age >= 24)).toEqual([149, 125, 101, 77, 53, 29]);
  });

  test("the first is due at once, the next when the next hour begins, and none twice in an hour", () => {
    const at = T0 + 20 * 60_000;
    expect(routineDueAt(hourlyAndDaily, at)).toBe(at);
    expect(routineDueAt({ ...hourlyAndDaily, lastAt: iso(at) }, at + 1)).toBe(T0 + HOUR);
    expect(isRoutineDue({ ...hourlyAndDaily, lastAt: iso(at) }, T0 + HOUR - 1)).toBe(false);
    expect(isRoutineDue({ ...hourlyAndDaily, lastAt: iso(at) }, T0 + HOUR)).toBe(true);
  });

  test("weeks begin on Mondays", () => {
    const weekly = { rhythms: [{ everyMinutes: 7 * 24 * 60, keep: 1 }] };
    const sunday = Date.parse("2026-03-08T12:00:00Z");
    expect(iso(routineDueAt({ ...weekly, lastAt: iso(sunday) }, sunday))).toBe("2026-03-09T00:00:00.000Z");
  });

  test("a clock that was set back neither stops it nor makes it keep one after the other", () => {
    const later = { ...hourlyAndDaily, lastAt: iso(T0 + 90 * DAY) };
    expect(isRoutineDue(later, T0)).toBe(true);
    expect(isRoutineDue({ ...later, lastAt: iso(T0) }, T0 + 1000)).toBe(false);
  });

  test("says itself in words", () => {
    expect(rhythmsInWords(hourlyAndDaily.rhythms)).toBe("every hour, the last 24 stay; every day, the last 7 stay");
    expect(rhythmsInWords([{ everyMinutes: 90, keep: 1 }])).toBe("every 90 minutes, the last stays");
  });
});

const rhythms = fc
  .uniqueArray(fc.record({ everyMinutes: fc.integer({ min: 1, max: 20_000 }), keep: fc.integer({ min: 1, max: 30 }) }), {
    selector: ({ everyMinutes }) => everyMinutes,
    minLength: 1,
    maxLength: 4,
  })
  .map((all) => ({ rhythms: all }));
const someMoments = fc
  .array(fc.integer({ min: T0, max: T0 + 400 * DAY }), { maxLength: 120 })
  .map((times) => times.map((ms, index): RoutineMoment => ({ id: `m${index}`, takenAt: iso(ms) })));

describe("whatever was kept and whatever is wished", () => {
  test("no more stay than the rhythms say together, the newest piece of each is kept, and asking again changes nothing", () =>
    fc.assert(
      fc.property(rhythms, someMoments, (routine, moments) => {
        const gone = new Set(whichGo(routine, moments));
        const stay = moments.filter(({ id }) => !gone.has(id));
        expect(stay.length).toBeLessThanOrEqual(routine.rhythms.reduce((sum, { keep }) => sum + keep, 0));
        expect(stay.length > 0).toBe(moments.length > 0);
        expect(whichGo(routine, stay)).toEqual([]);
        for (const { everyMinutes } of routine.rhythms) {
          const piece = ({ takenAt }: RoutineMoment) => Math.floor((Date.parse(takenAt) - 4 * DAY) / (everyMinutes * 60_000));
          if (moments.length > 0) expect(stay.map(piece)).toContain(Math.max(...moments.map(piece)));
        }
      }),
    ));

  test("what a longer list of rhythms keeps is never less", () =>
    fc.assert(
      fc.property(rhythms, someMoments, fc.integer({ min: 20_001, max: 90_000 }), (routine, moments, everyMinutes) => {
        const more = { rhythms: [...routine.rhythms, { everyMinutes, keep: 3 }] };
        const few = new Set(whichGo(routine, moments));
        for (const id of whichGo(more, moments)) expect(few.has(id)).toBe(true);
      }),
    ));

  test("the next time it is due is never past, and then it is", () =>
    fc.assert(
      fc.property(rhythms, fc.integer({ min: T0, max: T0 + DAY }), fc.integer({ min: 0, max: 90 * DAY }), (routine, last, after) => {
        const asked = { ...routine, lastAt: iso(last) };
        const due = routineDueAt(asked, last + after);
        expect(due).toBeGreaterThanOrEqual(last + after);
        expect(isRoutineDue(asked, due)).toBe(true);
      }),
    ));
});
