// The largest frames: what a guest sends that leaves cutting to its card.
import type { Row } from "./framework/row.ts";
import { againstRelay } from "./network/kit.ts";

export const switchJumbo: Row = {
  name: "switch-jumbo",
  what: "Frames of 65,000 bytes, one write each, two ports; the peer is the learning switch in C.",
  unit: "per second",
  bound: "at least 0.85 times the peer's frames, no frame lost",
  run: (bench) => againstRelay(bench, { size: 65_000, batch: 1 }, { least: 0.85, mtu: 65_500 }),
};
