// 64 machines that say nothing must cost nothing.
import { setTimeout as sleep } from "node:timers/promises";
import { defaultGuards } from "@mimic/model";
import type { Row } from "./framework/row.ts";
import { sampleOf } from "./framework/statistics.ts";
import { joinPorts, startOurs } from "./network/kit.ts";
import { processorSeconds } from "./network/processor.ts";

const MOST_PERCENT = 0.2;
const EACH_MS = 2000;

export const switchIdle: Row = {
  name: "switch-idle",
  what: "Processor time of our switch with 64 connected ports that are silent, in percent of one processor.",
  unit: "%",
  bound: `at most ${MOST_PERCENT} %: not to be told from nothing`,
  run: async (bench) => {
    const ours = await startOurs(bench, 64, {
      change: (port, n) => ({ ...port, mac: `52:54:00:00:01:${n.toString(16).padStart(2, "0")}`, guards: defaultGuards }),
      network: { spanningTree: true },
    });
    const ends = await joinPorts(ours.paths);
    bench.cleanUp(async () => ends.forEach((end) => void end.destroy()));
    await sleep(3000);
    const taken: number[] = [];
    for (let round = 0; round < 5; round++) {
      const [cpu, began] = [processorSeconds(ours.pid), performance.now()];
      await sleep(EACH_MS);
      taken.push(((processorSeconds(ours.pid) - cpu) / ((performance.now() - began) / 1000)) * 100);
    }
    const sample = sampleOf(taken);
    return { ours: sample, holds: sample.median <= MOST_PERCENT };
  },
};
