// What a capture costs those who are captured: everything on the network, whole frames, read as fast as it comes.
import type { Row } from "./framework/row.ts";
import { compareOurs, NET } from "./network/kit.ts";

const MOST_SLOWER = 0.1;

export const switchCapture: Row = {
  name: "switch-capture",
  what: "Frames of 1500 bytes, one write each, two ports, while a capture of the whole network is on; the peer is our own switch without one, and the C relay runs in the same rounds.",
  unit: "per second",
  bound: "at most 10 % slower than without a capture",
  run: (bench) =>
    compareOurs(bench, MOST_SLOWER, {
      begin: (fabric) => {
        const ended = new AbortController();
        bench.cleanUp(async () => ended.abort());
        void (async () => {
          const wish = { what: { of: "network" }, filter: "", snapLength: 0, withDrops: true } as const;
          for await (const _ of fabric.capture(NET, wish, { signal: ended.signal }));
        })().catch((error: unknown) => bench.say(String(error)));
      },
    }),
};
