// One daemon per installation, proven without any call beyond link(2).
//
// The owner holds `lock.<n>` with its pid, start ticks and boot id. Whoever finds the highest n dead
// makes `lock.<n+1>` by link(2), which only one can win. A folder listing may miss a file that appears
// meanwhile, so the winner lists again and gives way to any higher living owner.
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { MimicError } from "@mimic/base";
import { Files, noSteps } from "./files.ts";
import { isAlive, ownStartTicks, readBootId } from "./process.ts";

interface Owner {
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
}

/** Takes the installation's lock, held until the process ends or `release`. Throws `daemon.already_runs`. */
export async function takeLock(folder: string): Promise<{ release(): Promise<void> }> {
  const files = new Files(noSteps);
  const me: Owner = { pid: process.pid, startTicks: await ownStartTicks(), bootId: await readBootId() };
  const temporary = `${folder}/.lock-${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(me)}\n`, { mode: 0o600 });
  try {
    for (;;) {
      const top = await topLock(files, folder);
      if (top.owner) throw alreadyRuns(top.owner);
      const mine = top.n + 1;
      try {
        await link(temporary, `${folder}/lock.${mine}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
        throw error;
      }
      const again = await topLock(files, folder);
      if (again.n > mine && again.owner) {
        await rm(`${folder}/lock.${mine}`, { force: true });
        throw alreadyRuns(again.owner);
      }
      for (const n of await lockNumbers(files, folder)) if (n < mine) await rm(`${folder}/lock.${n}`, { force: true });
      return { release: () => rm(`${folder}/lock.${mine}`, { force: true }) };
    }
  } finally {
    await rm(temporary, { force: true });
  }
}

async function lockNumbers(files: Files, folder: string): Promise<number[]> {
  return (await files.names(folder))
    .flatMap((name) => (/^lock\.\d{1,12}$/.test(name) ? [Number(name.slice(5))] : []))
    .sort((a, b) => b - a);
}

async function topLock(files: Files, folder: string): Promise<{ n: number; owner: Owner | undefined }> {
  const numbers = await lockNumbers(files, folder);
  for (const n of numbers) {
    const owner = await readOwner(`${folder}/lock.${n}`);
    if (owner && (await isAlive(owner))) return { n: numbers[0] ?? n, owner };
  }
  return { n: numbers[0] ?? 0, owner: undefined };
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const raw = JSON.parse(await readFile(path, "utf8")) as Partial<Owner>;
    if (typeof raw.pid === "number" && typeof raw.startTicks === "string" && typeof raw.bootId === "string") return raw as Owner;
  } catch {
    // Gone meanwhile, or damaged: nobody's.
  }
  return undefined;
}

function alreadyRuns(owner: Owner): MimicError {
  return new MimicError("daemon.already_runs", `Another Mimic daemon (process ${owner.pid}) looks after this installation.`, {
    hint: "Use it: mimic ls. Or end it first: mimic down. For a second installation set MIMIC_HOME.",
  });
}
