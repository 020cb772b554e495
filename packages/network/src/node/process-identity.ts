// A pid alone is no name, since it is given out again; pid, start time and boot are.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // No /proc: records are then never believed, which is safe.
    return `unknown-${Math.floor(Date.now() / 1000 - process.uptime())}`;
  }
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process, or it is a zombie. */
export async function startTicksOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
