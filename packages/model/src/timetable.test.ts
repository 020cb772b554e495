import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTime, readTimetable, stepWords } from "./timetable.ts";

const wrong = (value: unknown): string => {
  const read = readTimetable(value);
  return "wrong" in read ? read.wrong : "";
};

test("steps are read as people write them, and put into the order of their times", () => {
  const read = readTimetable([
    { at: "1m", do: "slow disk", disk: 1, speed: "1M" },
    { at: 20, do: "memory", to: "half" },
    { at: "500ms", do: "pull cable" },
    { at: 20, do: "cores", to: "2" },
  ]);
  expect("steps" in read && read.steps.map(stepWords)).toEqual([
    "at 0.5 s: pull cable 1",
    "at 20 s: memory half",
    "at 20 s: cores 2",
    "at 60 s: slow disk 1 1048576",
  ]);
  expect("steps" in readTimetable({ steps: [{ at: 1, do: "reset" }] })).toBe(true);
});

test("what is wrong is said with its place", () => {
  expect(wrong("x")).toContain("no list");
  expect(wrong([{ at: "soon", do: "reset" }])).toBe("step 1, “at”: a time such as 10s, 2m or 1h, at most a day");
  expect(
    wrong([
      { at: 1, do: "reset" },
      { at: 1, do: "explode" },
    ]),
  ).toContain("step 2, “do”");
  expect(wrong([{ at: 1, do: "grow disk", disk: 1, to: "-4G" }])).toContain("“to”");
  expect(wrong([{ at: 1, do: "reset", extra: 1 }])).toContain("step 1");
  expect(wrong(Array.from({ length: 501 }, () => ({ at: 1, do: "reset" })))).toContain("501 steps");
  expect(wrong([{ at: "48h", do: "reset" }])).toContain("at most a day");
});

test("whatever comes, reading never throws and what is read is bounded", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      readTimetable(value);
      readTimetable([value]);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = parseTime(text);
      expect(ms === undefined || ms >= 0).toBe(true);
    }),
  );
});
