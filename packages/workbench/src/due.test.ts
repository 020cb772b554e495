// When what has become due may really go.
import fc from "fast-check";
import { expect, test } from "vitest";
import { decideDue, NOTED_MS } from "./due.ts";

const NOW = Date.parse("2026-03-20T12:00:00Z");
const since = (ms: number) => new Date(NOW - ms).toISOString();

test("what is due is noted first, stays for a day, and goes after it", () => {
  expect(decideDue({ isDue: true }, NOW)).toBe("note");
  expect(decideDue({ isDue: true, dueSince: since(0) }, NOW)).toBe("stay");
  expect(decideDue({ isDue: true, dueSince: since(NOTED_MS - 1) }, NOW)).toBe("stay");
  expect(decideDue({ isDue: true, dueSince: since(NOTED_MS) }, NOW)).toBe("go");
});

test("what is not due stays, and a note of it is taken back", () => {
  expect(decideDue({ isDue: false }, NOW)).toBe("stay");
  expect(decideDue({ isDue: false, dueSince: since(9 * NOTED_MS) }, NOW)).toBe("takeBack");
});

test("a note from a time that is yet to come, or that nobody can read, counts for nothing", () => {
  expect(decideDue({ isDue: true, dueSince: since(-1) }, NOW)).toBe("note");
  expect(decideDue({ isDue: true, dueSince: "yesterday" }, NOW)).toBe("note");
});

test("however the clock jumps between looks: nothing goes that two looks a day apart did not find due", () => {
  const looks = fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(looks, (days) => {
      let dueSince: string | undefined;
      const due: number[] = [];
      for (const day of days) {
        const nowMs = NOW + day * NOTED_MS;
        const isDue = day > 7;
        const step = decideDue({ isDue, dueSince }, nowMs);
        if (isDue) due.push(nowMs);
        else due.length = 0;
        if (step === "go") {
          expect(due.some((at) => nowMs - at >= NOTED_MS)).toBe(true);
          return;
        }
        if (step === "note") dueSince = new Date(nowMs).toISOString();
        if (step === "takeBack") dueSince = undefined;
        expect(dueSince !== undefined).toBe(isDue);
      }
    }),
  );
});
