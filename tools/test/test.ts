// `./mimic test [--quick] [FILTER…]`: every runner one after another, one sum at the end. Filters are parts of
// test file paths; with filters only tests run, without them the checks of `./mimic check` count as well.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChecks } from "../check/check.ts";
import { at, root } from "../setup/places.ts";
import { addTallies, exitCodeOf, lastLine, type Tally } from "./tally.ts";

export async function test(args: readonly string[]): Promise<number> {
  const isQuick = args.includes("--quick");
  const filters = args.filter((arg) => !["--quick", "--yes", "-y"].includes(arg));
  // Short, because unix sockets live below it and their paths are limited to about a hundred bytes.
  const home = mkdtempSync(join(tmpdir(), "mimic-t-"));
  const tallies: Tally[] = [];
  try {
    if (filters.length === 0) tallies.push(await tallyChecks());
    tallies.push(await runVitest("quick", filters, home));
    if (!isQuick) tallies.push(await runVitest("real", filters, home));
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
  const sum = addTallies(tallies);
  show(sum, filters);
  return exitCodeOf(sum);
}

async function tallyChecks(): Promise<Tally> {
  const results = await runChecks();
  return {
    passed: results.filter((result) => result.isGood).length,
    failures: results.filter((result) => !result.isGood).map((result) => `check: ${result.name}`),
    skips: [],
  };
}

/** Its own home: tests never see a person's machines, nor a daemon that runs already. */
async function runVitest(project: string, filters: readonly string[], home: string): Promise<Tally> {
  const tallyFile = join(home, `${project}.tally.json`);
  const vitest = at("node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", `--reporter=${at("tools/test/tally-reporter.ts")}`];
  const env: NodeJS.ProcessEnv = { ...process.env, MIMIC_HOME: join(home, project), MIMIC_PORT: "0", MIMIC_TALLY: tallyFile };
  const code = await new Promise<number>((done) => {
    spawn(process.execPath, [vitest, "run", "--project", project, "--passWithNoTests", ...reporters, ...filters], {
      cwd: root,
      env,
      stdio: ["ignore", "inherit", "inherit"],
    }).on("close", (exitCode) => done(exitCode ?? 1));
  });
  const tally = readTally(tallyFile);
  if (tally && (code === 0 || tally.failures.length > 0)) return tally;
  return addTallies([
    tally ?? { passed: 0, failures: [], skips: [] },
    { passed: 0, failures: [`the ${project} tests ended with code ${code}`], skips: [] },
  ]);
}

function readTally(path: string): Tally | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Tally;
  } catch {
    return undefined;
  }
}

function show(sum: Tally, filters: readonly string[]): void {
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  if (sum.skips.length > 0) say("\nSkipped:");
  for (const skip of sum.skips) say(`  ${skip.name}: ${skip.reason}`);
  if (sum.failures.length > 0) say("\nFailed:");
  for (const failure of sum.failures) say(`  ${failure}`);
  if (sum.passed + sum.failures.length + sum.skips.length === 0) {
    say(filters.length > 0 ? `\nNo test file has ${filters.join(" or ")} in its path.` : "\nNo test was found.");
  }
  say(lastLine(sum));
}
