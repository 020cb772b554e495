import { bitsInWords } from "@mimic/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dashSpeed, NO_RATE, rateBetween } from "./rates.ts";

const reading = (received: number, sent: number, drops = {}) => ({
  received: { frames: received / 100, bytes: received },
  sent: { frames: sent / 100, bytes: sent },
  drops,
});

test("a rate is bits per second between two readings, and drops are counted in all and since", () => {
  expect(rateBetween(reading(1000, 0, { macSpoofed: 2 }), reading(2000, 500, { macSpoofed: 3, linkLoss: 4 }), 2)).toEqual({
    upBits: 4000,
    downBits: 2000,
    upFrames: 5,
    downFrames: 2.5,
    dropped: 7,
    droppedNow: 5,
  });
});

test("the first reading and a switch that began anew are no traffic", () => {
  expect(rateBetween(undefined, reading(5000, 5000), 1)).toEqual(NO_RATE);
  expect(rateBetween(reading(5000, 5000), reading(10, 10), 1)).toEqual(NO_RATE);
});

test("bits are said as links are sold", () => {
  expect([0, 0.2, 930, 12_345, 1_440_000, 1_000_000, 999_600, 25e9, Number.NaN].map(bitsInWords)).toEqual([
    "0 bit/s",
    "0 bit/s",
    "930 bit/s",
    "12 kbit/s",
    "1.4 Mbit/s",
    "1 Mbit/s",
    "1 Mbit/s",
    "25 Gbit/s",
    "0 bit/s",
  ]);
});

test("more bits never move slower, nothing stands still, and no speed is a blur", () => {
  expect(dashSpeed(0)).toBe(0);
  fc.assert(
    fc.property(fc.double({ min: 8, max: 1e13, noNaN: true }), fc.double({ min: 8, max: 1e13, noNaN: true }), (a, b) => {
      expect(dashSpeed(Math.max(a, b))).toBeGreaterThanOrEqual(dashSpeed(Math.min(a, b)));
      expect(dashSpeed(a)).toBeGreaterThanOrEqual(12);
      expect(dashSpeed(a)).toBeLessThanOrEqual(170);
    }),
  );
});
