// The words of a filter, taken one by one, with places for error messages and a bound on how deep brackets may go.
import { FilterProblem, type Place } from "./problem.ts";
import type { Token } from "./tokens.ts";

const MAX_DEPTH = 40;

export class TokenStream {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], textLength: number) {
    this.#tokens = tokens;
    this.#end = textLength;
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  /** `wanted`, in words: what should stand here when nothing does. */
  take(wanted = "something"): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined)
      throw new FilterProblem(this.here(), `The filter ends too early: ${wanted} is missing ${this.afterWords()}.`, "Complete it.");
    this.#at++;
    return token;
  }

  takeIf(...texts: readonly string[]): Token | undefined {
    const token = this.peek();
    return token !== undefined && texts.includes(token.text) ? this.take() : undefined;
  }

  expect(text: string): Token {
    const token = this.peek();
    if (token?.text === text) return this.take();
    throw new FilterProblem(this.here(), `“${text}” is missing ${this.afterWords()}.`, `Put “${text}” there.`);
  }

  /** Where the next word stands, or the end of the text. */
  here(): Place {
    return this.peek() ?? { from: this.#end, to: this.#end };
  }

  afterWords(): string {
    const before = this.#tokens[this.#at - 1];
    return before === undefined ? "at the beginning" : `behind “${before.text}”`;
  }

  mark(): number {
    return this.#at;
  }
  rewind(mark: number): void {
    this.#at = mark;
  }
  /** Whether a comparison sign stands between the mark and here: then what was tried was a comparison, and its problem is the true one. */
  sawRelation(mark: number): boolean {
    return this.#tokens.slice(mark, this.#at).some((token) => /^([<>]=?|[!=]?=|==)$/.test(token.text));
  }

  /** Held while something inside brackets is read. */
  deeper(): Disposable {
    if (++this.#depth > MAX_DEPTH)
      throw new FilterProblem(this.here(), "Brackets go too deep.", `At most ${MAX_DEPTH} may be inside one another.`);
    return { [Symbol.dispose]: () => this.#depth-- };
  }
}
