// DNS over TCP connections of guests (RFC 7766): several questions may be under way, silent connections end, and nobody keeps
// too many open.
import type { Clock } from "@mimic/base";
import type { ServedStream } from "../uplink.ts";
import type { DnsServer } from "./dns-server.ts";
import { DnsTcpReader, framedForTcp } from "./tcp-messages.ts";

const IDLE_MS = 10_000;
const MOST_EACH = 8;
const MOST_AT_ALL = 128;
/** Questions of one connection that wait for others. */
const MOST_PENDING = 32;

export class DnsOverTcp {
  readonly #server: DnsServer;
  readonly #clock: Clock;
  readonly #open = new Map<string, number>();
  #all = 0;

  constructor(server: DnsServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  get open(): number {
    return this.#all;
  }

  /** Serves until the guest ends, is silent for long, or sends nonsense. Never rejects. */
  async serve(stream: ServedStream, who: string): Promise<void> {
    const own = this.#open.get(who) ?? 0;
    if (own >= MOST_EACH || this.#all >= MOST_AT_ALL) {
      stream.destroy();
      return;
    }
    this.#open.set(who, own + 1);
    this.#all++;
    try {
      await this.#converse(stream, who);
      stream.end();
    } catch {
      stream.destroy();
    } finally {
      this.#all--;
      const left = (this.#open.get(who) ?? 1) - 1;
      if (left > 0) this.#open.set(who, left);
      else this.#open.delete(who);
    }
  }

  async #converse(stream: ServedStream, who: string): Promise<void> {
    const reader = new DnsTcpReader();
    using idle = this.#idleWatch(stream);
    const pending = new Set<Promise<unknown>>();
    for await (const bytes of stream.readable) {
      idle.touch();
      for (const query of reader.push(bytes)) {
        if (pending.size >= MOST_PENDING) throw new Error("too many questions at once");
        // A connection that breaks while we write ends by its readable side.
        const answered: Promise<unknown> = this.#answer(stream, query, who)
          .catch(() => stream.destroy())
          .finally(() => pending.delete(answered));
        pending.add(answered);
      }
    }
    await Promise.all(pending);
  }

  async #answer(stream: ServedStream, query: Uint8Array, who: string): Promise<void> {
    const answer = await this.#server.answer(query, { who, over: "tcp" });
    if (answer) await stream.write(framedForTcp(answer));
  }

  #idleWatch(stream: ServedStream): { touch(): void } & Disposable {
    const ends = new AbortController();
    let touchedAtMs = this.#clock.monotonicMs();
    const watch = async (): Promise<void> => {
      for (;;) {
        const left = touchedAtMs + IDLE_MS - this.#clock.monotonicMs();
        if (left <= 0) {
          stream.destroy();
          return;
        }
        await this.#clock.sleep(left, { signal: ends.signal });
      }
    };
    watch().catch(() => {});
    return {
      touch: () => {
        touchedAtMs = this.#clock.monotonicMs();
      },
      [Symbol.dispose]: () => ends.abort(),
    };
  }
}
