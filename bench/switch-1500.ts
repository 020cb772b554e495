// Frames of 1500 bytes, each in a write of its own, as QEMU sends them: two ports, one way.
import type { Row } from "./framework/row.ts";
import { compare, startOurs, startRelay, times } from "./network/kit.ts";

export const switch1500: Row = {
  name: "switch-1500",
  what: "Frames of 1500 bytes through our switch, one write each, two ports; the peer is a learning switch of the least in C.",
  unit: "per second",
  bound: "at least 0.85 times the peer's frames, at most 1.5 times its processor time per frame, no frame lost",
  run: async (bench) => {
    const [ours, relay] = await compare(bench, [await startOurs(bench, 2), await startRelay(bench, 2)], { size: 1500, batch: 1 });
    if (!ours || !relay) throw new Error("nothing was measured");
    return {
      ours: ours.frames,
      peer: relay.frames,
      holds: relay.rateRatio >= 0.85 && relay.cpuRatio <= 1.5 && ours.lost + ours.gaps === 0,
      besides: `round by round ${times(relay.rateRatio)} the frames; processor time per frame ${ours.cpuNs.toFixed(0)} ns, ${times(relay.cpuRatio)} the peer's; ${ours.lost} lost`,
    };
  },
};
