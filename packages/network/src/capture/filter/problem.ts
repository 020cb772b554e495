// What is wrong with a filter, and at which word. Thrown inside the compiler only; `compileFilter` answers it as a value.
import { plain, type Refusal, refusal } from "@mimic/base";

/** Longer filters are refused before they are read. */
export const MAX_FILTER_LENGTH = 2000;

/** `from` and `to`: the wrong word's place in the text that was given, in characters, for marking it. */
export interface BadFilter extends Refusal {
  readonly from: number;
  readonly to: number;
}

export interface Place {
  readonly from: number;
  readonly to: number;
}

export class FilterProblem extends Error {
  readonly place: Place;
  readonly hint: string;
  constructor(place: Place, why: string, hint: string) {
    super(why);
    this.place = place;
    this.hint = hint;
  }
}

export function badFilter(problem: FilterProblem): BadFilter {
  return { ...refusal("capture.bad_filter", plain(problem.message, 300), plain(problem.hint, 300)), ...problem.place };
}

/** The known word that differs least, if it differs little. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = 3;
  for (const candidate of known) {
    const distance = editDistance(word.slice(0, 20), candidate, least);
    if (distance < least && distance < Math.max(candidate.length, word.length) / 2 + 0.5) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
