import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costOfNext, estimateMember, hasRoomFor, isShort, remember, tooMany } from "./pool-budget.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const room = (freeBytes: number, memoryBytes = 8 * GIB) => ({ memoryBytes, memoryFreeBytes: freeBytes });
const next = (costBytes: number, templateBytes = 0) => ({ costBytes, templateBytes });

describe("what a member of a template costs", () => {
  test("is what the dearest of the measured ones cost, and is estimated only before there is one", () => {
    expect(costOfNext([], 60 * MIB)).toBe(60 * MIB);
    expect(costOfNext([18 * MIB, 22 * MIB, 20 * MIB], 60 * MIB)).toBe(22 * MIB);
  });
  test("is estimated higher for a template that has more in use, and never by memory that nobody used", () => {
    const small = estimateMember({ memoryBytes: 128 * MIB, usedBytes: 40 * MIB });
    const large = estimateMember({ memoryBytes: 4 * GIB, usedBytes: 2 * GIB });
    expect(large).toBeGreaterThan(3 * small);
    expect(estimateMember({ memoryBytes: 4 * GIB, usedBytes: 40 * MIB })).toBe(small);
  });
  test("follows its template: after a few members what an early one cost is forgotten", () => {
    let measured: readonly number[] = [500 * MIB];
    for (let n = 0; n < 8; n++) measured = remember(measured, 20 * MIB);
    expect(costOfNext(measured, 0)).toBe(20 * MIB);
  });
});

describe("room for one more", () => {
  test("an eighth of the computer's memory is the pool's: many small ones, or few large ones", () => {
    const of = (bytes: number): number => {
      const waiting: number[] = [];
      while (hasRoomFor(next(bytes), waiting, room(6 * GIB))) waiting.push(bytes);
      return waiting.length;
    };
    expect([of(16 * MIB), of(48 * MIB), of(400 * MIB), of(2 * GIB)]).toEqual([64, 21, 2, 0]);
  });
  test("nothing is made that would leave too little free, its template's memory counted where it has to be read in", () => {
    const free = 8 * GIB * 0.15 + 100 * MIB;
    expect(hasRoomFor(next(99 * MIB), [], room(free))).toBe(true);
    expect(hasRoomFor(next(101 * MIB), [], room(free))).toBe(false);
    expect(hasRoomFor(next(50 * MIB, 60 * MIB), [], room(free))).toBe(false);
    expect([isShort(room(free)), isShort(room(GIB))]).toEqual([false, true]);
  });
  test("members that turned out dearer than was believed go again, newest first, and no more of them than need be", () => {
    expect(tooMany([300 * MIB, 300 * MIB, 300 * MIB], room(6 * GIB))).toBe(0);
    expect(tooMany([300 * MIB, 300 * MIB, 300 * MIB, 300 * MIB], room(6 * GIB))).toBe(1);
    expect(tooMany([2 * GIB], room(6 * GIB))).toBe(1);
  });
  test("whatever is allowed stays within the share, and what is within it loses nobody", () => {
    const bytes = fc.array(fc.integer({ min: 1, max: 2 * GIB }), { maxLength: 40 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: GIB, max: 64 * GIB }), (wishes, memoryBytes) => {
        const waiting: number[] = [];
        for (const wish of wishes) if (hasRoomFor(next(wish), waiting, room(memoryBytes, memoryBytes))) waiting.push(wish);
        expect(waiting.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(memoryBytes / 8);
        expect(tooMany(waiting, room(memoryBytes, memoryBytes))).toBe(0);
      }),
    );
  });
});
