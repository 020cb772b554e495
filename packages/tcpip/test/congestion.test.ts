// How the window of what may be on the way moves: slow start (RFC 5681 §3.1), CUBIC (RFC 9438) against its own formulas, and the
// timeout between them.
import { describe, expect, test } from "vitest";
import { Congestion } from "../src/tcp/congestion.ts";

const MSS = 1000;
const C = 0.4;
const BETA = 0.7;
const ALPHA = (3 * (1 - BETA)) / (1 + BETA);

/** In avoidance, with a window of so many segments just before the loss. */
function afterLossAt(segments: number): Congestion {
  const congestion = new Congestion(MSS);
  congestion.window = segments * MSS;
  congestion.lost(segments * MSS);
  return congestion;
}

/** A whole window is acknowledged each round, segment by segment, evenly over the round. Answers the window in segments after each. */
function rounds(
  congestion: Congestion,
  { count, roundTripMs, fromMs = 0 }: { count: number; roundTripMs: number; fromMs?: number },
): number[] {
  const windows: number[] = [];
  for (let round = 0; round < count; round++) {
    const segments = Math.floor(congestion.window / MSS);
    for (let i = 0; i < segments; i++) {
      congestion.acknowledged(MSS, fromMs + roundTripMs * (round + i / segments), roundTripMs, true);
    }
    windows.push(congestion.window / MSS);
  }
  return windows;
}

/** Equation 1, seconds after the epoch began, whose window was `begin`. */
const wCubic = (seconds: number, wMax: number, begin: number): number => C * (seconds - Math.cbrt((wMax - begin) / C)) ** 3 + wMax;

describe("slow start", () => {
  test("begins with ten segments (RFC 6928) and doubles each round", () => {
    const congestion = new Congestion(MSS);
    expect(congestion.window).toBe(10 * MSS);
    expect(congestion.isSlowStart).toBe(true);
    expect(rounds(congestion, { count: 4, roundTripMs: 50 })).toEqual([20, 40, 80, 160]);
  });

  test("gains by bytes: an acknowledgement in pieces brings no more than one for all (RFC 3465 §2.1)", () => {
    const congestion = new Congestion(MSS);
    for (let i = 0; i < 100; i++) congestion.acknowledged(MSS / 100, i, 50, true);
    expect(congestion.window).toBeCloseTo(11 * MSS, 6);
  });

  test("does not grow while something else than the window holds back (RFC 7661's reason, RFC 9438 §5.8)", () => {
    const congestion = new Congestion(MSS);
    for (let i = 0; i < 100; i++) congestion.acknowledged(MSS, i, 50, false);
    expect(congestion.window).toBe(10 * MSS);
  });

  test("ends exactly at the threshold", () => {
    const congestion = afterLossAt(100);
    congestion.timedOut(0, false);
    expect(congestion.window).toBe(MSS);
    expect(rounds(congestion, { count: 6, roundTripMs: 50 })).toEqual([2, 4, 8, 16, 32, 64]);
    congestion.acknowledged(40 * MSS, 400, 50, true);
    expect(congestion.window).toBe(70 * MSS);
    expect(congestion.isSlowStart).toBe(false);
  });

  test("is left when the way grows longer by our own queue, and not for a single late answer (RFC 9406)", () => {
    const steady = new Congestion(MSS);
    const queueing = new Congestion(MSS);
    const run = (congestion: Congestion, roundTripOf: (round: number, sample: number) => number): void => {
      for (let round = 0, nowMs = 0; round < 12; round++) {
        const lasts = roundTripOf(round, 0);
        for (let i = 0; i < 20; i++) congestion.acknowledged(MSS, nowMs + (i * lasts) / 20, roundTripOf(round, i), true);
        nowMs += lasts;
      }
    };
    run(steady, (round, sample) => (round === 4 && sample === 7 ? 300 : 50));
    run(queueing, (round) => 50 + 20 * round);
    expect(steady.isSlowStart).toBe(true);
    expect(queueing.isSlowStart).toBe(false);
  });
});

describe("a loss", () => {
  test("shrinks the window to seven tenths of what was on the way, and not below two segments (RFC 9438 §4.6)", () => {
    expect(afterLossAt(100).window).toBeCloseTo(70 * MSS, 6);
    expect(afterLossAt(2).window).toBe(2 * MSS);
    const idle = new Congestion(MSS);
    idle.window = 100 * MSS;
    idle.lost(40 * MSS);
    expect([idle.window, idle.threshold]).toEqual([28 * MSS, 28 * MSS]);
  });

  test("by timeout leaves one segment, and only the first of a row moves the threshold (RFC 5681 §3.1)", () => {
    const congestion = new Congestion(MSS);
    congestion.window = 100 * MSS;
    congestion.timedOut(100 * MSS, true);
    expect([congestion.window, congestion.threshold]).toEqual([MSS, 70 * MSS]);
    congestion.timedOut(MSS, false);
    expect([congestion.window, congestion.threshold]).toEqual([MSS, 70 * MSS]);
  });
});

