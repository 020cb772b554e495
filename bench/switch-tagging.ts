// What a VLAN tag costs: from an access port to a trunk every frame is copied and gets one.
import type { Row } from "./framework/row.ts";
import { compareOurs } from "./network/kit.ts";

const MOST_SLOWER = 0.25;

export const switchTagging: Row = {
  name: "switch-tagging",
  what: "Frames of 1500 bytes, one write each, from an access port to a trunk, which tags them; the peer is our own switch without tags, and the C relay runs in the same rounds.",
  unit: "per second",
  bound: "at most 25 % slower than without tags",
  run: (bench) =>
    compareOurs(bench, MOST_SLOWER, {
      change: (port, n) => ({ ...port, mode: n === 0 ? { mode: "access", vlan: 10 } : { mode: "trunk", allowed: "all" } }),
    }),
};
