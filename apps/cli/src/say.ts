// How the command line ends: the only place that knows exit numbers, and the words of an error.
import { ApiError } from "@mimic/api/client";
import { MimicError, messageOf, plain, plainBlock } from "@mimic/base";
import type { JobView } from "@mimic/model";
import { hasColour, type Io } from "./io.ts";
import { harmlessJson, tinted } from "./table.ts";

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unknown: 4,
  unreachable: 5,
  interrupted: 130,
} as const;

/** For `--help`. */
export const EXIT_WORDS: readonly (readonly [number, string])[] = [
  [EXIT.ok, "done"],
  [EXIT.failed, "it was tried and failed"],
  [EXIT.usage, "the command was not understood"],
  [EXIT.refused, "refused: not possible now, nothing was changed"],
  [EXIT.unknown, "there is no such machine, image, system or job"],
  [EXIT.unreachable, "the daemon cannot be reached"],
  [EXIT.interrupted, "interrupted (Ctrl-C)"],
];

export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly detail?: string | undefined;
}

/** The command line was not understood: exit 2. */
export class UsageError extends MimicError {}
/** The daemon does not answer or does not start: exit 5. */
export class UnreachableError extends MimicError {}
/** Not possible now, decided here and not by the daemon: exit 3. */
export class NotNowError extends MimicError {}
/** There is no such thing: exit 4. */
export class UnknownError extends MimicError {}
/** Ctrl-C: exit 130. */
export class InterruptedError extends MimicError {}
/** A job that ended without doing what it was for. */
export class JobError extends Error {
  readonly job: JobView;
  constructor(job: JobView) {
    super(job.problem?.message ?? `It was cancelled: ${job.title}.`);
    this.job = job;
  }
}

export function exitOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  if (error instanceof NotNowError) return EXIT.refused;
  if (error instanceof UnknownError) return EXIT.unknown;
  if (error instanceof InterruptedError) return EXIT.interrupted;
  return error instanceof ApiError ? exitOfReply(error) : EXIT.failed;
}

function exitOfReply({ status, code }: ApiError): number {
  if (status === 404 || code.endsWith(".unknown")) return EXIT.unknown;
  if (status === 400 || status === 422) return EXIT.usage;
  return status === 403 || status === 409 ? EXIT.refused : EXIT.failed;
}

/** What to say of anything that was thrown. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof JobError)
    return error.job.problem ?? { code: "job.cancelled", message: error.message, hint: `See what it did: mimic jobs show ${error.job.id}` };
  if (error instanceof MimicError || error instanceof ApiError)
    return { code: error.code, message: error.message, hint: error.hint, detail: error.detail };
  return {
    code: "cli.bug",
    message: `The command line failed in a way that it should not: ${messageOf(error)}`,
    hint: "Run it again; when it happens again, report it with the lines below.",
    detail: error instanceof Error ? error.stack : undefined,
  };
}

const DETAIL_LINES = 12;

/** Says it on standard error (as one JSON object when `json`) and answers with the exit number. */
export function sayError(io: Io, error: unknown, json: boolean): number {
  const trouble = troubleOf(error);
  if (json) {
    const { code, message, hint, detail } = trouble;
    io.err.write(`${harmlessJson(JSON.stringify({ code, message, hint, detail }))}\n`);
    return exitOf(error);
  }
  const colour = hasColour(io, io.err);
  const parts = [`${tinted("mimic:", "bad", colour)} ${plain(trouble.message, 1000)}`];
  if (trouble.hint)
    parts.push(
      ...plainBlock(trouble.hint, 2000)
        .split("\n")
        .map((hint) => `  ${hint}`),
    );
  if (trouble.detail) {
    const lines = plainBlock(trouble.detail, 8000).trimEnd().split("\n");
    parts.push(...lines.slice(-DETAIL_LINES).map((text) => tinted(`  | ${text}`, "faint", colour)));
  }
  parts.push(tinted(`  (${plain(trouble.code, 80)})`, "faint", colour));
  io.err.write(`${parts.join("\n")}\n`);
  return exitOf(error);
}
