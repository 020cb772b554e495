// A filter's text in words and signs. Addresses are one word (“10.0.0.0/8”, “fe80::1”, “52:54:00:12:34:56”), and so are
// “80-90” and “tcp-syn”; inside [] a colon is a sign, since there it separates place and size.
import { FilterProblem, type Place } from "./problem.ts";

export interface Token extends Place {
  readonly text: string;
  readonly isWord: boolean;
}

const SIGN = /(?:&&|\|\||<<|>>|[<>!=]=|[()[\]:+\-*/&|<>=!])/y;
const WORD_OUTSIDE = /(?:::|[A-Za-z0-9_\\])[A-Za-z0-9_.:\\-]*(?:\/[0-9]+)?/y;
const WORD_INSIDE = /[A-Za-z0-9_]+(?:-[A-Za-z][A-Za-z0-9]*)*/y;

export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] as string)) {
      at++;
      continue;
    }
    const word = matchAt(depth > 0 ? WORD_INSIDE : WORD_OUTSIDE, text, at);
    const found = word ?? matchAt(SIGN, text, at);
    if (found === undefined) {
      throw new FilterProblem({ from: at, to: at + 1 }, `“${text[at]}” has no meaning in a filter.`, "Take it out.");
    }
    if (found === "[") depth++;
    if (found === "]") depth = Math.max(0, depth - 1);
    tokens.push({ text: found, isWord: word !== undefined, from: at, to: at + found.length });
    at += found.length;
  }
  return tokens;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
