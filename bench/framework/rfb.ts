// The least of a viewer (RFC 6143): enough to press a key and see that pixels changed. Over any duplex stream, so that
// the same viewer looks directly and through Mimic.
import { once } from "node:events";
import type { Duplex } from "node:stream";

const RAW = 0;

export class Viewer implements Disposable {
  readonly #stream: Duplex;
  #held = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #size = { width: 0, height: 0 };

  private constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", (bytes: Buffer) => {
      this.#held = Buffer.concat([this.#held, bytes]);
      this.#wake?.();
    });
  }

  static async open(stream: Duplex): Promise<Viewer> {
    const viewer = new Viewer(stream);
    await viewer.#greet();
    return viewer;
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  async #greet(): Promise<void> {
    await this.#take(12);
    this.#stream.write("RFB 003.008\n");
    const count = (await this.#take(1))[0] ?? 0;
    await this.#take(count);
    this.#stream.write(Uint8Array.of(1));
    await this.#take(4);
    this.#stream.write(Uint8Array.of(1));
    const init = await this.#take(24);
    this.#size = { width: init.readUInt16BE(0), height: init.readUInt16BE(2) };
    await this.#take(init.readUInt32BE(20));
    this.#stream.write(Uint8Array.of(2, 0, 0, 1, 0, 0, 0, RAW));
    this.#ask(false);
    await this.#update();
    this.#ask(true);
  }

  #ask(isIncremental: boolean): void {
    const request = Buffer.alloc(10);
    request[0] = 3;
    request[1] = isIncremental ? 1 : 0;
    request.writeUInt16BE(this.#size.width, 6);
    request.writeUInt16BE(this.#size.height, 8);
    this.#stream.write(request);
  }

  /** The time in ms from a key (an X11 keysym) going down until pixels come that changed. Something else may not change them meanwhile. */
  async press(keysym: number): Promise<number> {
    const began = performance.now();
    for (const down of [1, 0]) {
      const key = Buffer.alloc(8);
      key[0] = 4;
      key[1] = down;
      key.writeUInt32BE(keysym, 4);
      this.#stream.write(key);
    }
    while ((await this.#update()) === 0) this.#ask(true);
    const took = performance.now() - began;
    this.#ask(true);
    return took;
  }

  /** Reads on until nothing changed for so long. */
  async settle(quietMs: number): Promise<void> {
    for (;;) {
      const timeout = AbortSignal.timeout(quietMs);
      if (this.#held.length === 0) {
        await Promise.race([once(this.#stream, "data", { signal: timeout }).catch(() => {}), once(timeout, "abort")]);
        if (this.#held.length === 0) return;
      }
      await this.#update();
      this.#ask(true);
    }
  }

  /** One update; answers how many pixels it brought. */
  async #update(): Promise<number> {
    for (;;) {
      const type = (await this.#take(1))[0];
      if (type === 2) continue;
      if (type === 3) {
        await this.#take((await this.#take(7)).readUInt32BE(3));
        continue;
      }
      if (type !== 0) throw new Error(`the screen sent an unknown message ${type}`);
      let pixels = 0;
      for (let left = (await this.#take(3)).readUInt16BE(1); left > 0; left--) {
        const head = await this.#take(12);
        const area = head.readUInt16BE(4) * head.readUInt16BE(6);
        if (head.readInt32BE(8) !== RAW) throw new Error("the screen sent an encoding that was not asked for");
        await this.#take(area * 4);
        pixels += area;
      }
      return pixels;
    }
  }

  async #take(count: number): Promise<Buffer> {
    while (this.#held.length < count) {
      if (this.#stream.destroyed || this.#stream.readableEnded) throw new Error("the screen's connection ended");
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#stream.once("close", resolve);
      await promise;
      this.#stream.off("close", resolve);
    }
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }
}
