// Which process is which: a pid alone is reused, pid + start ticks + boot id names one process for ever.
import { readFile } from "node:fs/promises";

/** Linux: a random id per boot. Elsewhere: empty, so that records never match across boots by accident. */
export async function readBootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
}

/** Field 22 of /proc/PID/stat (proc(5)); undefined when there is no such process, or it is a zombie. */
export async function startTicksOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The command's name may hold spaces and brackets: fields begin after the last ")".
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

export async function ownStartTicks(): Promise<string> {
  return (await startTicksOf(process.pid)) ?? "0";
}

export async function isAlive(owner: { pid: number; startTicks: string; bootId: string }): Promise<boolean> {
  return owner.bootId === (await readBootId()) && (await startTicksOf(owner.pid)) === owner.startTicks;
}
