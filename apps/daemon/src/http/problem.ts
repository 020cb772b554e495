// Every way of saying no, as one body: {code, message, hint, detail?, requestId} and a status.
// A bug is told by its request's id only; what went wrong is in the log, never in the answer.
import { inWordsIfFull, isRefusal, MimicError, plain, plainBlock, type Refusal, RefusedError } from "@mimic/base";

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly detail?: string | undefined;
}

/** A rule of the doors themselves said no. */
export class DoorError extends MimicError {
  readonly status: number;
  constructor(status: number, code: MimicError["code"], message: string, hint: string, detail?: string) {
    super(code, message, { hint, detail });
    this.status = status;
  }
}

/** Safe to show: guest strings in it are made harmless and it is bounded. */
export function toProblem(thrown: unknown): Problem {
  const error = inWordsIfFull(thrown);
  if (isRefusal(error)) return { code: error.code, message: plain(error.why, 1000), hint: plain(error.hint, 1000) };
  if (error instanceof MimicError) {
    return {
      code: error.code,
      message: plain(error.message, 1000),
      hint: plain(error.hint, 1000),
      detail: error.detail === undefined ? undefined : plainBlock(error.detail, 8192),
    };
  }
  return {
    code: "daemon.bug",
    message: "Something went wrong inside Mimic, and it is Mimic's fault.",
    hint: "Try again; if it stays, the daemon's log has the details under this request's id.",
  };
}

const REFUSED_STATUS: Readonly<Record<string, number>> = {
  "daemon.unix_only": 403,
};

export function statusOf(thrown: unknown): number {
  const error = inWordsIfFull(thrown);
  if (error instanceof DoorError) return error.status;
  if (isRefusal(error)) return statusOfRefusal(error);
  if (error instanceof RefusedError) return statusOfRefusal(error.refusal);
  if (error instanceof MimicError) return statusOfFailure(error.code);
  return 500;
}

/** 404: there is no such thing · 400: the words make no sense · 409: not in this state. */
function statusOfRefusal({ code }: Refusal): number {
  if (code.endsWith(".unknown")) return 404;
  if (code.startsWith("input.")) return 400;
  return REFUSED_STATUS[code] ?? 409;
}

function statusOfFailure(code: string): number {
  if (code.endsWith(".unknown")) return 404;
  if (code.startsWith("input.")) return 400;
  return code.startsWith("agent.") ? 502 : 500;
}

/** Worth a line in the log at “error”: a bug, not a person's mistake nor a host's trouble. */
export const isBug = (error: unknown): boolean => !isRefusal(error) && !(inWordsIfFull(error) instanceof MimicError);
