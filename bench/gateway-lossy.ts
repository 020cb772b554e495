// The same bad wire, 1 % loss each way and 50 ms there and back: a guest's download through our endpoint and NAT, and beside it
// from one Linux to another.
import { interleave } from "./framework/measure.ts";
import { iperf, openLossyArena } from "./framework/nat-arena.ts";
import type { Row } from "./framework/row.ts";

const AT_LEAST = 0.8;
const SECONDS = 6;
const LANES = 8;

export const gatewayLossy: Row = {
  name: "gateway-lossy",
  what: `${LANES} downloads of a guest at once over a wire with 1 % loss each way and 50 ms there and back, through an endpoint and NAT of ours; beside it from Linux to Linux (CUBIC) over the same wire.`,
  unit: "Gbit/s",
  bound: `at least ${AT_LEAST} times`,
  async run(bench) {
    const { ours, peer } = await openLossyArena(bench, { loss: 0.01, oneWayMs: 25 });
    // As Linux comes, and as we do it: some computers are set to BBR, which does not take loss for a sign of anything.
    const take = (side: typeof ours, isDown: boolean) => () =>
      iperf(side.guest, { seconds: SECONDS, isDown, lanes: LANES, server: side.server, congestion: "cubic" });
    const [down, peerDown, up, peerUp] = await interleave([take(ours, true), take(peer, true), take(ours, false), take(peer, false)], {
      warmUp: 0,
      rounds: 8,
    });
    if (!down || !peerDown || !up || !peerUp) throw new Error("nothing was measured");
    const besides = `up: ${(up.median * 1000).toFixed(1)} Mbit/s, Linux to Linux ${(peerUp.median * 1000).toFixed(1)} (${(up.median / peerUp.median).toFixed(2)} times)`;
    return {
      ours: down,
      peer: peerDown,
      holds: down.median >= AT_LEAST * peerDown.median && up.median >= AT_LEAST * peerUp.median,
      besides,
    };
  },
};
