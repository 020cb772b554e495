// `./mimic check`: format, lint, types, import rules, dead code, documents. Each check is a program or a function
// of ours; two run at a time, each says one line, and what failed shows its findings.
import { spawn } from "node:child_process";
import { at, root } from "../setup/places.ts";

export interface CheckResult {
  readonly name: string;
  readonly isGood: boolean;
  readonly findings: string;
  readonly tookMs: number;
}

interface Check {
  readonly name: string;
  readonly program: readonly string[];
}

const node = process.execPath;
const bin = (path: string): string => at("node_modules", path);

/** The slowest first, so that two lanes end at about the same time. */
const checks: readonly Check[] = [
  {
    name: "import rules",
    program: [
      node,
      bin("dependency-cruiser/bin/dependency-cruiser.mjs"),
      "--config",
      ".dependency-cruiser.cjs",
      "apps",
      "packages",
      "tools",
      "bench",
      "e2e",
    ],
  },
  {
    name: "format and lint",
    program: [node, bin("@biomejs/biome/bin/biome"), "ci", "--colors=off", "--max-diagnostics=60", "--error-on-warnings", "."],
  },
  { name: "types (daemon, command line, packages)", program: [node, bin("typescript/bin/tsc"), "-p", "tsconfig.json"] },
  { name: "types (browser)", program: [node, bin("typescript/bin/tsc"), "-p", "apps/web/tsconfig.json"] },
  { name: "dead code and dependencies", program: [node, bin("knip/bin/knip.js"), "--no-progress"] },
  { name: "house rules", program: [node, at("tools/check/house-rules.ts")] },
  { name: "documents", program: [node, at("tools/check/documents.ts")] },
];

export async function check(_args: readonly string[]): Promise<number> {
  const results = await runChecks();
  const bad = results.filter((result) => !result.isGood);
  process.stdout.write(
    bad.length === 0 ? `All ${results.length} checks are good.\n` : `${bad.length} of ${results.length} checks found something.\n`,
  );
  return bad.length === 0 ? 0 : 1;
}

/** Runs all checks and prints as they end. */
export async function runChecks(): Promise<CheckResult[]> {
  const waiting = [...checks];
  const results: CheckResult[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const result = await runCheck(next);
      results.push(result);
      process.stdout.write(`${result.isGood ? "good" : "BAD "}  ${result.name} (${(result.tookMs / 1000).toFixed(1)} s)\n`);
      if (!result.isGood) process.stdout.write(`${result.findings.trimEnd().replace(/^/gm, "      ")}\n`);
    }
  };
  await Promise.all([lane(), lane()]);
  return results;
}

function runCheck({ name, program: [file, ...args] }: Check): Promise<CheckResult> {
  const began = performance.now();
  const { promise, resolve } = Promise.withResolvers<CheckResult>();
  const child = spawn(file ?? "", args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const end = (isGood: boolean, findings: string): void => resolve({ name, isGood, findings, tookMs: performance.now() - began });
  child.on("error", (error) => end(false, error.message));
  child.on("close", (code) => end(code === 0, said.slice(0, 20_000)));
  return promise;
}
