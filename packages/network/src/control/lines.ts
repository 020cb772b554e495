// Cuts a byte stream into lines, with a bound. What follows the first line of a connection may be other bytes, so the rest can
// be taken out.

export class LineReader {
  readonly #most: number;
  readonly #decoder = new TextDecoder();
  #held: Uint8Array[] = [];
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whole lines that these bytes complete; undefined = a line is longer than allowed. */
  push(bytes: Uint8Array): string[] | undefined {
    const lines: string[] = [];
    let rest = bytes;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      lines.push(this.#decoder.decode(this.#join(rest.subarray(0, end))));
      this.#held = [];
      this.#size = 0;
      rest = rest.subarray(end + 1);
    }
    if (this.#size + rest.length > this.#most) return undefined;
    if (rest.length > 0) this.#held.push(rest.slice());
    this.#size += rest.length;
    return lines;
  }

  #join(last: Uint8Array): Uint8Array {
    if (this.#held.length === 0) return last;
    const whole = new Uint8Array(this.#size + last.length);
    let at = 0;
    for (const part of [...this.#held, last]) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

/** The first line of a connection, and what came behind it. */
export class FirstLine {
  readonly #most: number;
  #held = new Uint8Array();

  constructor(most: number) {
    this.#most = most;
  }

  /** Undefined = not whole yet; “too long” = it will not be read. */
  push(bytes: Uint8Array): { readonly line: string; readonly rest: Uint8Array } | "too long" | undefined {
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    this.#held = all;
    const end = all.indexOf(10);
    if (end < 0) return all.length > this.#most ? "too long" : undefined;
    return { line: new TextDecoder().decode(all.subarray(0, end)), rest: all.slice(end + 1) };
  }
}

/** Undefined = no JSON. */
export function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
