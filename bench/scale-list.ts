// Does a list stay quick when there is much to list? Installations side by side, with one machine, a hundred and a thousand.
import { createMachines, openApi } from "./framework/api.ts";
import { interleave, timed } from "./framework/measure.ts";
import { homeWithin, mimic, startDaemon } from "./framework/mimic.ts";
import type { Bench, Row } from "./framework/row.ts";

const MANY = 1000;
const SOME = 100;
const MOST_TIMES = 2;
const MOST_MORE_MS = 50;

export const scaleList: Row = {
  name: "scale-list",
  what: `“./mimic ls --json” with ${MANY} machines defined; beside it the same with 1 machine.`,
  unit: "ms",
  bound: `at most ${MOST_TIMES} times plus ${MOST_MORE_MS} ms`,
  async run(bench) {
    const many = await installationWith(homeWithin(bench, "many"), MANY);
    const some = await installationWith(homeWithin(bench, "some"), SOME);
    const one = await installationWith(homeWithin(bench, "one"), 1);
    const list = (home: Bench, count: number) =>
      timed(async () => {
        const { machines } = JSON.parse(await mimic(home, "ls", "--json")) as { machines: unknown[] };
        if (machines.length !== count) throw new Error(`the list has ${machines.length} machines, not ${count}`);
      });
    const lists = [list(many, MANY), list(some, SOME), list(one, 1)];
    const [ours, hundred, peer] = await interleave(lists, { warmUp: 2, rounds: 21 });
    if (!ours || !hundred || !peer) throw new Error("nothing was measured");
    const holds = ours.median <= MOST_TIMES * peer.median + MOST_MORE_MS;
    return { ours, peer, holds, besides: `${hundred.median.toFixed(1)} ms with ${SOME} machines` };
  },
};

async function installationWith(home: Bench, count: number): Promise<Bench> {
  await startDaemon(home);
  home.say(`making ${count} machines`);
  using api = openApi(home);
  await createMachines(api.client, "m", count);
  return home;
}
