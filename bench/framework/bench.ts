// `./mimic bench [NAME…] [--list] [--json]`: runs rows one after another, each in a home of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rows } from "../rows.ts";
import { type Bench, CannotMeasure, type Measured, type Row } from "./row.ts";
import { listText, type Outcome, outcomeText, toJson } from "./show.ts";

/** No further row begins once a person has ended the bench. */
let isInterrupted = false;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export async function bench(args: readonly string[]): Promise<number> {
  const wanted = args.filter((arg) => !arg.startsWith("-"));
  const unknown = wanted.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`mimic: there is no bench row called ${unknown.join(", ")}.\n  See them all: ./mimic bench --list\n`);
    return 64;
  }
  const chosen = wanted.length > 0 ? rows.filter((row) => wanted.includes(row.name)) : rows;
  const asJson = args.includes("--json");
  if (args.includes("--list")) {
    process.stdout.write(asJson ? `${JSON.stringify(chosen.map(({ name, what, bound }) => ({ name, what, bound })))}\n` : listText(chosen));
    return 0;
  }
  const outcomes: Outcome[] = [];
  for (const row of chosen) {
    if (isInterrupted) break;
    const outcome = await measureRow(row);
    outcomes.push(outcome);
    if (!asJson) process.stdout.write(outcomeText(outcome));
  }
  if (asJson) process.stdout.write(`${JSON.stringify(outcomes.map(toJson), null, 2)}\n`);
  return outcomes.every((outcome) => outcome.measured?.holds) ? 0 : 1;
}

async function measureRow(row: Row): Promise<Outcome> {
  const home = mkdtempSync(join(tmpdir(), "mimic-b-"));
  const duties: (() => Promise<unknown>)[] = [];
  const context: Bench = {
    home,
    env: { ...process.env, MIMIC_HOME: home, MIMIC_PORT: "0" },
    say: (words) => process.stderr.write(`${row.name}: ${words}\n`),
    cleanUp: (work) => duties.push(work),
  };
  const cleanUp = async (): Promise<void> => {
    for (const duty of duties.splice(0).reverse()) await duty().catch((error: unknown) => context.say(`cleaning up: ${String(error)}`));
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  using _ = onInterrupt(cleanUp);
  try {
    return { row, measured: checked(await row.run(context)) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { row, why: error instanceof CannotMeasure ? why : `it failed: ${why}` };
  } finally {
    await cleanUp();
  }
}

/** A bench that is cut off leaves no daemon and no machine behind. Dispose to stop listening. */
function onInterrupt(cleanUp: () => Promise<void>): Disposable {
  const end = (): void => {
    isInterrupted = true;
    void cleanUp().finally(() => process.exit(130));
  };
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.once(signal, end);
  }
  return {
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, end);
    },
  };
}

/** A row that measured nothing has not shown anything. */
function checked(measured: Measured): Measured {
  for (const sample of [measured.ours, measured.peer]) {
    if (sample && (sample.count === 0 || !Number.isFinite(sample.median))) throw new Error("no value was taken");
  }
  return measured;
}
