// The helper process as the daemon starts it, for tests; with “die” it ends in the middle of its work.
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { serveAssembly } from "./assembly-apart.ts";

if (process.argv[2] === "die") process.once("message", () => process.kill(process.pid, "SIGKILL"));
else
  serveAssembly({
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (ms, { signal }) => wait(ms, undefined, { signal }),
  });
