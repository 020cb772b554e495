// The guest agent's protocol (QEMU docs/interop/qemu-ga.rst) over a channel whose far end is hostile: one question at
// a time, each with a time limit, bounded lines and depth, and a fresh synchronisation (guest-sync-delimited) whenever
// an answer was given up, so that an old answer is never taken for a new one. Bytes never make it throw.
//
//   unsynced ─sync answered→ idle ─call→ asking ─reply→ idle
//       ▲                                  │ time-out, abort, nonsense
//       └──────────────────────────────────┘
import { type Clock, onAbort, type Random, type Waiting } from "@mimic/base";
import { asObject, LineSplitter, parseJson } from "@mimic/qmp";
import { agentAbsent, agentMisbehaved, agentRefused } from "./errors.ts";

export interface AgentDuplex {
  send(bytes: Uint8Array): void;
  /** Bytes that are waiting to be taken by QEMU. */
  waiting(): number;
  close(): void;
}

/** One chunk of a file is 192 KiB, base64 of it 256 KiB: the longest honest line is a little more. */
export const AGENT_LINE_BYTES = 320 * 1024;
export const AGENT_DEPTH = 6;
/** Bytes that nobody asked for, in all: beyond this the channel is closed. */
const UNASKED_BYTES = 1024 ** 2;
const RESYNC_MS = 10_000;
/** Long: a guest whose computer is itself a guest, or is busy, takes its time, above all just after it went on from memory. */
const ANSWER_MS = 30_000;

interface Asking {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class AgentChannel {
  readonly #duplex: AgentDuplex;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lines = new LineSplitter(AGENT_LINE_BYTES);
  readonly #over = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #asking: Asking | undefined;
  #synced = false;
  #delimited = false;
  /** The latest question's number: answers to earlier ones, and the complaints they cause, all come before its answer. */
  #syncId: number | undefined;
  #syncsSent = 0;
  #syncedSignal = Promise.withResolvers<void>();
  #unasked = 0;

  constructor(duplex: AgentDuplex, clock: Clock, random: Random) {
    this.#duplex = duplex;
    this.#clock = clock;
    this.#random = random;
  }

  get synced(): boolean {
    return this.#synced;
  }

  /** Asks for synchronisation. The question waits in the channel until the guest opens it. */
  beginSync(): void {
    this.#unsync();
    this.#sendSync();
  }

  /** The guest began anew: nobody is left there who would answer what is asked now, and later questions need not wait for it. */
  beganAnew(): void {
    const asking = this.#asking;
    this.#asking = undefined;
    asking?.reject(agentAbsent("the machine started again before it answered"));
    this.beginSync();
  }

  /** The channel is gone (QEMU ended). */
  ended(why: string): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(agentAbsent(why));
    this.#asking?.reject(this.#over.signal.reason);
    this.#asking = undefined;
    this.#duplex.close();
  }

