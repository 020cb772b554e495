// The contract, verb by verb, on the workbench: read the input, call, answer. The types here are the proof that
// the workbench gives what the contract promises. Sessions and the daemon's own end belong to the doors.
import { type Contract, contract } from "@mimic/api";
import type { Refusal } from "@mimic/base";
import type { Workbench } from "@mimic/workbench";
import type { AnyContractRouter, AnySchema, InferSchemaOutput } from "@orpc/contract";
import { DoorError } from "./problem.ts";
import type { Sessions } from "./sessions.ts";

/** What only the doors know of a call. */
export interface CallContext {
  readonly cookie: string | undefined;
  setCookie(value: string | undefined): void;
  /** The user at the other end; undefined when unknown. */
  peerUser(): Promise<number | undefined>;
}

type InputOf<P> = P extends { "~orpc": { inputSchema?: infer S } } ? (S extends AnySchema ? InferSchemaOutput<S> : never) : never;
type OutputOf<P> = P extends { "~orpc": { outputSchema?: infer S } } ? (S extends AnySchema ? Loose<InferSchemaOutput<S>> : never) : never;
/** “{}” in the contract: the workbench answers any object without words. */
type Loose<T> = [T] extends [Record<string, never>] ? object : T;
type Verbs<R> = {
  readonly [A in keyof R]: { readonly [V in keyof R[A]]: (input: InputOf<R[A][V]>) => Promise<OutputOf<R[A][V]> | Refusal> };
};
type DoorVerbs<R> = {
  readonly [A in keyof R]: {
    readonly [V in keyof R[A]]: (input: InputOf<R[A][V]>, context: CallContext) => Promise<OutputOf<R[A][V]> | Refusal>;
  };
};
type DoorAreas = "sessions" | "daemon";

export interface VerbOptions {
  readonly workbench: Workbench;
  readonly sessions: Sessions;
  /** “http://127.0.0.1:7717/” */
  readonly address: () => string;
  readonly shutdown: (options: { machines: boolean }) => Promise<{ stoppedMachines: string[] }>;
}

/** Calls “area.verb” with an input that nobody has looked at yet. Throws DoorError `input.invalid`; a Refusal is an answer. */
export type CallVerb = (id: string, input: Record<string, unknown>, context: CallContext) => Promise<unknown>;

type AnyVerb = (input: unknown, context?: CallContext) => Promise<unknown>;

export function createVerbs(options: VerbOptions): CallVerb {
  const { workbench } = options;
  const { host, machines, networks, templates, moments, disposables, storages, images, systems, jobs, trash } = workbench;
  const onWorkbench: Verbs<Omit<Contract, DoorAreas>> = {
    host,
    machines,
    networks,
    templates,
    moments,
    disposables,
    storages,
    images,
    systems,
    jobs,
    trash,
  };
  const onDoors = doorVerbs(options);
  const table = new Map<string, { read: (input: unknown) => Promise<unknown>; call: AnyVerb }>();
  for (const [area, verbs] of Object.entries(contract as AnyContractRouter as Record<string, Record<string, unknown>>)) {
    const isDoor = area in onDoors;
    const owner = (isDoor ? onDoors : onWorkbench)[area as never] as Record<string, AnyVerb>;
    for (const [verb, procedure] of Object.entries(verbs)) {
      const schema = (procedure as { "~orpc": { inputSchema?: AnySchema } })["~orpc"].inputSchema;
      const call: AnyVerb = (input, context) => (owner[verb] as AnyVerb)(input, ...(isDoor ? [context as CallContext] : []));
      table.set(`${area}.${verb}`, { read: (input) => readInput(schema, input), call });
    }
  }
  return async (id, input, context) => {
    const entry = table.get(id);
    if (entry === undefined) throw new Error(`no verb for ${id}`);
    return await entry.call(await entry.read(input), context);
  };
}

function doorVerbs({ sessions, address, shutdown }: VerbOptions): DoorVerbs<Pick<Contract, DoorAreas>> {
  return {
    sessions: {
      code: async () => {
        const code = sessions.makeCode();
        return { code, address: `${address()}#c=${code}` };
      },
      open: async ({ code }, context) => {
        const opened = sessions.open(code, await context.peerUser());
        if (opened === "wrong") throw codeWrong();
        if (opened === "too_many_tries") throw tooManyTries();
        context.setCookie(opened.cookie);
        return { csrf: opened.csrf };
      },
      renew: async (_input, context) => {
        const csrf = context.cookie === undefined ? undefined : sessions.renew(context.cookie, await context.peerUser());
        if (csrf === undefined) throw notSignedIn();
        return { csrf };
      },
      close: async (_input, context) => {
        if (context.cookie !== undefined) sessions.close(context.cookie);
        context.setCookie(undefined);
        return {};
      },
    },
    daemon: { shutdown },
  };
}

const codeWrong = () =>
  new DoorError(401, "session.code_wrong", "This sign-in code was used already, or is older than 60 seconds.", "Get a new one: mimic open");
const tooManyTries = () =>
  new DoorError(429, "session.too_many_tries", "Too many wrong sign-in codes came within a minute.", "Wait a minute, then: mimic open");
const notSignedIn = () =>
  new DoorError(401, "daemon.not_signed_in", "This page is not signed in any more.", "Sign in with the address that “mimic open” prints.");

async function readInput(schema: AnySchema | undefined, input: unknown): Promise<unknown> {
  if (schema === undefined) return input;
  const result = await schema["~standard"].validate(input);
  if (result.issues === undefined) return result.value;
  const words = result.issues.slice(0, 20).map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
  throw new DoorError(
    400,
    "input.invalid",
    `The request does not fit: ${words[0] ?? "something is missing"}.`,
    "The API's description is at /api/v1/docs.",
    words.join("\n"),
  );
}
