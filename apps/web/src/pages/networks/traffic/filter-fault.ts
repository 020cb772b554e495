// Which word of a filter is wrong: told by its place, or by the word that the problem quotes. Pure.

export interface Fault {
  readonly before: string;
  readonly word: string;
  readonly after: string;
}

const cut = (filter: string, from: number, to: number): Fault => ({
  before: filter.slice(0, from),
  word: filter.slice(from, to),
  after: filter.slice(to),
});

/** A refused filter's problem also has the wrong word's place, in characters. */
export interface FilterProblem {
  readonly message: string;
  readonly detail?: string | undefined;
  readonly from?: unknown;
  readonly to?: unknown;
}

export function faultIn(filter: string, problem: FilterProblem): Fault | undefined {
  const { from: begin, to: end } = problem;
  if (typeof begin === "number" && typeof end === "number" && begin >= 0 && begin < end && end <= filter.length)
    return cut(filter, begin, end);
  const [, from, to] = /(?:^|\D)(\d{1,4})\s*(?:-|–|to)\s*(\d{1,4})(?:\D|$)/.exec(problem.detail ?? "") ?? [];
  if (from !== undefined && to !== undefined && Number(from) < Number(to) && Number(to) <= filter.length)
    return cut(filter, Number(from), Number(to));
  for (const [, quoted = ""] of problem.message.matchAll(/[“"]([^”"]+)[”"]/g)) {
    const at = filter.lastIndexOf(quoted);
    if (quoted !== filter && at >= 0) return cut(filter, at, at + quoted.length);
  }
  return undefined;
}
