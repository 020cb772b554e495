// One QMP session over any duplex: greeting, capabilities, commands matched to replies by id, events to
// listeners. Pure: bytes come in by `receive`, go out by `duplex.send`. (QEMU docs/interop/qmp-spec.rst)
//
//   idle ─begin→ connecting ─greeting, qmp_capabilities→ running ─ended→ closed
//                     └───────────── ended, bad message ─────────────────┘
import { Channel, type MimicError, onAbort, type Waiting } from "@mimic/base";
import { type CommandName, type CommandTypes, replySchemas } from "./commands.ts";
import { QmpRefused, qmpBadMessage, qmpBusy, qmpDisconnected, qmpWrongState } from "./errors.ts";
import { type QmpEvent, readEvent } from "./events.ts";
import { asObject, LineSplitter, parseJson } from "./framing.ts";

export interface Duplex {
  /** `descriptor`: an open file that travels with the bytes (SCM_RIGHTS). Throws where that cannot be done. */
  send(bytes: Uint8Array, descriptor?: number): void;
  /** Idempotent; `ended` follows. */
  close(): void;
}

export type SessionState = "idle" | "connecting" | "running" | "closed";

export interface QmpLimits {
  /** Longest line that is accepted. query-blockstats of many disks stays far below. */
  readonly lineBytes: number;
  readonly depth: number;
  readonly pending: number;
}
export const defaultLimits: QmpLimits = { lineBytes: 4 * 1024 ** 2, depth: 64, pending: 128 };

interface Pending {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface QmpListener extends AsyncIterable<QmpEvent | { readonly kind: "stream.lagged"; readonly dropped: number }>, Disposable {}

export class QmpSession {
  readonly #duplex: Duplex;
  readonly #limits: QmpLimits;
  readonly #lines: LineSplitter;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<{ names: ReadonlySet<string> | undefined; channel: Channel<QmpEvent> }>();
  readonly #ready = Promise.withResolvers<{ readonly version: string }>();
  readonly #closed = Promise.withResolvers<MimicError>();
  #state: SessionState = "idle";
  #nextId = 1;
  #version = "";

  constructor(duplex: Duplex, limits: QmpLimits = defaultLimits) {
    this.#duplex = duplex;
    this.#limits = limits;
    this.#lines = new LineSplitter(limits.lineBytes);
    // Whoever cares awaits; nobody has to.
    this.#ready.promise.catch(() => {});
  }

  get state(): SessionState {
    return this.#state;
  }
  /** Resolves when commands may be given; rejects when the session ends before. */
  get ready(): Promise<{ readonly version: string }> {
    return this.#ready.promise;
  }
  /** Resolves (never rejects) with the reason once the session is over. */
  get closed(): Promise<MimicError> {
    return this.#closed.promise;
  }

