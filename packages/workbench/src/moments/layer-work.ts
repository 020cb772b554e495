// Who may work on layers when. One merge at a time, and whatever a person wants comes first: a merge can be cut off at
// any point without loss, so it gives way and is taken up again later.
import type { Clock } from "@mimic/base";

const LOOK_AGAIN_MS = 60_000;

export class LayerWork {
  #now: { readonly concerned: ReadonlySet<string>; readonly abort: AbortController; readonly over: Promise<unknown> } | undefined;
  #holds = 0;
  #later: AbortController | undefined;
  readonly #unwritten = new Map<string, () => Promise<void>>();
  /** The job that merges now. */
  job: string | undefined;
  /** A merge gave way and is still worth doing. */
  unfinished = false;

  /** Somebody is about to name layers, so none may go. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** What finds too little room is tried again after a while: once, however often it is asked for. */
  lookLater(clock: Clock, look: () => Promise<void>): void {
    if (this.#later !== undefined) return;
    this.#later = new AbortController();
    const { signal } = this.#later;
    void clock.sleep(LOOK_AGAIN_MS, { signal }).then(
      () => {
        this.#later = undefined;
        return look();
      },
      () => {},
    );
  }

  /** Nothing is looked at any more. */
  close(): void {
    this.#later?.abort();
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

  /**
   * Records follow what QEMU has done to a running machine's chain; `key` names that. A full disk can keep them from it: then
   * this throws, and it is tried again before anybody works on disks (`settle`).
   */
  async writeDown(key: string, write: () => Promise<void>): Promise<void> {
    this.#unwritten.set(key, write);
    await write();
    this.#unwritten.delete(key);
  }

  /** Records say again what is so. Throws what writing them throws. */
  async settle(): Promise<void> {
    for (const [key, write] of this.#unwritten) await this.writeDown(key, write);
  }

  /** Resolves when no merge touches the machine's files. (One that comes after sees that the machine is busy.) */
  async makeWay(machineId: string): Promise<void> {
    if (this.#now?.concerned.has(machineId)) await this.#cutOff(this.#now);
    await this.settle().catch(() => {});
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
