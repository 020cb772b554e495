// The smallest frames, as many in a write as fit in 64 KiB: what another switch, or a busy tap, sends.
import type { Row } from "./framework/row.ts";
import { againstRelay } from "./network/kit.ts";

export const switch64: Row = {
  name: "switch-64",
  what: "Frames of 64 bytes, 900 in a write, two ports; the peer is the learning switch in C.",
  unit: "per second",
  bound: "at least 0.95 times the peer's frames, no frame lost",
  run: (bench) => againstRelay(bench, { size: 64, batch: 900 }, { least: 0.95 }),
};
