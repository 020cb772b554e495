// Time as the endpoint knows it. Given from outside, so that tests move it by hand.

export interface Timer {
  cancel(): void;
}

export interface Scheduler {
  /** Milliseconds that never go back; fractions count. */
  monotonicMs(): number;
  /** Calls once, in `ms` or a little later. */
  start(ms: number, wake: () => void): Timer;
  /** Calls as soon as what runs now has returned. */
  soon(work: () => void): void;
}