  /** Resolves once the agent has answered a synchronisation. */
  async whenSynced(options: Waiting): Promise<void> {
    while (!this.#synced) {
      this.#over.signal.throwIfAborted();
      const signal = AbortSignal.any([options.signal, this.#over.signal]);
      const patience = this.#clock.sleep(RESYNC_MS, { signal });
      await Promise.race([this.#syncedSignal.promise, patience]).catch(() => signal.throwIfAborted());
      // A guest that restarted has lost the question.
      if (!this.#synced) this.#sendSync();
    }
  }

  /**
   * One question, one answer. Questions wait for each other. Throws `agent.absent` (no answer within `timeoutMs`),
   * `agent.misbehaved`, `agent.refused`.
   */
  async call(
    command: string,
    args: Readonly<Record<string, unknown>>,
    options: Waiting & { readonly timeoutMs?: number },
  ): Promise<unknown> {
    const mine = this.#turn.then(() => this.#callNow(command, args, options));
    this.#turn = mine.catch(() => {});
    return await mine;
  }

  /** Sent without waiting for an answer (guest-shutdown has none). */
  shout(command: string, args: Readonly<Record<string, unknown>>): void {
    this.#send({ execute: command, arguments: args });
    // Should an answer come (an error), it belongs to nobody.
    this.beginSync();
  }

  receive(bytes: Uint8Array): void {
    let from = 0;
    while (from <= bytes.length) {
      const mark = bytes.indexOf(0xff, from);
      const end = mark < 0 ? bytes.length : mark;
      for (const line of this.#lines.push(bytes.subarray(from, end))) this.#line(line.kind === "line" ? line.text : undefined);
      if (mark < 0) return;
      // The agent's mark: whatever came before it is no part of the next line.
      this.#lines.clear();
      this.#delimited = true;
      from = mark + 1;
    }
  }

  async #callNow(
    command: string,
    args: Readonly<Record<string, unknown>>,
    options: Waiting & { readonly timeoutMs?: number },
  ): Promise<unknown> {
    options.signal.throwIfAborted();
    this.#over.signal.throwIfAborted();
    const timeoutMs = options.timeoutMs ?? ANSWER_MS;
    using limit = this.#limit(timeoutMs);
    const signal = AbortSignal.any([options.signal, limit.signal]);
    if (!this.#synced) {
      // Asked anew each time: a guest that restarted meanwhile has lost an earlier question.
      this.#sendSync();
      await this.whenSynced({ signal });
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#asking = { resolve, reject };
    using _ = onAbort(signal, () => {
      if (this.#asking?.reject !== reject) return;
      this.#asking = undefined;
      this.#unsync();
      reject(signal.reason);
    });
    this.#send({ execute: command, arguments: args });
    const reply = asObject(await promise);
    if (reply === undefined) throw agentMisbehaved("an answer that is no object");
    const error = asObject(reply.error);
    if (error !== undefined) throw agentRefused(command, String(error.desc));
    return reply.return;
  }

  #limit(timeoutMs: number): Disposable & { readonly signal: AbortSignal } {
    const late = new AbortController();
    const over = new AbortController();
    this.#clock.sleep(timeoutMs, { signal: over.signal }).then(
      () => late.abort(agentAbsent(`no answer within ${Math.round(timeoutMs / 1000)} seconds`)),
      () => {},
    );
    return { signal: late.signal, [Symbol.dispose]: () => over.abort() };
  }

  #line(text: string | undefined): void {
    const parsed = text === undefined ? { malformed: "too_long" } : parseJson(text, AGENT_DEPTH);
    if (!this.#synced) return void this.#maybeSync(parsed);
    // Only answers to a synchronisation carry the mark: never an answer to a question.
    const late = this.#delimited;
    this.#delimited = false;
    const asking = late ? undefined : this.#asking;
    if (asking === undefined) {
      this.#unasked += text?.length ?? AGENT_LINE_BYTES;
      if (this.#unasked > UNASKED_BYTES) this.ended("it talks without being asked");
      return;
    }
    this.#asking = undefined;
    if ("malformed" in parsed) {
      this.#unsync();
      asking.reject(agentMisbehaved(`an answer that cannot be read (${parsed.malformed})`));
    } else asking.resolve(parsed.value);
  }

  #maybeSync(parsed: ReturnType<typeof parseJson> | { readonly malformed: string }): void {
    const delimited = this.#delimited;
    this.#delimited = false;
    if (!delimited || "malformed" in parsed) return;
    const id = asObject(parsed.value)?.return;
    if (typeof id !== "number" || id !== this.#syncId) return;
    this.#synced = true;
    this.#syncId = undefined;
    this.#syncedSignal.resolve();
  }

  #unsync(): void {
    // Whoever waits already goes on waiting for the same promise.
    if (this.#synced) this.#syncedSignal = Promise.withResolvers<void>();
    this.#synced = false;
    this.#delimited = false;
    this.#lines.clear();
    this.#syncId = undefined;
    this.#syncsSent = 0;
  }

  #sendSync(): void {
    // A guest that never opens the channel must not make us fill it.
    if (this.#duplex.waiting() > 4096 || this.#syncsSent > 360) return;
    const bytes = this.#random.bytes(4);
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) >>> 1;
    this.#syncId = id;
    this.#syncsSent++;
    // 0xff makes the agent forget half a question of an earlier speaker.
    this.#duplex.send(Uint8Array.of(0xff));
    this.#send({ execute: "guest-sync-delimited", arguments: { id } });
  }

  #send(message: unknown): void {
    if (!this.#over.signal.aborted) this.#duplex.send(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }
}
