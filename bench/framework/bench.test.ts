import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rows } from "../rows.ts";
import { interleave } from "./measure.ts";
import type { Row } from "./row.ts";
import { outcomeText, toJson } from "./show.ts";
import { sampleOf } from "./statistics.ts";

const row: Row = {
  name: "a",
  what: "A thing.",
  unit: "ms",
  bound: "at most 2 times",
  run: () => Promise.reject(new Error("not run here")),
};
const sample = (median: number) => ({ median, spread: 1, count: 5 });

describe("a sample", () => {
  test("has the middle value as median and the middle half as spread", () => {
    expect(sampleOf([9, 1, 2, 4, 3])).toEqual({ median: 3, spread: 2, count: 5 });
  });

  test("for any values has its median between the least and the greatest", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const { median, spread } = sampleOf(values);
        return median >= Math.min(...values) && median <= Math.max(...values) && spread >= 0;
      }),
    );
  });
});

describe("interleaved measuring", () => {
  test("takes both in turn, reverses the order every other round and forgets the warm-up", async () => {
    const order: string[] = [];
    let count = 0;
    const take = (name: string) => async () => {
      order.push(name);
      return count++;
    };
    const [a, b] = await interleave([take("a"), take("b")], { warmUp: 1, rounds: 2 });
    expect(order.join("")).toBe("abbaab");
    expect([a?.count, b?.count]).toEqual([2, 2]);
    expect(a?.median).toBe(3.5);
  });
});

describe("an outcome", () => {
  test("has for programs every name that was promised", () => {
    const json = toJson({ row, measured: { ours: sample(3), peer: sample(2), holds: true } });
    expect(json).toMatchObject({
      name: "a",
      what: "A thing.",
      ours: 3,
      peer: 2,
      unit: "ms",
      ratio: 1.5,
      bound: "at most 2 times",
      holds: true,
    });
  });

  test("without a figure does not hold, and says why", () => {
    expect(toJson({ row, why: "no QEMU" })).toMatchObject({ ours: null, peer: null, ratio: null, holds: false, why: "no QEMU" });
    expect(outcomeText({ row, why: "no QEMU" })).toContain("NOT MEASURED");
  });
});

test("every row has a name of its own", () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
});
