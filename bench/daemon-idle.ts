// What the daemon costs while nobody asks anything of it.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createMachines, openApi } from "./framework/api.ts";
import { mustRun } from "./framework/measure.ts";
import { startDaemon } from "./framework/mimic.ts";
import { type Bench, CannotMeasure, type Row } from "./framework/row.ts";
import { sampleOf } from "./framework/statistics.ts";

const MACHINES = 100;
const MOST_MIB = 120;
const MOST_CPU_PERCENT = 0.5;
const IDLE_SECONDS = 30;

export const daemonIdle: Row = {
  name: "daemon-idle",
  what: `Memory of the daemon with ${MACHINES} machines defined (resident, after ${IDLE_SECONDS} idle seconds), and its processor time in them.`,
  unit: "MiB",
  bound: `at most ${MOST_MIB} MiB; under ${MOST_CPU_PERCENT} % of a core`,
  async run(bench) {
    if (process.platform !== "linux") throw new CannotMeasure("Memory and processor time are read from /proc, which only Linux has.");
    await startDaemon(bench);
    {
      using api = openApi(bench);
      await createMachines(api.client, "m", MACHINES);
    }
    const pid = await daemonPid(bench);
    // Garbage of the making is collected when it is collected; a few seconds of calm are part of being idle.
    await sleep(5000);
    const before = cpuSeconds(pid, await ticksPerSecond(bench));
    const values: number[] = [];
    for (let second = 0; second < IDLE_SECONDS; second++) {
      await sleep(1000);
      values.push(residentMiB(pid));
    }
    const percent = ((cpuSeconds(pid, await ticksPerSecond(bench)) - before) / IDLE_SECONDS) * 100;
    const ours = sampleOf(values);
    return {
      ours,
      holds: ours.median <= MOST_MIB && percent < MOST_CPU_PERCENT,
      besides: `${percent.toFixed(2)} % of a core over ${IDLE_SECONDS} s`,
    };
  },
};

/** The process that holds the row's socket: found by the home in its environment, which no other daemon has. */
async function daemonPid(bench: Bench): Promise<number> {
  const pids = (await mustRun("ps", ["-e", "-o", "pid="], bench.env)).split("\n").map(Number).filter(Boolean);
  const daemon = pids.find((pid) => {
    try {
      const isDaemon = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("daemon/main.js");
      return isDaemon && readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`MIMIC_HOME=${bench.home}`);
    } catch {
      return false;
    }
  });
  if (!daemon) throw new Error("the daemon's process was not found");
  return daemon;
}

const residentMiB = (pid: number): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** User and system time so far (proc(5), fields 14 and 15). */
function cpuSeconds(pid: number, ticks: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

const ticksPerSecond = async (bench: Bench): Promise<number> => Number(await mustRun("getconf", ["CLK_TCK"], bench.env));
