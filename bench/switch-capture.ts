// What a capture costs those who are captured, and how much of them it holds: everything on the network, whole frames, read as
// fast as it comes.
import { CaptureReader } from "@mimic/network";
import type { SwitchFabric } from "@mimic/workbench/ports";
import type { Bench, Row } from "./framework/row.ts";
import { compareOurs, NET } from "./network/kit.ts";

const MOST_SLOWER = 0.1;

export const switchCapture: Row = {
  name: "switch-capture",
  what: "Frames of 1500 bytes, one write each, two ports, while a capture of the whole network is on; the peer is our own switch without one, and the C relay runs in the same rounds.",
  unit: "per second",
  bound: "at most 10 % slower than without a capture",
  run: (bench) => compareOurs(bench, MOST_SLOWER, { begin: (fabric) => beginCapture(bench, fabric) }),
};

/** Carrying comes before capturing, so the rate alone would look as well with an empty capture. */
function beginCapture(bench: Bench, fabric: SwitchFabric): () => string {
  const ended = new AbortController();
  bench.cleanUp(async () => ended.abort());
  const frames = { captured: 0, missing: 0, untilLastGap: 0 };
  void (async () => {
    const wish = { what: { of: "network" }, filter: "", snapLength: 0, withDrops: true } as const;
    const reader = new CaptureReader();
    for await (const bytes of fabric.capture(NET, wish, { signal: ended.signal })) {
      for (const item of reader.push(bytes)) {
        if (item.kind === "malformed") throw new Error(`the capture is ${item.malformed} at byte ${item.at}`);
        if (item.kind !== "packet") continue;
        if (item.lost > 0) {
          frames.missing += item.lost;
          frames.untilLastGap = frames.captured;
        }
        frames.captured++;
      }
    }
  })().catch((error: unknown) => bench.say(String(error)));
  return () => captureShare(frames);
}

/** A gap is told by the frame behind it (epb_dropcount), so what came since the last one is left out: how much it lacks is not known. */
function captureShare({ captured, missing, untilLastGap }: Record<"captured" | "missing" | "untilLastGap", number>): string {
  if (captured === 0) throw new Error("the capture holds no frame");
  const held = missing === 0 ? captured : untilLastGap;
  return `the capture holds ${((100 * held) / (held + missing)).toFixed(1)} % of the frames`;
}
