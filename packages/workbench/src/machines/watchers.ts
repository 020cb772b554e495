// Waiting until something about a thing holds: looked at again after each of its changes.

export class Watchers {
  readonly #all = new Set<() => void>();

  /** Something changed. */
  wake(): void {
    for (const watcher of [...this.#all]) watcher();
  }

  /** Resolves when `there` holds. Rejects with the signal's reason. */
  async until(there: () => boolean, signal: AbortSignal): Promise<void> {
    while (!there()) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const abort = () => reject(signal.reason as Error);
      this.#all.add(resolve);
      signal.addEventListener("abort", abort, { once: true });
      try {
        await promise;
      } finally {
        this.#all.delete(resolve);
        signal.removeEventListener("abort", abort);
      }
    }
  }
}
