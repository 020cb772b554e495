import fc from "fast-check";
import { expect, test } from "vitest";
import { nextOffset, PERIOD } from "./flow-ticker.ts";

test("dashes go along the path with their speed, and the offset stays within one period", () => {
  expect(nextOffset(20, 12, 0.5)).toBe(14);
  expect(nextOffset(2, 12, 0.5)).toBe(20);
  expect(nextOffset(20, -12, 0.5)).toBe(2);
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: PERIOD, noNaN: true }),
      fc.integer({ min: -170, max: 170 }),
      fc.double({ min: 0, max: 0.1, noNaN: true }),
      (at, speed, seconds) => {
        const next = nextOffset(at, speed, seconds);
        expect(next).toBeGreaterThanOrEqual(0);
        expect(next).toBeLessThanOrEqual(PERIOD);
      },
    ),
  );
});
