// Lines of JSON out of a byte stream. Used for QMP and for the guest agent, whose bytes are hostile:
// the length of a line and the depth of its JSON are bounded before anything is parsed, and nothing throws.

export type Line = { readonly kind: "line"; readonly text: string } | { readonly kind: "tooLong" };

/**
 * Cuts bytes into lines at "\n". Holds at most `maxBytes`; a longer line is reported once as
 * `tooLong` and skipped up to its end. Empty lines are left out. Bytes that are no UTF-8 become U+FFFD.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #skipping = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(10, from);
      if (end < 0) {
        this.#hold(bytes.subarray(from), lines);
        return lines;
      }
      this.#hold(bytes.subarray(from, end), lines);
      if (!this.#skipping) {
        const text = this.#take().trim();
        if (text !== "") lines.push({ kind: "line", text });
      }
      this.#skipping = false;
      from = end + 1;
    }
  }

  /** Forgets what is held: a new speaker begins. */
  clear(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#skipping = false;
  }

  #hold(part: Uint8Array, lines: Line[]): void {
    if (this.#skipping || part.length === 0) return;
    if (this.#heldBytes + part.length > this.#maxBytes) {
      this.#held = [];
      this.#heldBytes = 0;
      this.#skipping = true;
      lines.push({ kind: "tooLong" });
      return;
    }
    // A copy: the caller's buffer may be reused.
    this.#held.push(part.slice());
    this.#heldBytes += part.length;
  }

  #take(): string {
    const whole = this.#held.length === 1 ? (this.#held[0] as Uint8Array) : join(this.#held, this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    return new TextDecoder().decode(whole);
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export type ParsedJson = { readonly value: unknown } | { readonly malformed: "not_json" | "too_deep" };

/** JSON with bounded nesting. Never throws. */
export function parseJson(text: string, maxDepth: number): ParsedJson {
  if (depthOf(text) > maxDepth) return { malformed: "too_deep" };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { malformed: "not_json" };
  }
}

/** Deepest nesting of brackets outside strings; right for all valid JSON, harmless for the rest. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 92) i++;
      else if (c === 34) inString = false;
    } else if (c === 34) inString = true;
    else if (c === 123 || c === 91) deepest = Math.max(deepest, ++depth);
    else if (c === 125 || c === 93) depth--;
  }
  return deepest;
}

/** A plain object, or undefined for anything else JSON can be. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
