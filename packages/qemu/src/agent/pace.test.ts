import { expect, test } from "vitest";
import { isSeldom, nextWait, type Round } from "./pace.ts";

/** Waits of a command that stays silent in a guest whose agent needs `took` ms for a round of questions. */
function waits(took: number, pace: number, count: number): readonly number[] {
  const all: number[] = [];
  for (let wait = pace; all.length < count; all.push(wait)) wait = nextWait({ wait, pace, took, found: "nothing" });
  return all;
}

test("a silent command is asked about less and less, in a slow guest until that takes a twentieth of its time", () => {
  for (const [took, most] of [
    [2, 80],
    [10, 190],
    [20, 380],
    [300, 500],
  ] as const) {
    const seen = waits(took, 5, 40);
    expect(seen.every((wait, at) => at === 0 || wait >= (seen[at - 1] as number))).toBe(true);
    expect(seen.at(-1)).toBe(most);
    expect(isSeldom(most)).toBe(true);
  }
  expect(waits(2, 5, 3)).toEqual([7.5, 11.25, 16.875]);
});

test("while output comes, asking takes a quarter of the guest's time at most, and what waits already is fetched at once", () => {
  const round: Omit<Round, "found"> = { wait: 300, pace: 5, took: 30 };
  expect(nextWait({ ...round, found: "some" })).toBe(90);
  expect(nextWait({ ...round, took: 1, found: "some" })).toBe(5);
  expect(nextWait({ ...round, took: 9000, found: "some" })).toBe(500);
  expect(nextWait({ ...round, found: "a full piece" })).toBe(0);
  // After output and after full pieces the waits begin anew from the guest's pace.
  expect(nextWait({ ...round, wait: 0, took: 2, found: "nothing" })).toBe(7.5);
});
