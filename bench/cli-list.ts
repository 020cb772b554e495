// How long a person waits for `mimic ls`: process start, connect, ask, print, end. Beside it the least that any
// program on this Node takes.
import { interleave, mustRun, timed } from "./framework/measure.ts";
import { launcher, startDaemon } from "./framework/mimic.ts";
import type { Row } from "./framework/row.ts";

const MOST = 1.6;

export const cliList: Row = {
  name: "cli-list",
  what: "“./mimic ls”, cold, with the daemon running and no machine defined; beside it “node -e 0” of the same Node.",
  unit: "ms",
  bound: `at most ${MOST} times`,
  async run(bench) {
    await startDaemon(bench);
    const [ours, peer] = await interleave(
      [timed(() => mustRun(launcher, ["ls"], bench.env)), timed(() => mustRun(process.execPath, ["-e", "0"], bench.env))],
      { warmUp: 3, rounds: 61 },
    );
    if (!ours || !peer) throw new Error("nothing was measured");
    return { ours, peer, holds: ours.median <= MOST * peer.median };
  },
};
