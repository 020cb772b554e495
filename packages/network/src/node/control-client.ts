// The daemon's end of the control socket: questions with their answers, and news.
import { connect, type Socket } from "node:net";
import { MimicError, messageOf, onAbort } from "@mimic/base";
import type { SwitchNews } from "@mimic/workbench/ports";
import { FirstLine, jsonOf, LineReader } from "../control/lines.ts";
import {
  ANSWERS,
  type AnswerTo,
  type Ask,
  CONTROL_PROTOCOL,
  type ControlProblem,
  FromSwitch,
  LONGEST_LINE,
  type Opening,
  Welcome,
} from "../control/messages.ts";
import { switchSilent } from "../errors.ts";

const GREETING_MS = 5000;

export interface Opened {
  readonly socket: Socket;
  readonly welcome: Extract<Welcome, { ok: true }>;
  /** Came behind the welcome. */
  readonly rest: Uint8Array;
}

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Opens a connection and says what it is for. Throws what the switch refuses with; `network.switch_failed` when nobody answers. */
export async function openToSwitch(path: string, opening: DistributedOmit<Opening, "protocol">, signal: AbortSignal): Promise<Opened> {
  const socket = connect(path);
  const { promise, resolve, reject } = Promise.withResolvers<Opened>();
  const first = new FirstLine(1_000_000);
  const fail = (why: unknown): void => {
    socket.destroy();
    reject(why instanceof MimicError ? why : switchSilent("does not answer", messageOf(why)));
  };
  const heard = (bytes: Buffer): void => {
    const got = first.push(bytes);
    if (got === undefined) return;
    const welcome = got === "too long" ? undefined : Welcome.safeParse(jsonOf(got.line));
    if (got === "too long" || !welcome?.success) fail(new Error("it answered nonsense"));
    else if (!welcome.data.ok) fail(asError(welcome.data.problem));
    else {
      socket.off("data", heard).pause();
      resolve({ socket, welcome: welcome.data, rest: got.rest });
    }
  };
  socket.on("error", fail).on("close", () => fail(new Error("it closed the connection")));
  socket.on("data", heard);
  socket.write(`${JSON.stringify({ ...opening, protocol: CONTROL_PROTOCOL })}\n`);
  const late = setTimeout(() => fail(new Error("no answer within five seconds")), GREETING_MS);
  using _ = onAbort(signal, () => {
    socket.destroy();
    reject(signal.reason);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(late);
  }
}

interface Waiter {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (why: unknown) => void;
}

export class ControlClient {
  readonly #socket: Socket;
  readonly #waiters = new Map<number, Waiter>();
  readonly #heard: (news: SwitchNews) => void;
  #last = 0;
  #hasEnded = false;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly ended: Promise<void>;

  private constructor({ socket, rest }: Opened, heard: (news: SwitchNews) => void) {
    this.#socket = socket;
    this.#heard = heard;
    const reader = new LineReader(LONGEST_LINE);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    socket.on("close", () => {
      this.#hasEnded = true;
      for (const waiter of this.#waiters.values()) waiter.reject(switchSilent("ended before it answered"));
      this.#waiters.clear();
      resolve();
    });
    const took = (bytes: Uint8Array): void => {
      const lines = reader.push(bytes);
      if (lines === undefined) socket.destroy();
      for (const line of lines ?? []) this.#line(line);
    };
    socket.on("data", took);
    took(rest);
    socket.resume();
  }

  static async open(
    path: string,
    heard: (news: SwitchNews) => void,
    signal: AbortSignal,
  ): Promise<{ client: ControlClient; welcome: Opened["welcome"] }> {
    const opened = await openToSwitch(path, { open: "control" }, signal);
    return { client: new ControlClient(opened, heard), welcome: opened.welcome };
  }

  async ask<K extends Ask["ask"]>(ask: Extract<Ask, { ask: K }>, signal: AbortSignal): Promise<AnswerTo<K>> {
    signal.throwIfAborted();
    if (this.#hasEnded) throw switchSilent("is not there");
    const id = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiters.set(id, { resolve, reject });
    using _ = onAbort(signal, () => reject(signal.reason));
    this.#socket.write(`${JSON.stringify({ id, body: ask })}\n`);
    try {
      return ANSWERS[ask.ask].parse(await promise) as AnswerTo<K>;
    } finally {
      this.#waiters.delete(id);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #line(line: string): void {
    const message = FromSwitch.safeParse(jsonOf(line));
    if (!message.success) return;
    if ("news" in message.data) {
      this.#heard(message.data.news as SwitchNews);
      return;
    }
    const waiter = this.#waiters.get(message.data.id);
    if ("problem" in message.data) waiter?.reject(asError(message.data.problem));
    else waiter?.resolve(message.data.answer);
  }
}

const asError = ({ code, message, hint }: ControlProblem): MimicError => new MimicError(code as `${string}.${string}`, message, { hint });
