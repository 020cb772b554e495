import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ListedMachine, machineTable } from "../src/machine-rows.ts";
import { cut, harmlessJson, relative, table, widthOf, wrap } from "../src/table.ts";
import { aMachine, FakeDaemon } from "./fake-daemon.ts";
import { NOW, runCli } from "./run-cli.ts";

const PLAIN = { colour: false, nowMs: NOW };
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must never be printed
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/;
const HOSTILE = "\u001b]52;c;aGk=\u0007\u001b[2J\u009b31m\u202eevil\r\nx\u0000\u200b";

describe("the list of machines", () => {
  test("is aligned, sorted by name, and names first", () => {
    const machines = [
      aMachine({ name: "web", power: "stopped", usableBy: undefined }),
      aMachine({ name: "hello" }),
      aMachine({ name: "db", power: "paused", trouble: "diskFull", systemName: undefined, system: undefined }),
      aMachine({ name: "booting", usableBy: undefined }),
    ];
    expect(machineTable(machines, PLAIN)).toBe(
      [
        "NAME     STATE               SYSTEM      MEMORY   SINCE",
        "booting  running (booting)   Tiny Linux  128 MiB  3 min ago",
        "db       paused (disk full)  —           128 MiB  3 min ago",
        "hello    running             Tiny Linux  128 MiB  3 min ago",
        "web      stopped             Tiny Linux  128 MiB  3 min ago",
      ].join("\n"),
    );
  });

  test("without machines says what to do", () => {
    expect(machineTable([], PLAIN)).toBe("No machines yet.\nMake one: mimic new NAME --os tiny-linux");
  });

  test("prints nothing that a terminal obeys, whatever stands in names and systems", async () => {
    const machine: ListedMachine = { ...aMachine(), name: HOSTILE as ListedMachine["name"], systemName: HOSTILE };
    expect(OBEYED.test(HOSTILE)).toBe(true); // the control: these would be obeyed
    expect(machineTable([machine], PLAIN)).not.toMatch(OBEYED);
    expect(machineTable([machine], PLAIN).split("\n")).toHaveLength(2);
  });
});

describe("for any words", () => {
  test("a table's lines hold no control characters and as many lines as rows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: "binary", maxLength: 20 }), { minLength: 3, maxLength: 3 }), { maxLength: 5 }),
        (rows) => {
          const text = table(
            ["A", "B", "C"],
            rows.map((row) => row.map((cell) => ({ text: cell }))),
            { colour: false, columns: 40 },
          );
          expect(text.replaceAll("\n", "")).not.toMatch(OBEYED);
          expect(text.split("\n")).toHaveLength(rows.length + 1);
        },
      ),
    );
  });

  test("harmless JSON means the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = harmlessJson(JSON.stringify({ text }));
        expect(json).not.toMatch(OBEYED);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });

  test("a cut text is never wider than its place", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.integer({ min: 2, max: 30 }),
        (text, columns) => widthOf(cut(text, columns)) <= columns,
      ),
    );
  });
});

describe("hostile words from the daemon", () => {
  const verbs: readonly (readonly [string, readonly string[], string, string, unknown])[] = [
    [
      "show",
      ["show", "hello"],
      "GET",
      "/machines/hello",
      { ...aMachine(), note: HOSTILE, because: HOSTILE, usableBy: HOSTILE, login: { user: HOSTILE, shell: "none" } },
    ],
    ["jobs", ["jobs"], "GET", "/jobs", { jobs: [{ id: HOSTILE, title: HOSTILE, words: HOSTILE, state: "running", startedAt: "x" }] }],
    [
      "image ls",
      ["image", "ls"],
      "GET",
      "/images",
      { images: [{ name: HOSTILE, kind: "cd", sizeBytes: 1, usedBy: [HOSTILE], addedAt: HOSTILE, digest: HOSTILE }] },
    ],
    ["logs", ["logs", "hello"], "GET", "/machines/hello/story", { story: [{ at: "2026-04-01T10:00:00Z", words: HOSTILE }] }],
    ["logs --serial", ["logs", "hello", "--serial"], "GET", "/machines/hello/log", { text: HOSTILE }],
    ["trash", ["trash"], "GET", "/trash", { trash: [{ id: HOSTILE, name: HOSTILE, trashedAt: "x", expiresAt: "x", diskBytes: 1 }] }],
    [
      "doctor",
      ["doctor"],
      "POST",
      "/host/diagnosis",
      { bestGrade: "C", findings: [{ id: "x", title: HOSTILE, state: "limited", found: HOSTILE, mend: HOSTILE, detail: HOSTILE }] },
    ],
    ["explain", ["explain", "hello"], "GET", "/machines/hello/explanation", { parts: [{ args: ["-name", HOSTILE], because: HOSTILE }] }],
    ["ls --names", ["ls", "--names"], "GET", "/machines", { machines: [{ name: HOSTILE }] }],
    ["an error", ["show", "hello"], "GET", "/machines/hello", undefined],
  ];
  test.each(verbs)("“%s” shows them and obeys nothing", async (_, words, method, path, body) => {
    await using daemon = await FakeDaemon.start();
    const problem = { code: HOSTILE, message: HOSTILE, hint: HOSTILE, detail: HOSTILE };
    daemon.on(method, path, body === undefined ? { status: 500, body: problem } : { body });
    for (const more of [[], ["--json"]]) {
      const ran = await runCli([...words, ...more], daemon);
      expect(`${ran.out}${ran.err}`).not.toMatch(OBEYED);
      expect(`${ran.out}${ran.err}`).toContain("evil");
    }
  });
});

test.each([
  [0, "just now"],
  [45, "45 s ago"],
  [-200, "in 3 min"],
  [7200, "2 h ago"],
  [86_400, "1 day ago"],
  [86_400 * 90, "3 months ago"],
  [86_400 * 800, "2 years ago"],
])("%i seconds ago reads “%s”", (seconds, words) => {
  expect(relative(new Date(NOW - seconds * 1000).toISOString(), NOW)).toBe(words);
});

test("a sentence is broken between words to fit a terminal, and left alone elsewhere", () => {
  expect(wrap("one two three four five", 2, 22)).toBe("one two three four\n  five");
  expect(wrap("one two three four five", 2, undefined)).toBe("one two three four five");
});
