// When an endpoint does things. What comes in at once is a batch: it has one time, and what it leads to is sent when it ends.
// What is asked for outside of batches is sent soon; and of all that falls due, only the next wakes us, by one timer.
import type { RunWriter } from "./run-writer.ts";
import type { Scheduler, Timer } from "./scheduler.ts";
import type { TimerQueue } from "./timer-queue.ts";

export interface BatchParts {
  readonly scheduler: Scheduler;
  readonly writer: RunWriter;
  readonly timers: TimerQueue;
  /** Looks after what the batch has touched, and tells owners. */
  readonly settle: () => void;
}

export class Batches {
  readonly #scheduler: Scheduler;
  readonly #writer: RunWriter;
  readonly #timers: TimerQueue;
  readonly #settle: () => void;
  /** Of the present batch, or the last one. */
  now = 0;
  #isNowKnown = false;
  #isOpen = false;
  #isWoken = false;
  #isClosed = false;
  #timer: { readonly atMs: number; readonly timer: Timer } | undefined;

  constructor({ scheduler, writer, timers, settle }: BatchParts) {
    this.#scheduler = scheduler;
    this.#writer = writer;
    this.#timers = timers;
    this.#settle = settle;
  }

  /** Of what happens now: the same for all frames of a batch. */
  nowMs(): number {
    return this.#isNowKnown ? this.now : this.#scheduler.monotonicMs();
  }

  /** Something comes in. Until `end`, what is written is held. */
  begin(): void {
    if (!this.#isOpen) this.#open();
  }

  #open(): void {
    this.now = this.#scheduler.monotonicMs();
    this.#isNowKnown = true;
    this.#isOpen = true;
    this.#writer.isHeld = true;
  }

  end(): void {
    if (this.#isClosed) return;
    if (!this.#isNowKnown) this.#open();
    this.#writer.isHeld = false;
    this.#isOpen = true;
    try {
      this.#settle();
    } finally {
      // Also when an owner's handler threw.
      this.#isOpen = false;
      this.#writer.flush();
      this.#isNowKnown = false;
      this.#armTimer();
    }
  }

  /** Outside of a batch, what was written is sent soon. */
  send(write: () => void): void {
    if (this.#isClosed) return;
    write();
    this.wake();
  }

  wake(): void {
    if (this.#isOpen || this.#isWoken || this.#isClosed) return;
    this.#isWoken = true;
    this.#scheduler.soon(() => {
      this.#isWoken = false;
      if (!this.#isOpen) this.end();
    });
  }

  /** Nothing is taken or sent any more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.timer.cancel();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  #armTimer(): void {
    const next = this.#timers.nextMs;
    // Waking too early is cheap, setting a timer for each packet is not.
    if (this.#isClosed || (this.#timer && this.#timer.atMs <= next)) return;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (next === Infinity) return;
    const timer = this.#scheduler.start(Math.max(0, next - this.now), () => this.#onTimer());
    this.#timer = { atMs: next, timer };
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (this.#isClosed) return;
    this.#open();
    this.#writer.isHeld = false;
    this.#timers.run(this.now);
    this.end();
  }
}