  /** The duplex is connected: the greeting is awaited from now on. */
  begin(): void {
    if (this.#state === "idle") this.#state = "connecting";
  }

  /** Bytes from QEMU, cut anywhere. Never throws. */
  receive(bytes: Uint8Array): void {
    if (this.#state === "idle") this.#state = "connecting";
    for (const line of this.#lines.push(bytes)) {
      if (this.#state === "closed") return;
      if (line.kind === "tooLong") return void this.#end(qmpBadMessage(`a line longer than ${this.#limits.lineBytes} bytes`));
      const parsed = parseJson(line.text, this.#limits.depth);
      if ("malformed" in parsed) return void this.#end(qmpBadMessage(`${parsed.malformed}: ${line.text.slice(0, 80)}`));
      const message = asObject(parsed.value);
      if (message === undefined) return void this.#end(qmpBadMessage("a message that is no object"));
      this.#take(message);
    }
  }

  /** The duplex is gone. Pending commands fail, listeners end. Idempotent. */
  ended(reason: string, cause?: unknown): void {
    this.#end(qmpDisconnected(reason, cause));
  }

  close(): void {
    this.#end(qmpDisconnected("closed by us"));
  }

  /**
   * Gives an order and resolves with its checked reply. On abort the reply is no longer waited for
   * (QEMU may still carry it out). `descriptor`: an open file that goes with the order; the caller keeps its own. Throws `qmp.refused`, `qmp.disconnected`, `qmp.bad_message`, `qmp.busy`, `qmp.wrong_state`.
   */
  async execute<C extends CommandName>(
    command: C,
    args: CommandTypes[C]["arguments"],
    options: Waiting & { readonly descriptor?: number },
  ): Promise<CommandTypes[C]["returns"]> {
    if (this.#state === "closed") throw await this.#closed.promise;
    if (this.#state !== "running") throw qmpWrongState(this.#state);
    const value = await this.#ask(command, args, options.signal, options.descriptor);
    const reply = replySchemas[command].safeParse(value);
    if (!reply.success) throw qmpBadMessage(`an unexpected reply to ${command}`);
    return reply.data as CommandTypes[C]["returns"];
  }

  /**
   * Listens from now on (subscribe before you act). Bounded: a slow reader loses the oldest and is told.
   * Ends when the session ends, or by `using`.
   */
  listen(names?: readonly string[], limit = 256): QmpListener {
    const channel = new Channel<QmpEvent>(limit);
    const entry = { names: names && new Set(names), channel };
    if (this.#state === "closed") channel.close();
    else this.#listeners.add(entry);
    return {
      [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
      [Symbol.dispose]: () => {
        this.#listeners.delete(entry);
        channel.close();
      },
    };
  }

  async #ask(command: string, args: unknown, signal: AbortSignal | undefined, descriptor?: number): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#pending.size >= this.#limits.pending) throw qmpBusy(this.#pending.size);
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { command, resolve, reject });
    using _ =
      signal &&
      onAbort(signal, () => {
        this.#pending.delete(id);
        reject(signal.reason);
      });
    try {
      this.#duplex.send(new TextEncoder().encode(`${JSON.stringify({ execute: command, arguments: args ?? {}, id })}\n`), descriptor);
    } catch (error) {
      this.#pending.delete(id);
      throw error;
    }
    return await promise;
  }

  #take(message: Readonly<Record<string, unknown>>): void {
    if (message.QMP !== undefined) return void this.#greeted(message.QMP);
    if (message.event !== undefined) {
      const event = readEvent(message);
      if (event === undefined) return;
      for (const listener of this.#listeners) if (listener.names?.has(event.event) ?? true) listener.channel.push(event);
      return;
    }
    // An id that is not known belongs to a command that was given up: its reply is dropped.
    const pending = typeof message.id === "number" ? this.#pending.get(message.id) : undefined;
    if (pending === undefined) return;
    this.#pending.delete(message.id as number);
    const error = asObject(message.error);
    if (error !== undefined) pending.reject(new QmpRefused(pending.command, String(error.class), String(error.desc)));
    else if ("return" in message) pending.resolve(message.return);
    else pending.reject(qmpBadMessage(`a reply to ${pending.command} without a result`));
  }

  #greeted(greeting: unknown): void {
    if (this.#state !== "connecting" || this.#version !== "") return;
    const qemu = asObject(asObject(asObject(greeting)?.version)?.qemu);
    const numbers = [qemu?.major, qemu?.minor, qemu?.micro];
    if (!numbers.every((n) => Number.isInteger(n))) return void this.#end(qmpBadMessage("a greeting without a version"));
    this.#version = numbers.join(".");
    this.#ask("qmp_capabilities", {}, undefined).then(
      () => {
        if (this.#state !== "connecting") return;
        this.#state = "running";
        this.#ready.resolve({ version: this.#version });
      },
      (error: unknown) => this.#end(qmpDisconnected("the handshake failed", error)),
    );
  }

  #end(error: MimicError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#ready.reject(error);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    for (const listener of this.#listeners) listener.channel.close();
    this.#listeners.clear();
    this.#closed.resolve(error);
    this.#duplex.close();
  }
}