describe("CUBIC (RFC 9438)", () => {
  test("grows as equation 1 says: fast at first, hardly near the last loss's window, then fast again", () => {
    const [wMax, roundTripMs] = [1000, 100];
    const congestion = afterLossAt(wMax);
    const begin = congestion.window / MSS;
    const windows = rounds(congestion, { count: 160, roundTripMs });
    const k = Math.cbrt((wMax - begin) / C);
    for (const [round, window] of windows.entries()) {
      // At the end of a round the window is where the curve is one round later: each round works towards that.
      const at = ((round + 1) * roundTripMs) / 1000;
      const [before, after] = [wCubic(at - roundTripMs / 1000, wMax, begin), wCubic(at + roundTripMs / 1000, wMax, begin)];
      if (at > k + 3) break;
      expect(window).toBeGreaterThanOrEqual(Math.min(before, after) - 1);
      expect(window).toBeLessThanOrEqual(Math.max(before, after) + 1);
    }
    const atK = windows[Math.round((k * 1000) / roundTripMs) - 1] as number;
    expect(Math.abs(atK - wMax)).toBeLessThan(wMax / 500);
    const grownIn = (fromS: number, toS: number): number => (windows[toS * 10] as number) - (windows[fromS * 10] as number);
    expect(grownIn(0, 2)).toBeGreaterThan(20 * grownIn(8, 10));
    expect(grownIn(12, 14)).toBeGreaterThan(5 * grownIn(8, 10));
  });

  test("depends on the time since the loss and not on how long the way is", () => {
    const near = rounds(afterLossAt(1000), { count: 250, roundTripMs: 20 }).at(-1) as number;
    const far = rounds(afterLossAt(1000), { count: 25, roundTripMs: 200 }).at(-1) as number;
    expect(Math.abs(near - far) / near).toBeLessThan(0.02);
  });

  test("on short ways is as fast as Reno would be with the same loss, and no slower (§4.3)", () => {
    const congestion = afterLossAt(100);
    // Below the last window α, above it one segment a round.
    let [estimate, isSlower] = [70, 0];
    for (const window of rounds(congestion, { count: 120, roundTripMs: 1 })) {
      estimate += estimate < 100 ? ALPHA : 1;
      if (window < estimate - 1.5) isSlower++;
      expect(window).toBeLessThan(estimate + 1.5);
    }
    expect(isSlower).toBe(0);
  });

  test("makes room for newcomers: a loss below the last one's window counts as one lower still (§4.7)", () => {
    const congestion = afterLossAt(1000);
    // Lost again at 800, before it was back at 1000: the plateau is at 800·(1 + β)/2 = 680.
    congestion.window = 800 * MSS;
    congestion.lost(800 * MSS);
    const begin = 560;
    expect(congestion.window / MSS).toBeCloseTo(begin, 6);
    const k = Math.cbrt((680 - begin) / C);
    const windows = rounds(congestion, { count: Math.round(k * 10), roundTripMs: 100 });
    expect(Math.abs((windows.at(-1) as number) - 680)).toBeLessThan(3);
  });

  test("keeps the whole window as plateau when it was lost above the last one", () => {
    const congestion = afterLossAt(500);
    congestion.window = 800 * MSS;
    congestion.lost(800 * MSS);
    const k = Math.cbrt((800 - 560) / C);
    const windows = rounds(congestion, { count: Math.round(k * 10), roundTripMs: 100 });
    expect(Math.abs((windows.at(-1) as number) - 800)).toBeLessThan(3);
  });

  test("after a timeout begins from where slow start ends, with no plateau above (§4.8)", () => {
    const congestion = new Congestion(MSS);
    congestion.window = 1000 * MSS;
    congestion.timedOut(1000 * MSS, true);
    congestion.window = congestion.threshold;
    const [wMax, roundTripMs] = [700, 100];
    const windows = rounds(congestion, { count: 50, roundTripMs });
    // K = 0: the curve's convex half from the first moment on, or Reno's line where that is steeper.
    for (const seconds of [1, 2, 5]) {
      const expected = Math.max(wCubic(seconds, wMax, wMax), wMax + (ALPHA * seconds * 1000) / roundTripMs);
      expect(Math.abs((windows[seconds * 10 - 1] as number) - expected)).toBeLessThan(8);
    }
  });

  test("never grows by more than half a window in a round (§4.4)", () => {
    const congestion = afterLossAt(20);
    congestion.acknowledged(MSS, 0, 100, true);
    const before = congestion.window;
    // Long silence: the curve is far above by now.
    congestion.acknowledged(before, 600_000, 100, true);
    expect(congestion.window).toBeCloseTo(1.5 * before, 3);
  });
});

test("after a pause at most ten segments leave at once (RFC 5681 §4.1)", () => {
  const congestion = new Congestion(MSS);
  congestion.window = 500 * MSS;
  congestion.restart();
  expect(congestion.window).toBe(10 * MSS);
  congestion.window = 3 * MSS;
  congestion.restart();
  expect(congestion.window).toBe(3 * MSS);
});

describe("a loss where nothing queues", () => {
  test("is told by how little longer the way takes than it can, for the window that there is", () => {
    const congestion = new Congestion(MSS);
    congestion.window = 20 * MSS;
    expect([50, 55, 58.7, 59, 100].map((ms) => congestion.isQueueing(ms, 50))).toEqual([false, false, false, true, true]);
    congestion.window = 200 * MSS;
    expect(congestion.isQueueing(51, 50)).toBe(true);
    // Nothing is known yet.
    expect(congestion.isQueueing(undefined, Infinity)).toBe(true);
  });

  test("takes half as much of the window as where something does (TCP Veno’s idea; RFC 9438 §4.6)", () => {
    for (const [isQueueing, left] of [
      [false, 8.5],
      [true, 7],
    ] as const) {
      const congestion = new Congestion(MSS);
      congestion.window = 10 * MSS;
      congestion.lost(10 * MSS, isQueueing);
      expect([congestion.window, congestion.threshold].map(Math.round)).toEqual([left * MSS, left * MSS]);
    }
  });
});
