// One digest over files and folders, so that a build is skipped exactly when its inputs are the same bytes.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "dist.new", "golden", "test", ".git", ".mimic"]);
const isSkippedFile = (name: string): boolean => /\.(test|e2e)\.tsx?$|\.md$|\.log$/.test(name);

/** sha256 hex over paths and contents, in a fixed order. Tests, documents and built files do not count; what is absent counts as absent. */
export function contentHash(root: string, inputs: readonly string[]): string {
  const hash = createHash("sha256");
  const add = (path: string): void => {
    const full = join(root, path);
    const stats = statSync(full, { throwIfNoEntry: false });
    if (stats?.isDirectory()) {
      for (const entry of readdirSync(full, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
        if (entry.isDirectory() ? !SKIPPED_FOLDERS.has(entry.name) : entry.isFile() && !isSkippedFile(entry.name)) {
          add(join(path, entry.name));
        }
      }
    } else if (stats) {
      hash.update(`${path}\0${stats.size}\0`).update(readFileSync(full));
    } else hash.update(`${path}\0absent\0`);
  };
  for (const input of inputs) add(input);
  return hash.digest("hex");
}
