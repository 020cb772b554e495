// A broadcast into a network of eight ports: each frame goes out seven times.
import type { Row } from "./framework/row.ts";
import { againstRelay } from "./network/kit.ts";

export const switchFlood: Row = {
  name: "switch-flood",
  what: "Broadcasts of 1500 bytes, 40 in a write, from one port to seven others, counted where they arrive; the peer is the learning switch in C.",
  unit: "per second",
  bound: "at least 2 times the peer's deliveries, no frame lost",
  run: (bench) => againstRelay(bench, { size: 1500, batch: 40, fans: true }, { least: 2, ports: 8 }),
};
