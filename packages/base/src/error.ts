// The two ways of saying no. A Refusal is a value: a rule said no and nothing happened.
// A MimicError is thrown: the world failed. Both carry a stable code for programs and
// words for people; docs/errors.md lists every code and is compared with the sources.

/** `area.fact` in snake_case, stable for ever. */
export type ErrorCode = `${string}.${string}`;

/** A rule said no; nothing was changed. `why` names the thing, `hint` is the next action. */
export interface Refusal {
  readonly kind: "refused";
  readonly code: ErrorCode;
  readonly why: string;
  readonly hint: string;
}

export function refusal(code: ErrorCode, why: string, hint: string): Refusal {
  return { kind: "refused", code, why, hint };
}

/**
 * The world failed: QEMU ended, the disk is full, a download was cut.
 * `message` says what happened to which thing, `hint` what to do next; `detail` is for
 * experts (last words of a process, a path) and is folded away by the browser.
 */
export class MimicError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly detail: string | undefined;
  constructor(code: ErrorCode, message: string, options: { hint: string; detail?: string | undefined; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
    this.detail = options.detail;
  }
}

/** A refusal travelling as an exception, for places whose callers cannot take a union. */
export class RefusedError extends MimicError {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.code, refusal.why, { hint: refusal.hint });
    this.refusal = refusal;
  }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "refused";
}

/** Throws the refusal, if it is one, and hands back anything else. */
export function orThrow<T>(value: T | Refusal): T {
  if (isRefusal(value)) throw new RefusedError(value);
  return value as T;
}

/** A case that the types say cannot be. Reaching it is a bug. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`);
}

/**
 * A full disk speaks from anywhere that writes, also where nobody thought of it: as the system's own error, or as the cause
 * of another. Anything else is handed back as it is.
 */
export function inWordsIfFull(error: unknown): unknown {
  if (error instanceof MimicError) return error;
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as { readonly code?: unknown };
    if (code === "ENOSPC" || code === "EDQUOT")
      return new MimicError("disk.full", "This computer's disk is full, so this could not be finished.", {
        hint: "Make room (mimic trash empty, mimic image ls), then try again.",
        detail: messageOf(at),
        cause: error,
      });
  }
  return error;
}

/** One line for people from anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
