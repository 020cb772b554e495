// What a row of the bench is. One file per row in bench/; bench/rows.ts lists them.

/** One comparison: the same work done by Mimic and by a peer, both measured here and now. */
export interface Row {
  /** As typed after `./mimic bench`. */
  readonly name: string;
  /** What is measured, in a sentence, and what the peer is. */
  readonly what: string;
  readonly unit: "ms" | "MiB" | "%" | "per second" | "Gbit/s";
  /** The bound that was asked for, in words. */
  readonly bound: string;
  /** Says when it cannot be measured here, by throwing CannotMeasure; never answers a remembered figure. */
  run(bench: Bench): Promise<Measured>;
}

export interface Measured {
  readonly ours: Sample;
  /** Absent where the bound is a figure and not a comparison. */
  readonly peer?: Sample;
  readonly holds: boolean;
  /** Further figures that the bound needs, in words. */
  readonly besides?: string;
}

/** A median and how far the middle half of the values lies apart, both in the row's unit. */
export interface Sample {
  readonly median: number;
  readonly spread: number;
  readonly count: number;
}

/** What a row gets: a home of its own and things to be cleaned up, in reverse order. */
export interface Bench {
  /** A fresh MIMIC_HOME, short, removed afterwards. */
  readonly home: string;
  /** Environment for programs of this row: its own home, any free port. */
  readonly env: NodeJS.ProcessEnv;
  readonly say: (words: string) => void;
  readonly cleanUp: (work: () => Promise<unknown>) => void;
}

export class CannotMeasure extends Error {}
