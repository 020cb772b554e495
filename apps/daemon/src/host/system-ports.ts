// The outside world behind the narrow interfaces of base: clock, chance, log, this computer's room.
import { randomBytes } from "node:crypto";
import { readFile, statfs } from "node:fs/promises";
import { availableParallelism, freemem, hostname, loadavg, networkInterfaces, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock, Log, LogFacts, Random } from "@mimic/base";
import type { HostSurvey } from "@mimic/workbench/ports";
import { type Logger, pino } from "pino";

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, { signal }) {
    try {
      await wait(ms, undefined, { signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  },
};

export const systemRandom: Random = { bytes: (count) => randomBytes(count) };

/** JSON lines on standard error; the level by MIMIC_LOG (error, warn, info, debug). */
export function createLog(level: string | undefined): Log {
  const levels = ["error", "warn", "info", "debug"];
  const chosen = levels.includes(level ?? "") ? (level as string) : "info";
  return wrap(pino({ level: chosen, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true })));
}

function wrap(logger: Logger): Log {
  const facts = (given: LogFacts | undefined) => given ?? {};
  return {
    error: (message, given) => logger.error(facts(given), message),
    warn: (message, given) => logger.warn(facts(given), message),
    info: (message, given) => logger.info(facts(given), message),
    debug: (message, given) => logger.debug(facts(given), message),
    child: (given) => wrap(logger.child(given)),
  };
}

export function createSurvey(dataDirectory: string): HostSurvey {
  return {
    async survey() {
      const disk = await statfs(dataDirectory);
      return {
        hostname: hostname(),
        cpus: availableParallelism(),
        memoryBytes: totalmem(),
        memoryFreeBytes: await availableMemory(),
        diskFreeBytes: disk.bavail * disk.bsize,
        load1: loadavg()[0] ?? 0,
      };
    },
    async routes() {
      const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
      const routed = readRoutes(await readFile("/proc/net/route", "utf8").catch(() => ""));
      return [...own.flatMap(({ family, cidr }) => (family === "IPv4" && cidr ? [cidr] : [])), ...routed];
    },
  };
}

/** Linux: destination and mask as hexadecimal in the byte order of the machine (proc(5)); the default route is left out. */
export function readRoutes(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [, destination, , , , , , mask] = line.trim().split(/\s+/);
    if (!/^[0-9A-F]{8}$/.test(destination ?? "") || !/^[0-9A-F]{8}$/.test(mask ?? "") || mask === "00000000") return [];
    const bytes = [6, 4, 2, 0].map((at) => Number.parseInt((destination as string).slice(at, at + 2), 16));
    const prefix = Number.parseInt(mask as string, 16)
      .toString(2)
      .replaceAll("0", "").length;
    return [`${bytes.join(".")}/${prefix}`];
  });
}

/** Linux counts what caches could give back (MemAvailable, proc(5)); elsewhere only what is free is known. */
async function availableMemory(): Promise<number> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const kib = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  return kib === undefined ? freemem() : Number(kib) * 1024;
}
