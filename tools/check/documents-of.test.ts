import { describe, expect, test } from "vitest";
import {
  anchorsOf,
  codesInDocument,
  codesInSource,
  commandsIn,
  compareBothWays,
  glossaryTerms,
  linksIn,
  openFactsIn,
  pathsAndSymbolsIn,
  verbsInRegistry,
  wordsThatAreNoCodes,
} from "./documents-of.ts";

describe("error codes and their document", () => {
  const source = {
    path: "packages/a/src/a.ts",
    text: 'throw new MimicError("disk.full", "x");\n// "disk.old" was here\nopen("daemon.sock");\n',
  };
  const document = "| code | what happened | what to do |\n| `disk.full` | The disk is full. | Make room. |\n";

  test("agree when each code has its line", () => {
    const inSource = new Map(codesInSource(source, new Set()));
    expect([...inSource]).toEqual([["disk.full", "packages/a/src/a.ts:1"]]);
    expect(compareBothWays(inSource, codesInDocument(document))).toEqual([]);
  });

  test("disagree when the document lacks one", () => {
    expect(compareBothWays(new Map([["disk.gone", "a.ts:1"]]), codesInDocument(document))).toEqual([
      "a.ts:1: disk.gone is not in docs/errors.md.",
      "docs/errors.md: no source has disk.full.",
    ]);
  });

  test("disagree when a line says nothing", () => {
    expect(compareBothWays(new Map([["disk.full", "a.ts:1"]]), codesInDocument("| `disk.full` |  | Make room. |\n"))).toHaveLength(1);
  });

  test("know that some areas are put in at run time", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source
    const openFacts = openFactsIn("refusal(`${noun}.unknown`)");
    expect(compareBothWays(new Map(), new Map([["machine.unknown", "There is no such machine."]]), openFacts)).toEqual([]);
  });

  test("do not mix up events, jobs, journal entries and routes with codes", () => {
    const words = wordsThatAreNoCodes([
      { path: "packages/model/src/event.ts", text: 'z.literal("machine.created")' },
      { path: "packages/workbench/src/x.ts", text: 'begin({ kind: "machine.start" }); journal({ op: "image.add" })' },
      { path: "packages/api/src/routes.ts", text: '  host: {\n    show: get("/host"),\n' },
    ]);
    for (const word of ["machine.created", "machine.start", "image.add", "host.show"]) expect(words).toContain(word);
    expect(words).not.toContain("disk.full");
  });
});

describe("what is read out of a document", () => {
  test("links to files, not to the web and not in fenced blocks", () => {
    expect(linksIn("[a](docs/a.md#b) [w](https://x.example) ![p](p.png)\n```\n[no](no.md)\n```\n").map(({ target }) => target)).toEqual([
      "docs/a.md#b",
      "p.png",
    ]);
  });

  test("anchors as viewers make them", () => {
    expect(anchorsOf("## What it is, and why\n### `a.b` (c)\n")).toEqual(new Set(["what-it-is-and-why", "ab-c"]));
  });

  test("paths and the names beside them", () => {
    expect(pathsAndSymbolsIn("1. `packages/a/src/a.ts`: `startIt()` and `Other`, with `--json`\n")).toEqual([
      { paths: ["packages/a/src/a.ts"], symbols: ["startIt", "Other"], line: 1 },
    ]);
  });

  test("commands in blocks and in prose", () => {
    expect(commandsIn("```sh\n./mimic up --yes\n$ mimic ls\n```\nSee `mimic jobs wait`.\n").map(({ verb }) => verb)).toEqual([
      "up",
      "ls",
      "jobs",
    ]);
  });

  test("verbs of the command line", () => {
    expect(verbsInRegistry('  up: () => import("./a.ts"),\n  "image ls": () => import("./b.ts"),\n')).toEqual(new Set(["up", "image"]));
  });

  test("terms of the glossary, each once", () => {
    expect(glossaryTerms("| **disk** | a |\n| **disk** | b |\n").findings).toHaveLength(1);
  });
});
