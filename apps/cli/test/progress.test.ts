import { describe, expect, test } from "vitest";
import { PlainProgress, progressLine, Rate } from "../src/progress.ts";

const job = (done: number, words = "Getting the image") => ({ title: "t", words, done, total: 1000, unit: "bytes" as const });

describe("plain lines", () => {
  test("come with new words, and with each tenth of a long way, but not often", () => {
    const plain = new PlainProgress();
    const said = [
      plain.next(job(0), 0),
      plain.next(job(150), 100),
      plain.next(job(160), 3000),
      plain.next(job(190), 3500),
      plain.next(job(450), 4000),
      plain.next(job(460, "Unpacking\u001b[2J"), 9200),
    ];
    expect(said).toEqual([
      "Getting the image",
      undefined,
      "Getting the image (10 %, 160 B of 1000 B)",
      undefined,
      undefined,
      "Unpacking\ufffd[2J (40 %)",
    ]);
  });
});

describe("the line on a terminal", () => {
  test("has bar, words, amounts, rate and time left, and fits", () => {
    const line = progressLine({ ...job(500), remainingMs: 5000 }, 100, 100);
    expect(line).toBe("██████████░░░░░░░░░░  50 %  Getting the image · 500 B of 1000 B · 100 B/s · 5.0 s left");
    for (const columns of [10, 40, 80])
      expect([...progressLine({ ...job(500), remainingMs: 5000 }, 100, columns)].length).toBeLessThan(columns);
  });
  test("without a known end shows words alone", () => {
    expect(progressLine({ title: "t", words: "Booting" }, undefined, 80)).toBe("Booting");
  });
});

test("the rate is that of the last seconds, and begins anew when the count does", () => {
  const rate = new Rate();
  expect(rate.note(0, 0)).toBeUndefined();
  expect(rate.note(1000, 100)).toBe(100);
  expect(rate.note(2000, 50)).toBeUndefined();
});
