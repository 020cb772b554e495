import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeWorld } from "../dev/world.ts";
import {
  ago,
  amount,
  commandLine,
  freeName,
  keep,
  nameTrouble,
  needsAttention,
  percentOf,
  remaining,
  shellWord,
  unsuitable,
} from "./words.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");

test("time is told as a person would", () => {
  expect(ago("2026-01-01T11:59:58Z", NOW)).toBe("just now");
  expect(ago("2026-01-01T11:57:00Z", NOW)).toBe("3 minutes ago");
  expect(ago("2025-12-31T12:00:00Z", NOW)).toBe("yesterday");
  expect(ago("2026-01-28T12:00:00Z", NOW)).toBe("in 27 days");
  expect(ago("nonsense", NOW)).toBe("at an unknown time");
});

test("remaining time is rounded the more the longer it is, and silent when not known", () => {
  expect(remaining(undefined)).toBeUndefined();
  expect(remaining(Number.NaN)).toBeUndefined();
  expect(remaining(2_000)).toBe("a few seconds left");
  expect(remaining(52_000)).toBe("about 50 seconds left");
  expect(remaining(300_000)).toBe("about 5 minutes left");
});

test("a job says how far it is in its own unit", () => {
  expect(amount({ done: 1024 ** 2, total: 2 * 1024 ** 2, unit: "bytes" })).toBe("1 MiB of 2 MiB");
  expect(amount({ done: 3, total: 7, unit: "steps" })).toBe("3 of 7");
  expect(amount({})).toBeUndefined();
  expect(percentOf({ done: 5, total: 0 })).toBeUndefined();
});

describe("for any numbers", () => {
  test("a job is never less than 0 or more than 100 percent done", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (done, total) => {
        const percent = percentOf({ done, total });
        return percent === undefined || Number.isNaN(percent) || (percent >= 0 && percent <= 100);
      }),
    );
  });
});

test("machines are found by every word of a search, in name, system, note and state", () => {
  const { machines } = makeWorld("usual");
  const found = (filter: Parameters<typeof keep>[1], wanted: string) =>
    machines.filter((machine) => keep(machine, filter, wanted)).map((machine) => machine.name);
  expect(found("all", "  DEBIAN running ")).toEqual(["web-server"]);
  expect(found("all", "course")).toEqual(["web-server"]);
  expect(found("attention", "")).toEqual(["compiler", "database"]);
  expect(found("off", "")).toEqual(["old-games", "compiler", "lab-a"]);
  expect(found("running", "compiler")).toEqual([]);
});

test("a machine that failed or is paused by trouble needs attention", () => {
  expect(needsAttention({ power: "failed" })).toBe(true);
  expect(needsAttention({ power: "paused", trouble: "diskFull" })).toBe(true);
  expect(needsAttention({ power: "paused" })).toBe(false);
});

describe("names", () => {
  test("the next free one is offered", () => {
    expect(freeName("Debian 13", new Set())).toBe("debian-13");
    expect(freeName("debian", new Set(["debian", "debian-2"]))).toBe("debian-3");
    expect(freeName("…", new Set())).toBe("machine");
  });
  test("a bad or taken one comes with one that would do", () => {
    expect(nameTrouble("web", new Set())).toBeUndefined();
    expect(nameTrouble("", new Set())).toContain("Give it a name");
    expect(nameTrouble("My Web!", new Set())).toContain("“my-web”");
    expect(nameTrouble("web", new Set(["web"]))).toContain("“web-2”");
  });
  test("what is offered for any wish has no trouble itself", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.string()),
        (wish, taken) => nameTrouble(freeName(wish, new Set(taken)), new Set(taken)) === undefined,
      ),
    );
  });
});

test("a system that does not fit says what it needs and what there is", () => {
  const host = { memoryBytes: 2 * 1024 ** 3, diskFreeBytes: 1024 ** 3 };
  expect(unsuitable({ minimum: { memoryMiB: 4096, diskBytes: 0 } }, host)).toBe("Needs 4 GiB of memory; this computer has 2 GiB in all.");
  expect(unsuitable({ minimum: { memoryMiB: 64, diskBytes: 2 * 1024 ** 3 } }, host)).toContain("Make room");
  expect(unsuitable({ minimum: { memoryMiB: 64, diskBytes: 0 } }, host)).toBeUndefined();
});

describe("command lines", () => {
  test("words that a shell would read are quoted", () => {
    expect(commandLine("start", "hello")).toBe("mimic start hello");
    expect(commandLine("image", "rm", "my disk; rm -rf ~")).toBe("mimic image rm 'my disk; rm -rf ~'");
  });
  test("for any word, what stands outside of quotes is harmless", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const outside = shellWord(text).replace(/'[^']*'|\\'/g, "");
        return /^[A-Za-z0-9._/:=@%+,-]*$/.test(outside);
      }),
    );
  });
});
