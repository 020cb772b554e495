// The typed client that the command line and the browser share. Types come from the contract and cost
// nothing at run time; paths come from `routes`. Whoever uses it brings the way to send (a unix socket, fetch).
import type { InferContractRouterInputs, InferContractRouterOutputs } from "@orpc/contract";
import type { Contract } from "./contract.ts";
import { API_PREFIX, fillPath, type Route, routes } from "./routes.ts";

type Inputs = InferContractRouterInputs<Contract>;
type Outputs = InferContractRouterOutputs<Contract>;
export type InputOf<A extends keyof Inputs, V extends keyof Inputs[A]> = Inputs[A][V];
export type OutputOf<A extends keyof Outputs, V extends keyof Outputs[A]> = Outputs[A][V];

export interface Reply {
  readonly status: number;
  /** Parsed JSON. */
  readonly body: unknown;
}
/** Sends one request; `path` has the prefix, the parameters and the query already. */
export type Send = (request: {
  readonly method: string;
  readonly path: string;
  readonly body: unknown | undefined;
  readonly signal?: AbortSignal | undefined;
}) => Promise<Reply>;

/** What the daemon answered instead: the same words in the browser and on the command line. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly detail: string | undefined;
  constructor(status: number, problem: { code: string; message: string; hint: string; detail?: string | undefined }) {
    super(problem.message);
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code;
    this.hint = problem.hint;
    this.detail = problem.detail;
  }
}

export type Client = {
  readonly [A in keyof Inputs & keyof Outputs]: {
    readonly [V in keyof Inputs[A] & keyof Outputs[A]]: (input: Inputs[A][V], options?: { signal?: AbortSignal }) => Promise<Outputs[A][V]>;
  };
};

/** Throws ApiError for every answer of 400 and above. */
export function createClient(send: Send): Client {
  const call =
    (route: Route) =>
    async (input: Record<string, unknown> = {}, options: { signal?: AbortSignal } = {}) => {
      const rest = { ...input };
      const parameters: Record<string, string> = {};
      for (const [, key] of route.path.matchAll(/\{(\w+)\}/g)) {
        parameters[key as string] = String(rest[key as string]);
        delete rest[key as string];
      }
      let path = API_PREFIX + fillPath(route.path, parameters);
      const hasBody = route.method === "POST" || route.method === "PATCH";
      if (!hasBody) {
        const query = Object.entries(rest)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
          .join("&");
        if (query) path += `?${query}`;
      }
      const reply = await send({ method: route.method, path, body: hasBody ? rest : undefined, signal: options.signal });
      if (reply.status >= 400) throw toApiError(reply);
      return reply.body;
    };
  const client: Record<string, Record<string, unknown>> = {};
  for (const [area, verbs] of Object.entries(routes)) {
    client[area] = {};
    for (const [verb, route] of Object.entries(verbs)) client[area][verb] = call(route);
  }
  return client as unknown as Client;
}

export function toApiError(reply: Reply): ApiError {
  const body = (typeof reply.body === "object" && reply.body !== null ? reply.body : {}) as Record<string, unknown>;
  const text = (value: unknown, otherwise: string) => (typeof value === "string" ? value : otherwise);
  return new ApiError(reply.status, {
    code: text(body["code"], "daemon.unreadable_answer"),
    message: text(body["message"], `The daemon answered with status ${reply.status} and no words.`),
    hint: text(body["hint"], "Look at its log: mimic doctor"),
    detail: typeof body["detail"] === "string" ? body["detail"] : undefined,
  });
}
