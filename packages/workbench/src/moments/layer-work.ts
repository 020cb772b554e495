// Who may work on layers when. One merge at a time, and whatever a person wants comes first: a merge can be cut off at
// any point without loss, so it gives way and is taken up again later.
export class LayerWork {
  #now: { readonly concerned: ReadonlySet<string>; readonly abort: AbortController; readonly over: Promise<unknown> } | undefined;
  #holds = 0;
  /** The job that merges now. */
  job: string | undefined;
  /** A merge gave way and is still worth doing. */
  unfinished = false;

  /** Somebody is about to name layers, so none may go. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Runs one merge; `concerned` are the machines whose files it touches. Rejects with `GaveWay` when it had to stop for one of them. */
  async during<T>(concerned: ReadonlySet<string>, signal: AbortSignal, merge: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    const work = merge(AbortSignal.any([signal, abort.signal]));
    this.#now = { concerned, abort, over: work.catch(() => {}) };
    try {
      return await work;
    } finally {
      this.#now = undefined;
    }
  }

  /** Resolves when no merge touches the machine's files. (One that comes after sees that the machine is busy.) */
  async makeWay(machineId: string): Promise<void> {
    if (this.#now?.concerned.has(machineId)) await this.#cutOff(this.#now);
  }

  /** No merge until it is disposed. */
  async hold(): Promise<Disposable> {
    this.#holds++;
    if (this.#now) await this.#cutOff(this.#now);
    return { [Symbol.dispose]: () => void this.#holds-- };
  }

  async #cutOff({ abort, over }: { readonly abort: AbortController; readonly over: Promise<unknown> }): Promise<void> {
    abort.abort(new GaveWay());
    await over;
  }
}

export class GaveWay extends Error {
  constructor() {
    super("something else comes first");
  }
}
