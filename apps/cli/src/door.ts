// The way to the daemon: its unix socket in this person's own run folder. When nobody answers there
// the daemon is started, once, and the request is sent again.
import type { Send } from "@mimic/api/client";
import { knock, type LeanReply, leanRequest } from "./lean-http.ts";
import { checkRunFolder, type Paths } from "./paths.ts";
import { UnreachableError } from "./say.ts";
import { startDaemon } from "./start-daemon.ts";

const DAEMON_STARTS_WITHIN_MS = 10_000;

export interface DoorOptions {
  readonly paths: Paths;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly say: (words: string) => void;
}

export class Door {
  readonly paths: Paths;
  readonly #options: DoorOptions;
  /** This run started the daemon. */
  started = false;
  #answered = false;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.paths = options.paths;
  }

  get socket(): string {
    return this.paths.socket;
  }

  /** For `createClient`. */
  readonly send: Send = async ({ method, path, body, signal }) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = () => leanRequest({ socket: this.socket, method, path, body: text, signal, silenceMs: silenceMs(path) });
    const reply = await this.#orStart(request, signal);
    return { status: reply.status, body: parse(reply) };
  };

  /** Starts the daemon when it does not run; needed before a stream or WebSocket is opened. */
  async ensure(): Promise<void> {
    if (!this.#answered) await this.#orStart(() => knock(this.socket), undefined);
  }

  /** Does it run? Starts nothing. */
  async runs(): Promise<boolean> {
    if (this.#folderState() === "absent") return false;
    try {
      await knock(this.socket);
      return true;
    } catch (error) {
      if (isNobodyThere(error)) return false;
      throw toUnreachable(error);
    }
  }

  async #orStart<T>(request: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#folderState() === "private") {
      try {
        return await this.#answer(request);
      } catch (error) {
        if (signal?.aborted) throw error;
        if (!isNobodyThere(error)) throw toUnreachable(error);
      }
    }
    await startDaemon({ ...this.#options, withinMs: DAEMON_STARTS_WITHIN_MS });
    this.started = true;
    this.#folderState();
    try {
      return await this.#answer(request);
    } catch (error) {
      throw signal?.aborted ? error : toUnreachable(error);
    }
  }

  async #answer<T>(request: () => Promise<T>): Promise<T> {
    const reply = await request();
    this.#answered = true;
    return reply;
  }

  #folderState(): "private" | "absent" {
    const state = checkRunFolder(this.paths.run, process.getuid?.() ?? -1);
    if (typeof state === "string") return state;
    throw new UnreachableError("daemon.run_folder_unsafe", `The folder of Mimic's sockets is not safe to use: ${state.unsafe}.`, {
      hint: `Remove it, or make it yours alone (chmod 700): ${this.paths.run}`,
    });
  }
}

/** Shutting all machines down answers only when the last is off. */
const silenceMs = (path: string): number => (path.endsWith("/daemon/shutdown") ? 3_600_000 : 120_000);

export const isNobodyThere = (error: unknown): boolean =>
  ["ENOENT", "ECONNREFUSED"].includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");

export function toUnreachable(error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ETIMEDOUT")
    return new UnreachableError("daemon.silent", "Mimic's daemon took the question and did not answer.", {
      hint: "Start it anew (machines go on): mimic down, then mimic up",
      cause: error,
    });
  return new UnreachableError("daemon.unreachable", `Mimic's daemon cannot be reached (${code ?? message}).`, {
    hint: "Start it anew (machines go on): mimic down, then mimic up",
    cause: error,
  });
}

function parse(reply: LeanReply): unknown {
  try {
    return reply.text === "" ? undefined : JSON.parse(reply.text);
  } catch (cause) {
    throw new UnreachableError("daemon.unreadable_answer", "What answers on Mimic's socket does not speak as the daemon does.", {
      hint: "Start it anew (machines go on): mimic down, then mimic up",
      detail: reply.text.slice(0, 500),
      cause,
    });
  }
}
