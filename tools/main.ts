// What the launcher does when a command cannot just be passed on: it mends the set-up, then does the verbs that
// belong to the checkout (test, check, bench, dev) or becomes the command line. Here and in tools/setup only Node's
// own modules are imported at the top: this runs before the packages are installed.
import { closeSync, openSync, rmSync, utimesSync } from "node:fs";
import { build } from "./setup/build.ts";
import { showFailure } from "./setup/failure.ts";
import type { Purpose } from "./setup/needs.ts";
import { installNpmPackages } from "./setup/npm-packages.ts";
import { state } from "./setup/places.ts";
import { installSystemPackages } from "./setup/system-packages.ts";

interface Verb {
  readonly needsBuild: boolean;
  /** What must be on the computer; empty: whatever is there will do. */
  readonly purposes: readonly Purpose[];
  /** Answers the exit code. Absent: the command line does it. */
  readonly run?: (args: readonly string[]) => Promise<number>;
}

function verbFor(args: readonly string[]): Verb {
  const isQuick = args.includes("--quick");
  const verbs: Readonly<Record<string, Verb>> = {
    up: { needsBuild: true, purposes: ["machines"] },
    setup: { needsBuild: true, purposes: ["machines"], run: async () => 0 },
    test: {
      needsBuild: !isQuick,
      purposes: isQuick ? [] : ["machines", "tests"],
      run: async (rest) => (await import("./test/test.ts")).test(rest),
    },
    check: { needsBuild: false, purposes: [], run: async (rest) => (await import("./check/check.ts")).check(rest) },
    bench: {
      needsBuild: true,
      purposes: args.includes("--list") ? [] : ["machines", "tests"],
      run: async (rest) => (await import("../bench/framework/bench.ts")).bench(rest),
    },
    dev: { needsBuild: true, purposes: ["machines"], run: async (rest) => (await import("./dev/dev.ts")).dev(rest) },
  };
  return verbs[args[0] ?? ""] ?? { needsBuild: true, purposes: [] };
}

async function main(args: readonly string[]): Promise<number> {
  const beganMs = Date.now();
  const verb = verbFor(args);
  const yes = args.includes("--yes") || args.includes("-y");
  try {
    await installNpmPackages();
    if (verb.purposes.length > 0) await installSystemPackages(verb.purposes, { yes });
    if (verb.needsBuild) {
      await build();
      stamp(beganMs);
    }
  } finally {
    releaseLock();
  }
  if (verb.run) return verb.run(args.slice(1));
  // Becomes the command line: same process, so signals, exit code and terminal are its own.
  process.execve?.(process.execPath, [process.execPath, state("build/cli/main.js"), ...args], process.env);
  throw new Error("this Node cannot replace its process");
}

/** Dated a second before we began, so that what changed since then, even within the same second, is newer. */
function stamp(beganMs: number): void {
  closeSync(openSync(state("stamp"), "w"));
  const at = new Date(beganMs - 1000);
  utimesSync(state("stamp"), at, at);
}

let holdsLock = true;

/** tools/setup.sh took it and became this process. Only once: afterwards the lock may be another's. */
function releaseLock(): void {
  if (holdsLock) rmSync(state("lock"), { recursive: true, force: true });
  holdsLock = false;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    releaseLock();
    process.kill(process.pid, signal);
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = showFailure(error);
}
