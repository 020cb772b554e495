/** A value that does not show itself: not in logs, not in JSON, not in an inspector. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The only way to the value; search for this word to find every use. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return "•••";
  }
  toJSON(): string {
    return "•••";
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "•••";
  }
}
