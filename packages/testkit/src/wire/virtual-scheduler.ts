// Timers that a test moves by hand: what is due runs in order, as fast as the computer can.

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

export class VirtualScheduler {
  #nowMs = 0;
  #order = 0;
  #soon: (() => void)[] = [];
  readonly #waiting = new Set<Waiting>();

  monotonicMs = (): number => this.#nowMs;

  start = (ms: number, wake: () => void): { cancel(): void } => {
    const waiting = { atMs: this.#nowMs + ms, order: this.#order++, wake };
    this.#waiting.add(waiting);
    return { cancel: () => this.#waiting.delete(waiting) };
  };

  soon = (work: () => void): void => {
    this.#soon.push(work);
  };

  /** Runs what is due within `ms`, and stops early once `isDone`. Answers whether it was done. */
  run(ms: number, isDone: () => boolean = () => false): boolean {
    const endMs = this.#nowMs + ms;
    for (;;) {
      this.#runSoon();
      if (isDone()) return true;
      const next = this.#first();
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = endMs;
        return false;
      }
      this.#waiting.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
  }

  #runSoon(): void {
    while (this.#soon.length > 0) {
      const works = this.#soon;
      this.#soon = [];
      for (const work of works) work();
    }
  }

  #first(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (!first || waiting.atMs < first.atMs || (waiting.atMs === first.atMs && waiting.order < first.order)) first = waiting;
    }
    return first;
  }
}
