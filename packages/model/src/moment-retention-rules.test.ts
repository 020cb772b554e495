// How long moments stay that Mimic keeps before something.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isKeptBefore, MOST_YOUNG, retentionInWords, USUAL_RETENTION, whichPass } from "./moment-retention-rules.ts";

const DAY = 24 * 3600_000;
const NOW = Date.parse("2026-03-20T12:00:00Z");
const aged = (...days: number[]) => days.map((age, i) => ({ id: `m${i}`, takenAt: new Date(NOW - age * DAY).toISOString() }));

describe("what is kept before something", () => {
  test("the last ones stay however old, and so do the young ones", () => {
    const moments = aged(30, 20, 8, 6, 3, 1);
    expect(whichPass({ keep: 2, days: 7 }, moments, NOW)).toEqual(["m0", "m1", "m2"]);
    expect(whichPass({ keep: 5, days: 7 }, moments, NOW)).toEqual(["m0"]);
    expect(whichPass({ keep: 1, days: 0 }, moments, NOW)).toEqual(["m0", "m1", "m2", "m3", "m4"]);
    expect(whichPass(USUAL_RETENTION, moments, NOW)).toEqual([]);
  });

  test("a day with very many keeps fifty of them", () => {
    const moments = aged(...Array.from({ length: 80 }, (_, i) => (80 - i) / 1000));
    expect(whichPass({ keep: 10, days: 7 }, moments, NOW)).toEqual(moments.slice(0, 80 - MOST_YOUNG).map(({ id }) => id));
    expect(whichPass({ keep: 70, days: 7 }, moments, NOW)).toHaveLength(10);
  });

  test("a clock that was set back clears nothing away that was kept since", () => {
    expect(whichPass({ keep: 1, days: 7 }, aged(-3, -2, -1), NOW)).toEqual([]);
  });

  test("only what Mimic kept before something, and nobody cares for, is meant", () => {
    const moment = { automatic: "before going back", byRoutine: undefined, isProtected: false, note: "" };
    expect(isKeptBefore(moment)).toBe(true);
    for (const change of [{ automatic: undefined }, { automatic: "asleep" }, { byRoutine: true }, { isProtected: true }, { note: "see" }])
      expect(isKeptBefore({ ...moment, ...change })).toBe(false);
  });

  test("says itself in words", () => {
    expect(retentionInWords(USUAL_RETENTION)).toBe(
      "What Mimic keeps before going back and before a risky change: the last 10 stay, and those of the last 7 days (up to 50).",
    );
    expect(retentionInWords({ keep: 1, days: 0, waiting: { count: 2, why: "it runs" } })).toMatch(
      /: the last one stays\. 2 more wait: it runs\.$/,
    );
  });
});

const retentions = fc.record({ keep: fc.integer({ min: 1, max: 80 }), days: fc.integer({ min: 0, max: 40 }) });
const someMoments = fc.array(fc.integer({ min: -5, max: 60 }), { maxLength: 120 }).map((days) => aged(...days));

test("whatever there is: enough of the newest stay, never too many, and asking again changes nothing", () => {
  fc.assert(
    fc.property(retentions, someMoments, (retention, moments) => {
      const gone = new Set(whichPass(retention, moments, NOW));
      const stay = moments.filter(({ id }) => !gone.has(id));
      expect(stay.length).toBeGreaterThanOrEqual(Math.min(retention.keep, moments.length));
      expect(stay.length).toBeLessThanOrEqual(Math.max(retention.keep, MOST_YOUNG));
      const newestGone =
        moments
          .filter(({ id }) => gone.has(id))
          .map(({ takenAt }) => takenAt)
          .sort()
          .at(-1) ?? "";
      for (const { takenAt } of stay) expect(takenAt >= newestGone).toBe(true);
      expect(whichPass(retention, stay, NOW)).toEqual([]);
      // Asked for more, it never keeps less.
      for (const id of whichPass({ keep: retention.keep + 1, days: retention.days + 1 }, moments, NOW)) expect(gone.has(id)).toBe(true);
    }),
  );
});
