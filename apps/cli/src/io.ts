// What a command may touch of the process, so that tests can hand it something else.
import { type Cell, harmlessJson, type TableLook, type Tone, table, tinted } from "./table.ts";

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: OutputEnd;
  readonly err: OutputEnd;
  readonly input: InputEnd;
  nowMs(): number;
  /** Called at Ctrl-C instead of ending the process; dispose to give that back. `orTold`: also when it is told to end, or its terminal goes. */
  onInterrupt(fn: () => void, options?: { readonly orTold: boolean }): Disposable;
}
export interface OutputEnd {
  readonly isTerminal: boolean;
  /** Undefined when it is no terminal. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  write(text: string): void;
  /** Resolves when there is room for more. */
  writeBytes(bytes: Uint8Array): Promise<void>;
  /** Calls `fn` when the terminal's size changes. */
  onResize(fn: () => void): Disposable;
}
export interface InputEnd {
  readonly isTerminal: boolean;
  chunks(): AsyncIterable<Uint8Array>;
  /** Raw: each key at once, Ctrl-C too. Dispose to give the terminal back as it was. */
  raw(): Disposable;
}

export const hasColour = (io: Io, end: OutputEnd = io.out): boolean => end.isTerminal && !io.env["NO_COLOR"] && io.env["TERM"] !== "dumb";

export const lookOf = (io: Io): TableLook => ({ colour: hasColour(io), columns: io.out.columns });

/** One line to standard output. */
export const line = (io: Io, text: string, tone?: Tone): void => io.out.write(`${tinted(text, tone, hasColour(io))}\n`);

/** One line to standard error: what is said beside the result. */
export const aside = (io: Io, text: string, tone?: Tone): void => io.err.write(`${tinted(text, tone, hasColour(io, io.err))}\n`);

export const printTable = (io: Io, heads: readonly string[], rows: readonly (readonly Cell[])[]): void =>
  io.out.write(`${table(heads, rows, lookOf(io))}\n`);

/** The API's object: readable on a terminal, one line elsewhere. */
export const printJson = (io: Io, value: unknown): void =>
  io.out.write(`${harmlessJson(JSON.stringify(value, null, io.out.isTerminal ? 2 : undefined))}\n`);
