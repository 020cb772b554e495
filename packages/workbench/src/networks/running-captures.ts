// Who looks at what passes on which network, now. A capture may hold secrets, so that one runs is shown at every door (threat N9).
import type { CaptureView } from "@mimic/model";

export class RunningCaptures {
  readonly #running = new Map<string, Set<CaptureView>>();
  readonly #changed: (network: string) => void;

  /** `changed`: one begins or ends on this network. */
  constructor(changed: (network: string) => void) {
    this.#changed = changed;
  }

  of(network: string): readonly CaptureView[] {
    return [...(this.#running.get(network) ?? [])];
  }

  /** Shown while it is read; it ends when its reader goes, however that comes about. */
  async *show(network: string, capture: CaptureView, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    const running = this.#running.get(network) ?? new Set();
    this.#running.set(network, running.add(capture));
    this.#changed(network);
    try {
      yield* bytes;
    } finally {
      running.delete(capture);
      if (running.size === 0) this.#running.delete(network);
      this.#changed(network);
    }
  }
}
