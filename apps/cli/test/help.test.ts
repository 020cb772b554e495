import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { helpOf, overview } from "../src/help-text.ts";
import { parseVerb } from "../src/parse.ts";
import { loadAll, registry } from "../src/registry.ts";
import { VERSION } from "../src/version.ts";
import { runCli } from "./run-cli.ts";

const specs = await loadAll();

test("every verb's help is as it was looked at (golden/help.txt)", async () => {
  const text = [overview(specs, false), ...specs.map((spec) => `\n═══ mimic ${spec.path} --help\n${helpOf(spec, false)}`)].join("");
  await expect(text).toMatchFileSnapshot("../golden/help.txt");
});

describe("every verb", () => {
  test.each(specs.map((spec) => [spec.path, spec] as const))(
    "“%s” stands in the registry under its own words, with an example that begins with it",
    (path, spec) => {
      expect(Object.keys(registry)).toContain(path);
      expect(spec.examples.length).toBeGreaterThan(0);
      expect(spec.examples.some(({ line }) => line.includes(`mimic ${path}`) || line.includes(`mimic ${path.replace(/ ls$/, "")}`))).toBe(
        true,
      );
      expect(spec.summary).toMatch(/^[A-Z].*[^.]$/);
    },
  );

  test.each(specs.map((spec) => [spec.path, spec] as const))(
    "“%s --help” prints its help and ends with 0, without a daemon",
    async (path, spec) => {
      const ran = await runCli([...path.split(" "), "--help"], { home: "/nonexistent" });
      expect(ran).toEqual({ code: 0, out: helpOf(spec, false), err: "" });
    },
  );

  test.each(specs.map((spec) => [spec.path, spec] as const))("“%s”: the examples are understood by its own parser", (path, spec) => {
    for (const { line } of spec.examples) {
      const words = line.match(/'[^']*'|[^\s|<>]+/g)?.map((word) => word.replaceAll("'", "")) ?? [];
      const at = words.indexOf("mimic");
      const end = words.findIndex(
        (word, place) =>
          place > at &&
          (word === "&&" ||
            word === "feh" ||
            word === "jq" ||
            word === "less" ||
            word === "tail" ||
            word === "xargs" ||
            word === "wireshark"),
      );
      const mine = words.slice(at + 1, end < 0 ? undefined : end).filter((word) => !/^~\/\.|^\(|\)$/.test(word));
      const own = path.split(" ");
      if (own.some((word, place) => mine[place] !== word)) continue;
      expect(() =>
        parseVerb(
          spec,
          mine.slice(own.length).filter((word) => word !== "bash)"),
        ),
      ).not.toThrow();
    }
  });
});

test("the version is that of the package", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  expect(VERSION).toBe(version);
});
