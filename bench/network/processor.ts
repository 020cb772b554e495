// Processor time of a process to the nanosecond, where the kernel keeps it.
import { readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

/** Of all its threads, since its start. */
export function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  const ticks = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  try {
    // Counted in nanoseconds for the thread that runs all our code; the others only sum up in ticks.
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e9;
  } catch {
    return ticks;
  }
}
