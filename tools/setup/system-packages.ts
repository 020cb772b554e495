// Installs what the computer lacks, through its own package manager, after saying what and asking once. Nobody is
// asked without a terminal or with --yes. What a person declined is remembered and not asked again.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline/promises";
import { SetupFailure } from "./failure.ts";
import { type Manager, managers, type Need, needs, type Purpose } from "./needs.ts";
import { root, state } from "./places.ts";
import { findProgram, mustRun, runQuietly, step } from "./run.ts";

export interface Host {
  hasProgram(name: string): boolean;
  hasFile(path: string): boolean;
}

export interface Plan {
  readonly missing: readonly Need[];
  /** Package names for the manager, each once. */
  readonly packages: readonly string[];
  /** Missing things that this manager has no package for. */
  readonly unavailable: readonly Need[];
}

/** What is missing for the purposes, and what to install for it. Pure: the host is asked through `host`. */
export function planPackages(purposes: readonly Purpose[], manager: Manager | undefined, host: Host): Plan {
  const isThere = (need: Need): boolean =>
    (need.programs ?? []).some((program) => host.hasProgram(program)) || (need.files ?? []).some((file) => host.hasFile(file));
  const missing = needs.filter((need) => purposes.includes(need.for) && !isThere(need));
  const nameOf = (need: Need): string | undefined => (manager ? need.packages[manager] : undefined);
  return {
    missing,
    packages: [...new Set(missing.map(nameOf).filter((name) => name !== undefined))],
    unavailable: missing.filter((need) => nameOf(need) === undefined),
  };
}

/** The line a person would type to install the packages. */
export function installLine(manager: Manager, packages: readonly string[], { isRoot }: { isRoot: boolean }): string {
  const facts = managers[manager];
  const words = [facts.program, ...facts.install.filter((word) => !/^(-q|-o|DPkg::.*)$/.test(word)), ...packages];
  return `${facts.needsRoot && !isRoot ? "sudo " : ""}${words.join(" ")}`;
}

const realHost: Host = { hasProgram: (name) => findProgram(name) !== undefined, hasFile: existsSync };
const amRoot = (): boolean => process.getuid?.() === 0;
const declinedFile = state("declined");

export async function installSystemPackages(purposes: readonly Purpose[], { yes }: { yes: boolean }): Promise<void> {
  const manager = (Object.keys(managers) as Manager[]).find((name) => realHost.hasProgram(managers[name].program));
  const plan = planPackages(purposes, manager, realHost);
  if (plan.missing.length === 0) return;
  if (!manager) return refuseUnlessOptional(plan.missing, unknownManagerHints(plan.missing));
  if (plan.packages.length > 0 && (await mayInstall(manager, plan, { yes }))) {
    await install(manager, plan.packages);
    const left = planPackages(purposes, manager, realHost).missing;
    refuseUnlessOptional(left, ["It was installed but is still not found. Look at .mimic/log/packages.log."]);
  } else refuseUnlessOptional(plan.missing, [`Install it with: ${installLine(manager, plan.packages, { isRoot: amRoot() })}`]);
}

function refuseUnlessOptional(missing: readonly Need[], hints: readonly string[]): void {
  const vital = missing.filter((need) => need.isVital);
  if (vital.length === 0) return;
  throw new SetupFailure(`${vital.map((need) => need.what).join(", ")}: missing on this computer.`, hints, 69);
}

/** The list to install by hand on a system whose package manager is not known. */
function unknownManagerHints(missing: readonly Need[]): string[] {
  return [
    "Its package manager is none that Mimic knows. Install these yourself, then run the same command again:",
    ...missing.map((need) => `  ${need.what} (${need.why}); on Debian it is ${need.packages.apt}, on Fedora ${need.packages.dnf}`),
  ];
}

async function mayInstall(manager: Manager, plan: Plan, { yes }: { yes: boolean }): Promise<boolean> {
  const wanted = plan.packages.join(" ");
  const wasDeclined = existsSync(declinedFile) && readFileSync(declinedFile, "utf8") === wanted;
  if (wasDeclined && !yes) return false;
  const able = plan.missing.filter((need) => !plan.unavailable.includes(need));
  const width = Math.max(...able.map((need) => need.what.length));
  process.stderr.write("This computer lacks some things that Mimic works with:\n");
  for (const need of able) process.stderr.write(`  ${need.what.padEnd(width)}  ${need.why}\n`);
  process.stderr.write(`They come with: ${installLine(manager, plan.packages, { isRoot: amRoot() })}\n`);
  // tools/setup.sh may have asked already, for all of it.
  if (yes || process.env.MIMIC_MAY_INSTALL === "yes" || process.stdin.isTTY !== true || process.stderr.isTTY !== true) return true;
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await ask.question("Install them now? [Y/n] ").finally(() => ask.close());
  if (/^\s*(y|yes|)\s*$/i.test(answer)) return true;
  mkdirSync(dirname(declinedFile), { recursive: true });
  writeFileSync(declinedFile, wanted);
  return false;
}

async function install(manager: Manager, packages: readonly string[]): Promise<void> {
  const facts = managers[manager];
  const viaSudo = facts.needsRoot && !amRoot();
  if (viaSudo && !findProgram("sudo")) {
    throw new SetupFailure("Installing packages needs root, and there is no sudo here.", [
      `As root, run: ${installLine(manager, packages, { isRoot: true })}`,
    ]);
  }
  // sudo drops the environment, so env(1) sets it behind sudo. sudo itself asks for the password on the terminal.
  const settings = Object.entries(facts.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const command = (args: readonly string[], log: string) => ({
    program: viaSudo ? "sudo" : "env",
    args: [...(viaSudo ? ["env"] : []), ...settings, facts.program, ...args],
    cwd: root,
    log,
  });
  await step(`Installing ${packages.join(", ")}`, async () => {
    const refresh = async () => facts.refresh && (await runQuietly(command(facts.refresh, "packages-refresh")));
    let isFresh = !needsRefresh(manager);
    if (!isFresh) {
      await refresh();
      isFresh = true;
    }
    const installing = command([...facts.install, ...packages], "packages");
    // Old lists name files that are gone; new lists mend that, so the first failure is not the last word.
    if ((await runQuietly(installing)) === 0) return;
    await refresh();
    await mustRun(
      installing,
      `${facts.program} could not install the packages.`,
      `By hand: ${installLine(manager, packages, { isRoot: amRoot() })}`,
    );
  });
}

const WEEK_MS = 7 * 24 * 3600 * 1000;

/** apt's lists are not there yet, or older than a week. Other managers look after theirs. */
function needsRefresh(manager: Manager): boolean {
  if (manager === "apk" || manager === "pacman") return true;
  if (manager !== "apt") return false;
  try {
    const lists = readdirSync("/var/lib/apt/lists").filter((name) => /_Packages/.test(name));
    const newestMs = Math.max(0, ...lists.map((name) => statSync(`/var/lib/apt/lists/${name}`).mtimeMs));
    return Date.now() - newestMs > WEEK_MS;
  } catch {
    return true;
  }
}
