// What everything below the daemon needs from the outside, as narrow interfaces.
// House rule: no Date.now(), setTimeout or Math.random() outside adapters.

export interface Clock {
  /** Milliseconds since 1970, may jump. For stamps that people read. */
  nowMs(): number;
  /** Milliseconds that never go back. For durations and time limits. */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with `signal.reason`. */
  sleep(ms: number, options: { signal: AbortSignal }): Promise<void>;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

export type LogFacts = Readonly<Record<string, unknown>>;

/** Message is a constant phrase; facts are fields. */
export interface Log {
  error(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  debug(message: string, facts?: LogFacts): void;
  child(facts: LogFacts): Log;
}

export const silentLog: Log = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  child: () => silentLog,
};

/** Long work says where it is. `done`/`total` share one unit; `total` undefined = not known. */
export interface Progress {
  readonly words: string;
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  readonly unit?: "bytes" | "steps" | "seconds" | undefined;
}
export type ReportProgress = (progress: Progress) => void;

/** What every operation that waits takes. */
export interface Waiting {
  readonly signal: AbortSignal;
}
export interface LongWork extends Waiting {
  readonly report: ReportProgress;
}
