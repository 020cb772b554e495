// The sum of all runners: what was tested, what failed, what was left out and why.
export interface Skip {
  readonly name: string;
  readonly reason: string;
}
export interface Tally {
  readonly passed: number;
  readonly failures: readonly string[];
  readonly skips: readonly Skip[];
}

export const emptyTally: Tally = { passed: 0, failures: [], skips: [] };

export function addTallies(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
    failures: tallies.flatMap((tally) => tally.failures),
    skips: tallies.flatMap((tally) => tally.skips),
  };
}

/** The last line of every run. Programs read it, so its form stays. */
export const lastLine = (tally: Tally): string => `${tally.passed} passed, ${tally.failures.length} failed, ${tally.skips.length} skipped`;

/** 0 only when something was tested and nothing failed. */
export const exitCodeOf = (tally: Tally): number => (tally.failures.length === 0 && tally.passed > 0 ? 0 : 1);
