// Time that a test moves by hand, and chance that repeats.
import type { Clock, Random } from "@mimic/base";

export class VirtualClock implements Clock {
  #now: number;
  #wrongByMs = 0;
  readonly #sleepers: { wakeAt: number; wake: () => void }[] = [];
  constructor(startMs = Date.parse("2026-01-01T00:00:00Z")) {
    this.#now = startMs;
  }
  nowMs = () => this.#now + this.#wrongByMs;
  monotonicMs = () => this.#now;
  sleep(ms: number, { signal }: { signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const abort = (): void => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal.reason as Error);
      };
      const wake = (): void => {
        // Otherwise a signal that aborts later would put somebody else's sleep out of the list.
        signal.removeEventListener("abort", abort);
        resolve();
      };
      const sleeper = { wakeAt: this.#now + ms, wake };
      this.#sleepers.push(sleeper);
      signal.addEventListener("abort", abort, { once: true });
    });
  }
  /** Somebody sets the clock: no time passes. */
  jump(ms: number): void {
    this.#wrongByMs += ms;
  }
  /** Moves time on, waking whoever's time has come, in order, and letting what they started settle. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await settle();
      const next = this.#sleepers.filter((sleeper) => sleeper.wakeAt <= until).sort((a, b) => a.wakeAt - b.wakeAt)[0];
      if (!next) break;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.wakeAt);
      next.wake();
    }
    this.#now = until;
    await settle();
  }
}

/** Lets every promise that can go on, go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** Counts up: different each time, the same in each run. */
export function countingRandom(): Random {
  let next = 0;
  return {
    bytes: (count) => {
      const bytes = new Uint8Array(count);
      for (let i = 0; i < count; i++) bytes[i] = (next >> (8 * (i % 4))) & 0xff;
      next++;
      return bytes;
    },
  };
}
