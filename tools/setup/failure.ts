// A set-up step that cannot go on. It is shown as sentences, never as a stack.
export class SetupFailure extends Error {
  readonly hints: readonly string[];
  /** The process's exit code. */
  readonly exitCode: number;
  constructor(message: string, hints: readonly string[] = [], exitCode = 1) {
    super(message);
    this.name = "SetupFailure";
    this.hints = hints;
    this.exitCode = exitCode;
  }
}

export function showFailure(error: unknown): number {
  if (error instanceof SetupFailure) {
    process.stderr.write(`mimic: ${error.message}\n${error.hints.map((hint) => `  ${hint}\n`).join("")}`);
    return error.exitCode;
  }
  process.stderr.write(`mimic: the set-up came upon something unforeseen.\n${error instanceof Error ? error.stack : String(error)}\n`);
  return 70;
}
