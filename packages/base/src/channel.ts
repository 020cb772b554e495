// Bounded hand-over from callbacks to `for await`. When the reader is too slow the oldest items
// are dropped and the reader is told how many: memory never grows with a slow reader.

export interface Lagged {
  readonly kind: "stream.lagged";
  readonly dropped: number;
}

export class Channel<T> implements AsyncIterable<T | Lagged>, Disposable {
  readonly #items: T[] = [];
  readonly #limit: number;
  #dropped = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(item: T): void {
    if (this.#closed) return;
    if (this.#items.length >= this.#limit) {
      this.#items.shift();
      this.#dropped++;
    }
    this.#items.push(item);
    this.#wake?.();
  }

  /** Ends the iteration after what is already held was read. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T | Lagged, void, void> {
    for (;;) {
      if (this.#dropped > 0) {
        const dropped = this.#dropped;
        this.#dropped = 0;
        yield { kind: "stream.lagged", dropped };
      }
      const item = this.#items.shift();
      if (item !== undefined) {
        yield item;
        continue;
      }
      if (this.#closed) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
  }
}

/** Calls `fn` on abort; dispose to stop listening. Long-lived signals would otherwise collect listeners. */
export function onAbort(signal: AbortSignal, fn: () => void): Disposable {
  if (signal.aborted) fn();
  else signal.addEventListener("abort", fn, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", fn) };
}
