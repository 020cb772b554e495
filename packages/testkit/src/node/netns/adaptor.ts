// The adaptor program (adaptor.c), compiled once for all tests of this computer's user; see there.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun, run } from "./run.ts";

const SOURCE = join(import.meta.dirname, "adaptor.c");

let compiled: Promise<string | undefined> | undefined;

/** Its path; undefined where there is no C compiler. */
export function adaptorPath(): Promise<string | undefined> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<string | undefined> {
  if (process.platform !== "linux" || (await run("cc", ["--version"]).catch(() => undefined))?.code !== 0) return undefined;
  const digest = createHash("sha256").update(readFileSync(SOURCE)).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), `mimic-testkit-${process.getuid?.() ?? 0}`);
  const path = join(folder, `adaptor-${digest}`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Test files run side by side: each compiles to a name of its own, and the last rename wins.
  const draft = `${path}.${process.pid}`;
  await mustRun("cc", ["-O2", "-o", draft, SOURCE]);
  renameSync(draft, path);
  return path;
}
