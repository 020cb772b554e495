// Where several wait for each other: everybody goes on when the last one has come, or fails when one does.

export class Barrier {
  readonly #count: number;
  readonly #all = Promise.withResolvers<void>();
  #come = 0;

  constructor(count: number) {
    this.#count = count;
    this.#all.promise.catch(() => {});
  }

  /** Rejects with what `fail` was told, or with the signal's reason; then nobody else gets through either. */
  async arrive(signal: AbortSignal): Promise<void> {
    this.#come++;
    if (this.#come === this.#count) this.#all.resolve();
    const abort = () => this.#all.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      await this.#all.promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** One will never come. Does nothing once everybody has gone on. */
  fail(error: unknown): void {
    this.#all.reject(error);
  }
}
