import { existsSync, readdirSync, readFileSync } from "node:fs";
import { System } from "@mimic/model";
import { describe, expect, test } from "vitest";

const folder = new URL("../../../content/systems/", import.meta.url);
const keys = new URL("../../../content/keys/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const read = (name: string): System => System.parse(JSON.parse(readFileSync(new URL(name, folder), "utf8")));

describe("the catalogue's recipes", () => {
  test.each(files)("%s follows the schema and is named by its id", (name) => {
    expect(`${read(name).id}.json`).toBe(name);
  });

  test("a recipe with an unknown word is not accepted", () => {
    const recipe = JSON.parse(readFileSync(new URL("tiny-linux.json", folder), "utf8")) as object;
    expect(System.safeParse({ ...recipe, surprise: 1 }).success).toBe(false);
  });

  test("ids are unique, and every key that a recipe names is there", () => {
    const systems = files.map(read);
    expect(new Set(systems.map((system) => system.id)).size).toBe(systems.length);
    for (const { source } of systems) {
      if (source.way !== "download" || source.proof.by !== "checksums" || !source.proof.signature) continue;
      expect(existsSync(new URL(`${source.proof.signature.key}.asc`, keys))).toBe(true);
    }
  });

  test("no machine is made with less memory than its system needs", () => {
    for (const system of files.map(read)) expect(system.hardware.memoryMiB ?? 1024).toBeGreaterThanOrEqual(system.minimum.memoryMiB);
  });

  test("every way to get an image has at least one system", () => {
    expect(new Set(files.map((name) => read(name).source.way))).toEqual(new Set(["download", "assemble", "install", "bring"]));
  });
});
