// How much may be on the way: slow start (RFC 5681 §3.1, left when delays grow as in RFC 9406), then CUBIC (RFC 9438). All
// windows in bytes. On a short way the window is also kept near what the way can hold: a queue in a switch helps nobody.

const C = 0.4;
/** Multiplicative decrease (RFC 9438 §4.6). */
const BETA = 0.7;
/**
 * Where nothing queues, a loss is the wire's and not a full queue's (the idea of TCP Veno, IEEE JSAC 21/2, whose share is Reno's): half
 * as much is given up. There is no queue where less than so many segments seem to wait.
 */
const BETA_WITHOUT_QUEUE = 0.85;
const QUEUE_SEGMENTS = 3;
const ALPHA = (3 * (1 - BETA)) / (1 + BETA);
/** RFC 6928. */
const INITIAL_SEGMENTS = 10;
/**
 * What may always be on the way, however short it seems: on a busy computer, ends that are microseconds apart answer in
 * milliseconds. As much as the switch lets wait for a slow guest.
 */
const LEAST_CAP = 2 << 20;

// HyStart++ (RFC 9406 §4.2, §4.3): so many samples tell a round's delay; slow start is slowed down to a quarter for up to five
// rounds while the way seems longer, and only then left: a busy computer's timers make delays that are no queue.
const ROUND_SAMPLES = 8;
const CAREFUL_SHARE = 4;
const CAREFUL_ROUNDS = 5;

export class Congestion {
  window: number;
  threshold = Infinity;
  #mss: number;
  /** In segments, at the last loss. */
  #wMax = 0;
  #k = 0;
  #epochMs: number | undefined;
  #wEstimate = 0;
  #priorWindow = 0;
  // Delivered bytes per millisecond, the most of the last rounds.
  #roundBeganMs = 0;
  #roundBytes = 0;
  #rate = 0;
  // Slow start: least round trip of this round and of the last.
  #lastRoundLeastMs = Infinity;
  #roundLeastMs = Infinity;
  #roundSamples = 0;
  /** Conservative slow start: what the way took when it began, and for how many rounds. */
  #careful: { readonly leastMs: number; rounds: number } | undefined;

  constructor(mss: number) {
    this.#mss = mss;
    this.window = INITIAL_SEGMENTS * mss;
  }

  /** Segments are smaller from now on; as many bytes as before may be on the way. */
  resize(mss: number): void {
    this.#wMax *= this.#mss / mss;
    this.#priorWindow *= this.#mss / mss;
    this.#epochMs = undefined;
    this.#mss = mss;
  }

  get isSlowStart(): boolean {
    return this.window < this.threshold;
  }

  /** No more than that may be on the way, whatever the window says. */
  cap(leastRoundTripMs: number): number {
    if (leastRoundTripMs === Infinity || this.#rate === 0) return Infinity;
    return LEAST_CAP + 2 * this.#rate * leastRoundTripMs;
  }

  /** `bytes` were newly acknowledged; `isLimited`: the window was what held us back. */
  acknowledged(bytes: number, nowMs: number, roundTripMs: number, isLimited: boolean): void {
    this.#measure(bytes, nowMs, roundTripMs);
    if (!isLimited) return;
    const grown = this.#careful ? bytes / CAREFUL_SHARE : bytes;
    if (this.isSlowStart) this.window = Math.min(this.window + grown, Math.max(this.threshold, this.window));
    else this.#cubic(bytes, nowMs, roundTripMs);
  }

  #measure(bytes: number, nowMs: number, roundTripMs: number): void {
    this.#roundBytes += bytes;
    this.#roundLeastMs = Math.min(this.#roundLeastMs, roundTripMs);
    this.#roundSamples++;
    const took = nowMs - this.#roundBeganMs;
    if (took < Math.max(roundTripMs, 1)) return;
    if (took < 4 * Math.max(roundTripMs, 1)) this.#rate = Math.max(this.#roundBytes / took, this.#rate * 0.98);
    if (this.isSlowStart && this.#roundSamples >= ROUND_SAMPLES) this.#judgeDelay();
    this.#lastRoundLeastMs = this.#roundLeastMs;
    this.#roundLeastMs = Infinity;
    this.#roundBeganMs = nowMs;
    this.#roundBytes = 0;
    this.#roundSamples = 0;
  }

  /** Has the way become longer by our own queue? */
  #judgeDelay(): void {
    if (this.#careful === undefined) {
      const grown = Math.min(16, Math.max(4, this.#lastRoundLeastMs / 8));
      if (this.#roundLeastMs >= this.#lastRoundLeastMs + grown) this.#careful = { leastMs: this.#roundLeastMs, rounds: 0 };
    } else if (this.#roundLeastMs < this.#careful.leastMs) this.#careful = undefined;
    else if (++this.#careful.rounds >= CAREFUL_ROUNDS) this.threshold = this.window;
  }

  /** RFC 9438 §4.2 to §4.5. */
  #cubic(bytes: number, nowMs: number, roundTripMs: number): void {
    const window = this.window / this.#mss;
    if (this.#epochMs === undefined) this.#beginEpoch(nowMs, window);
    const t = (nowMs - (this.#epochMs ?? nowMs)) / 1000;
    const segments = bytes / this.#mss;
    const alpha = this.#wEstimate < this.#priorWindow ? ALPHA : 1;
    this.#wEstimate += (alpha * segments) / window;
    const cubic = (seconds: number): number => C * (seconds - this.#k) ** 3 + this.#wMax;
    if (cubic(t) < this.#wEstimate) {
      this.window = Math.max(window, this.#wEstimate) * this.#mss;
      return;
    }
    const target = Math.min(1.5 * window, Math.max(window, cubic(t + roundTripMs / 1000)));
    this.window += ((target - window) / window) * bytes;
  }

  #beginEpoch(nowMs: number, window: number): void {
    this.#epochMs = nowMs;
    if (window >= this.#wMax) {
      this.#wMax = window;
      this.#k = 0;
    } else {
      this.#k = Math.cbrt((this.#wMax - window) / C);
    }
    this.#wEstimate = window;
  }

  /** Of a window as this one, what seems to wait in the way's queues: more than a few segments. */
  isQueueing(roundTripMs: number | undefined, leastMs: number): boolean {
    if (roundTripMs === undefined) return true;
    return (this.window / this.#mss) * (1 - leastMs / roundTripMs) >= QUEUE_SEGMENTS;
  }

  /** A segment was lost; `onTheWay` bytes were out (RFC 9438 §4.6, §4.7). */
  lost(onTheWay: number, isQueueing = true): void {
    const window = Math.min(this.window, Math.max(onTheWay, 2 * this.#mss)) / this.#mss;
    this.#wMax = window < this.#wMax ? (window * (1 + BETA)) / 2 : window;
    this.#priorWindow = window;
    this.#epochMs = undefined;
    this.threshold = Math.max(window * (isQueueing ? BETA : BETA_WITHOUT_QUEUE), 2) * this.#mss;
    this.window = this.threshold;
  }

  /** Nothing came back for a whole timeout (RFC 5681 (4), RFC 9438 §4.8). */
  timedOut(onTheWay: number, isFirst: boolean): void {
    if (isFirst) this.lost(onTheWay);
    // What the way held before says nothing any more: the next avoidance begins from where slow start ends.
    this.#wMax = 0;
    this.window = this.#mss;
  }

  /** After a pause of more than a timeout the way may have changed (RFC 5681 §4.1). */
  restart(): void {
    this.window = Math.min(this.window, INITIAL_SEGMENTS * this.#mss);
    this.#epochMs = undefined;
  }
}
