// What a viewer sends, as a stream: the viewer is asked to wait while much is waiting here.
import type { Viewer } from "./viewer.ts";

const WAITING_BYTES = 256 * 1024;

/** What the viewer types, until its end; the viewer is asked to wait while 256 KiB wait here. */
export class Input implements AsyncIterable<Uint8Array> {
  readonly #viewer: Viewer;
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #wake = () => {};

  constructor(viewer: Viewer) {
    this.#viewer = viewer;
    viewer.gone.addEventListener("abort", () => this.end(), { once: true });
  }

  push(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > WAITING_BYTES) this.#viewer.pause();
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) {
        this.#bytes -= bytes.length;
        if (this.#bytes <= WAITING_BYTES / 2) this.#viewer.resume();
        yield bytes;
        continue;
      }
      if (this.#ended) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}
