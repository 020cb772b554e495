// Measured round trip times and the retransmission timeout (RFC 6298).

/** RFC 6298 (2.4) says one second; hosts of today wait 200 ms, and so do we. */
const LEAST_MS = 200;
const MOST_MS = 60_000;
const FIRST_MS = 1000;
/** (5.7). */
const AFTER_LOST_SYN_MS = 3000;
/** Clock granularity G. */
const GRANULARITY_MS = 1;

export class RoundTrip {
  /** Undefined until the first sample. */
  smoothedMs: number | undefined;
  #variationMs = 0;
  #timeoutMs = FIRST_MS;
  #backoff = 1;
  /** The least that was ever measured: how long the way is when nobody queues. */
  leastMs = Infinity;

  get timeoutMs(): number {
    return Math.min(this.#timeoutMs * this.#backoff, MOST_MS);
  }

  sample(ms: number): void {
    this.leastMs = Math.min(this.leastMs, ms);
    if (this.smoothedMs === undefined) {
      this.smoothedMs = ms;
      this.#variationMs = ms / 2;
    } else {
      this.#variationMs += (Math.abs(this.smoothedMs - ms) - this.#variationMs) / 4;
      this.smoothedMs += (ms - this.smoothedMs) / 8;
    }
    // Karn's other half: only what was measured ends the backing off. An acknowledgement of what was sent twice says nothing of how
    // long the way is, and a way that is longer than the timeout would never be measured.
    this.#backoff = 1;
    this.#timeoutMs = Math.max(LEAST_MS, this.smoothedMs + Math.max(GRANULARITY_MS, 4 * this.#variationMs));
  }

  /** (5.5). */
  backOff(): void {
    this.#backoff = Math.min(this.#backoff * 2, 64);
  }

  /** The handshake is over, and nothing could be measured, since it took more than one SYN. */
  begin(): void {
    if (this.smoothedMs !== undefined) return;
    this.#backoff = 1;
    this.#timeoutMs = AFTER_LOST_SYN_MS;
  }
}
