// The adaptor program (adaptor.c), compiled once for all tests of this computer's user; see there.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { mustRun, run } from "./run.ts";

const SOURCE = join(import.meta.dirname, "adaptor.c");

const compiled = new Map<string, Promise<string | undefined>>();

/** Its path; undefined where there is no C compiler. */
export const adaptorPath = (): Promise<string | undefined> => compileC(SOURCE);

/** The program of one C file, compiled once; undefined where there is no C compiler. */
export function compileC(source: string): Promise<string | undefined> {
  const path = compiled.get(source) ?? compile(source);
  compiled.set(source, path);
  return path;
}

async function compile(source: string): Promise<string | undefined> {
  if (process.platform !== "linux" || (await run("cc", ["--version"]).catch(() => undefined))?.code !== 0) return undefined;
  const digest = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), `mimic-testkit-${process.getuid?.() ?? 0}`);
  const path = join(folder, `${basename(source, ".c")}-${digest}`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Test files run side by side: each compiles to a name of its own, and the last rename wins.
  const draft = `${path}.${process.pid}`;
  await mustRun("cc", ["-O2", "-o", draft, source]);
  renameSync(draft, path);
  return path;
}
