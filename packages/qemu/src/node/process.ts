// Facts about processes from /proc. A pid alone is not a name (it is given out again); pid and start time are.

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

export const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** Field 22 of /proc/PID/stat; undefined when there is no such process (or it is a zombie). */
export async function startTicksOf(pid: number): Promise<string | undefined> {
  const fields = await statFields(pid);
  return fields === undefined || fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** The fields after the name, which may hold spaces and brackets: [0] is the state. */
async function statFields(pid: number): Promise<string[] | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

export async function isAlive(pid: number, startTicks: string): Promise<boolean> {
  return (await startTicksOf(pid)) === startTicks;
}

const TICKS_PER_SECOND = 100;

/** Processor time since its start (user and system) and resident memory. Zeros when it is gone. */
export async function loadOf(pid: number): Promise<{ readonly cpuMs: number; readonly memoryBytes: number }> {
  const fields = await statFields(pid);
  if (fields === undefined) return { cpuMs: 0, memoryBytes: 0 };
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND,
    // rss, in pages
    memoryBytes: Number(fields[21]) * 4096,
  };
}

/**
 * Bytes that would be free again if it ended (proc(5), smaps_rollup): anonymous pages, which are what it wrote itself, those
 * that were swapped out, and its page tables. A file in memory that it maps is no anonymous page until it is written to, also
 * while nobody else maps it. Undefined where the kernel does not say.
 */
export async function ownMemoryOf(pid: number): Promise<number | undefined> {
  try {
    const [rollup, status] = await Promise.all([readFile(`/proc/${pid}/smaps_rollup`, "utf8"), readFile(`/proc/${pid}/status`, "utf8")]);
    return ownMemoryIn(rollup, status);
  } catch {
    return undefined;
  }
}

export function ownMemoryIn(rollup: string, status: string): number | undefined {
  const kib = (text: string, field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN);
  const [anonymous, swapped, tables] = [kib(rollup, "Anonymous"), kib(rollup, "SwapPss"), kib(status, "VmPTE")];
  return Number.isNaN(anonymous) ? undefined : (anonymous + (swapped || 0) + (tables || 0)) * 1024;
}

export interface ProcessGuard {
  readonly uid: number;
  /** The kernel's words: 2 = a filter is in force. */
  readonly seccomp: boolean;
  readonly noNewPrivileges: boolean;
}

export async function guardOf(pid: number): Promise<ProcessGuard | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/status`, "utf8");
    const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(text)?.[1] ?? "";
    return { uid: Number(field("Uid")), seccomp: field("Seccomp") === "2", noNewPrivileges: field("NoNewPrivs") === "1" };
  } catch {
    return undefined;
  }
}

export async function commandLineOf(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** SIGKILL to exactly that process; false when it is gone already. */
export async function killExactly(pid: number, startTicks: string): Promise<boolean> {
  if (!(await isAlive(pid, startTicks))) return false;
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
