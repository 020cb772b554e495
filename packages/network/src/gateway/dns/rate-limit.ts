// A bucket of tokens per machine: so many questions a second, with a burst. Bounded in machines too.

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

const MOST_BUCKETS = 4096;

export class RateLimit {
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();
  readonly #rate: Rate;
  constructor(rate: Rate) {
    this.#rate = rate;
  }
  /** Takes one token; false when there is none. */
  take(key: string, nowMs: number): boolean {
    const { perSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MOST_BUCKETS) break;
      this.#buckets.delete(oldest);
    }
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}
