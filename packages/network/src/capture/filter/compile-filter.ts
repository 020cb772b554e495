// Capture filters in the syntax that tcpdump and Wireshark have made common (pcap-filter(7)), a stated subset of it; see
// docs/decisions. The meaning is theirs to the letter: “and” and “or” bind alike, from left to right; a word without
// qualifier takes those of the one before; each “vlan” moves all that stands behind it one tag inwards.
import { parseRelation } from "./arithmetic.ts";
import { KNOWN_WORDS, parsePrimitive, unknownWord } from "./primitives.ts";
import { type BadFilter, badFilter, FilterProblem, MAX_FILTER_LENGTH } from "./problem.ts";
import type { FilterState } from "./state.ts";
import { always, and, not, or, type Test } from "./tests.ts";
import { TokenStream } from "./token-stream.ts";
import { tokensOf } from "./tokens.ts";

/** `length`: of the frame as it was on the wire, when `frame` holds only its beginning. Never throws. */
export type FrameFilter = (frame: Uint8Array, length?: number) => boolean;

/** The empty filter lets everything pass. */
export function compileFilter(text: string): FrameFilter | BadFilter {
  try {
    const test = parseFilter(text);
    return (frame, length = frame.length) => test(frame, length) === 1;
  } catch (error) {
    if (error instanceof FilterProblem) return badFilter(error);
    throw error;
  }
}

function parseFilter(text: string): Test {
  if (text.length > MAX_FILTER_LENGTH) {
    throw new FilterProblem(
      { from: MAX_FILTER_LENGTH, to: text.length },
      `The filter is ${text.length} characters long.`,
      `At most ${MAX_FILTER_LENGTH} are read.`,
    );
  }
  const tokens = new TokenStream(tokensOf(text), text.length);
  if (tokens.peek() === undefined) return always;
  const test = parseTerms(tokens, { shift: 0, last: undefined });
  const rest = tokens.peek();
  if (rest === undefined) return test;
  if (rest.text === ")") throw new FilterProblem(rest, "A “)” closes nothing.", "Take it out, or put a “(” before.");
  if (rest.isWord && /^[a-z]/i.test(rest.text) && !KNOWN_WORDS.includes(rest.text)) throw unknownWord(rest);
  throw new FilterProblem(rest, `“${rest.text}” does not belong ${tokens.afterWords()}.`, "Put “and” or “or” between two conditions.");
}

function parseTerms(tokens: TokenStream, state: FilterState): Test {
  using _depth = tokens.deeper();
  let test = parseTerm(tokens, state);
  for (;;) {
    const joint = tokens.takeIf("and", "&&", "or", "||");
    if (joint === undefined) return test;
    const next = parseTerm(tokens, state);
    test = joint.text === "and" || joint.text === "&&" ? and(test, next) : or(test, next);
  }
}

function parseTerm(tokens: TokenStream, state: FilterState): Test {
  let isNegated = false;
  while (tokens.takeIf("not", "!") !== undefined) isNegated = !isNegated;
  const test = parseUnsigned(tokens, state);
  return isNegated ? not(test) : test;
}

function parseUnsigned(tokens: TokenStream, state: FilterState): Test {
  if (mayBeNumber(tokens, state)) {
    const relation = parseRelation(tokens, state.shift);
    if (relation !== undefined) return relation;
  }
  if (tokens.takeIf("(") === undefined) return parsePrimitive(tokens, state);
  const inner = parseTerms(tokens, state);
  tokens.expect(")");
  return inner;
}

/** “host 10.0.0.1 or 10.0.0.2” and “port 80 or 443” go on with addresses and numbers that are no comparison. */
function mayBeNumber(tokens: TokenStream, state: FilterState): boolean {
  const token = tokens.peek();
  if (token === undefined) return false;
  if (token.text === "(" || token.text === "-" || token.text === "len" || tokens.peek(1)?.text === "[") return true;
  return (
    /^\d/.test(token.text) &&
    (state.last === undefined || /^[-+*/&|<>=!]/.test(tokens.peek(1)?.text ?? "")) &&
    !/^(&&|\|\||!)$/.test(tokens.peek(1)?.text ?? "")
  );
}
