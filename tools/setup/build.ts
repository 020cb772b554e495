// Makes the four things that run: the command line, the daemon and the switch as bundles (a bundle starts several times
// faster than sources with packages beside them), the browser interface by Vite. Each is left alone while its
// inputs are the same bytes. What is being built stands beside the old one until it is whole.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { contentHash } from "./content-hash.ts";
import { SetupFailure } from "./failure.ts";
import { at, logFile, root, state } from "./places.ts";
import { mustRun, step } from "./run.ts";

interface Target {
  readonly name: string;
  readonly words: string;
  readonly entry: string;
  /** Folder that the build makes, from the root of the checkout. */
  readonly out: string;
  readonly inputs: readonly string[];
  readonly made: string;
  readonly make: (target: Target, out: string) => Promise<void>;
}

const SHARED_INPUTS = ["packages", "package-lock.json", "tools/setup/build.ts"];

export const targets: readonly Target[] = [
  {
    name: "cli",
    words: "the command line",
    entry: "apps/cli/src/main.ts",
    out: ".mimic/build/cli",
    inputs: ["apps/cli", ...SHARED_INPUTS],
    made: "main.js",
    // Split, so that `mimic ls` does not read what only `mimic console` needs.
    make: (target, out) => bundle(target, out, { isSplit: true, replaced: { by: "apps/cli/src/no-tls.ts", modules: ["https", "tls"] } }),
  },
  {
    name: "daemon",
    words: "the daemon",
    entry: "apps/daemon/src/main.ts",
    out: ".mimic/build/daemon",
    inputs: ["apps/daemon", ...SHARED_INPUTS],
    made: "main.js",
    // In one piece: a daemon that runs for weeks must not find a part of itself replaced.
    make: (target, out) => bundle(target, out, { isSplit: false }),
  },
  {
    name: "switch",
    words: "the switch",
    entry: "apps/switch/src/main.ts",
    out: ".mimic/build/switch",
    inputs: ["apps/switch", ...SHARED_INPUTS],
    made: "main.js",
    // In one piece, for the same reason; and its cage shows it this folder alone.
    make: (target, out) => bundle(target, out, { isSplit: false }),
  },
  {
    name: "web",
    words: "the browser interface",
    entry: "apps/web/index.html",
    out: "apps/web/dist",
    inputs: ["apps/web", "tsconfig.base.json", ...SHARED_INPUTS],
    made: "index.html",
    make: buildWeb,
  },
];

/** Builds what is not up to date. Answers the names of what was built. */
export async function build(): Promise<string[]> {
  const stale = targets
    .map((target) => ({ target, hash: contentHash(root, target.inputs) }))
    .filter(({ target, hash }) => !isUpToDate(target, hash));
  if (stale.length === 0) return [];
  await step(`Building ${stale.map(({ target }) => target.words).join(", ")}`, async () => {
    await Promise.all(stale.map(({ target, hash }) => buildOne(target, hash)));
  });
  return stale.map(({ target }) => target.name);
}

const hashFile = (target: Target): string => state("build", `${target.name}.hash`);

function isUpToDate(target: Target, hash: string): boolean {
  return existsSync(hashFile(target)) && readFileSync(hashFile(target), "utf8") === hash && existsSync(at(target.out, target.made));
}

async function buildOne(target: Target, hash: string): Promise<void> {
  if (!existsSync(at(target.entry)))
    throw new SetupFailure(`${target.entry} is missing, so ${target.words} cannot be built.`, ["git status tells what else is missing."]);
  const out = `${at(target.out)}.new`;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(dirname(hashFile(target)), { recursive: true });
  await target.make(target, out);
  const old = `${at(target.out)}.old`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(at(target.out))) renameSync(at(target.out), old);
  renameSync(out, at(target.out));
  rmSync(old, { recursive: true, force: true });
  writeFileSync(hashFile(target), hash);
}

/** What `mimic ls` needs, in one piece: each file less is a tenth of its start. */
const FIRST = { name: "first", test: /(apps.cli.src.(paths|lean-http|table|machine-rows)|packages.base.src.(text|units))\.ts$/ };

interface BundleOptions {
  readonly isSplit: boolean;
  /** Modules that this file stands in for. */
  readonly replaced?: { readonly by: string; readonly modules: readonly string[] };
}

async function bundle(target: Target, out: string, { isSplit, replaced }: BundleOptions): Promise<void> {
  const { build: rolldown } = await import("rolldown");
  const log = logFile(`build-${target.name}`);
  const said: string[] = [];
  try {
    await rolldown({
      input: { main: at(target.entry) },
      platform: "node",
      resolve: { alias: Object.fromEntries((replaced?.modules ?? []).map((name) => [name, at(replaced?.by ?? "")])) },
      transform: { define: { "process.env.NODE_ENV": '"production"' } },
      onLog: (_level, entry) => {
        // Left to itself it would pass the import on, to fail when the program runs.
        if (entry.code === "UNRESOLVED_IMPORT") throw new Error(entry.message);
        said.push(entry.message);
      },
      output: {
        dir: out,
        format: "esm",
        entryFileNames: "[name].js",
        chunkFileNames: "[name]-[hash].js",
        codeSplitting: isSplit ? { groups: [FIRST] } : false,
        minify: { compress: true, mangle: false, codegen: false },
      },
    });
  } catch (error) {
    said.push(error instanceof Error ? error.message : String(error));
    throw new SetupFailure(`Building ${target.words} failed.`, [...said.join("\n").split("\n").slice(-12), `Everything it said: ${log}`]);
  } finally {
    writeFileSync(log, `${said.join("\n")}\n`);
  }
}

async function buildWeb(target: Target, out: string): Promise<void> {
  const vite = at("node_modules/vite/bin/vite.js");
  await mustRun(
    {
      program: process.execPath,
      args: [vite, "build", "--outDir", out, "--emptyOutDir"],
      cwd: at("apps/web"),
      log: `build-${target.name}`,
    },
    `Building ${target.words} failed.`,
  );
}
