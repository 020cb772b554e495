// The last bytes of a stream, at most `limit`, without copying everything at each write.

export class History {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(bytes: Uint8Array): void {
    const part = bytes.length > this.#limit ? bytes.slice(-this.#limit) : bytes.slice();
    this.#parts.push(part);
    this.#bytes += part.length;
    while (this.#bytes - (this.#parts[0]?.length ?? 0) >= this.#limit) this.#bytes -= this.#parts.shift()?.length ?? 0;
    // Many tiny parts would cost far more than their bytes.
    if (this.#parts.length > 4096) this.#parts = [this.bytes()];
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole.length > this.#limit ? whole.slice(-this.#limit) : whole;
  }
}
