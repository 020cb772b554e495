// Does a list stay quick when there is much to list? Two installations side by side, one machine in one and a
// thousand in the other.
import { createMachines, openApi } from "./framework/api.ts";
import { interleave, timed } from "./framework/measure.ts";
import { homeWithin, mimic, startDaemon } from "./framework/mimic.ts";
import type { Bench, Row } from "./framework/row.ts";

const MANY = 1000;
const MOST_TIMES = 2;
const MOST_MORE_MS = 50;

export const scaleList: Row = {
  name: "scale-list",
  what: `“./mimic ls --json” with ${MANY} machines defined; beside it the same with 1 machine.`,
  unit: "ms",
  bound: `at most ${MOST_TIMES} times plus ${MOST_MORE_MS} ms`,
  async run(bench) {
    const many = await installationWith(homeWithin(bench, "many"), MANY);
    const one = await installationWith(homeWithin(bench, "one"), 1);
    const list = (home: Bench, count: number) =>
      timed(async () => {
        const { machines } = JSON.parse(await mimic(home, "ls", "--json")) as { machines: unknown[] };
        if (machines.length !== count) throw new Error(`the list has ${machines.length} machines, not ${count}`);
      });
    const [ours, peer] = await interleave([list(many, MANY), list(one, 1)], { warmUp: 2, rounds: 21 });
    if (!ours || !peer) throw new Error("nothing was measured");
    return { ours, peer, holds: ours.median <= MOST_TIMES * peer.median + MOST_MORE_MS };
  },
};

async function installationWith(home: Bench, count: number): Promise<Bench> {
  await startDaemon(home);
  home.say(`making ${count} machines`);
  using api = openApi(home);
  await createMachines(api.client, "m", count);
  return home;
}
