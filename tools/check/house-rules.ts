// The house rules that no ready-made linter has: no clock or chance outside adapters, files of a readable size,
// each file opening with what it is for. Pure checks in house-rules-of.ts; this reads the files.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../setup/places.ts";
import { houseRulesOf } from "./house-rules-of.ts";

const folders = ["apps", "packages", "tools", "bench", "e2e"];

function* sourceFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!["node_modules", "dist", "dist.new", ".mimic"].includes(entry.name)) yield* sourceFiles(path);
    } else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

let count = 0;
for (const folder of folders) {
  for (const path of sourceFiles(join(root, folder))) {
    for (const finding of houseRulesOf(relative(root, path), readFileSync(path, "utf8"))) {
      process.stdout.write(`${finding}\n`);
      count++;
    }
  }
}
process.exitCode = count === 0 ? 0 : 1;
