// Echoes to the world outside. A program without rights cannot send them, so the host's own `ping` is asked, a few at a time.
// Where there is none, or it may not, guests are told that it is prohibited, and the owner that it is this computer's doing (the
// gateway's own addresses always answer).
import type { EchoArrival } from "@mimic/tcpip";
import type { FlowParts } from "./flow.ts";

/** Longer than any answer that comes. */
const PATIENCE_MS = 10_000;
/** What a computer cannot do may be mended while we run. */
const ASK_AGAIN_MS = 60_000;
/** Of a packet: for an error about it, and to say what it was. */
const KEPT_BYTES = 128;

export class EchoFlows {
  readonly #parts: FlowParts;
  readonly #end = new AbortController();
  #asking = 0;
  /** The computer has said that it cannot: until then it is not asked again. */
  #impossibleUntilMs = Number.NEGATIVE_INFINITY;

  constructor(parts: FlowParts) {
    this.#parts = parts;
  }

  arrive(arrival: EchoArrival): boolean {
    const { endpoint, counters, limits } = this.#parts;
    const { source, destination, mac, packet } = arrival;
    const decision = this.#parts.decide({ protocol: "icmp", source, sourcePort: arrival.identifier, destination, destinationPort: 0, mac });
    if (decision.verdict === "reject") {
      endpoint.complain(packet, { about: decision.how === "noRoute" ? "networkUnreachable" : "prohibited" });
    }
    if (decision.verdict !== "allow") return false;
    const echo = { ...arrival, data: arrival.data.slice() };
    const start = packet.whole.slice(0, KEPT_BYTES);
    if (endpoint.nowMs() < this.#impossibleUntilMs) {
      this.#cannot(echo, start);
      return true;
    }
    if (this.#asking >= limits.mostPings) {
      counters.tooMany++;
      return false;
    }
    counters.echoes++;
    void this.#ask(echo, start, decision.dial.address);
    return true;
  }

  #cannot(echo: EchoArrival, start: Uint8Array): void {
    const { endpoint, cannotPing } = this.#parts;
    endpoint.complainOf(start, echo.source.version, { about: "prohibited" }, echo.mac);
    cannotPing?.(start, echo.mac);
  }

  async #ask(echo: EchoArrival, start: Uint8Array, address: string): Promise<void> {
    const { endpoint, host } = this.#parts;
    this.#asking++;
    try {
      const { signal } = this.#end;
      const hasAnswered = await host.ping(address, { bytes: echo.data.length, timeoutMs: PATIENCE_MS, signal });
      if (this.#end.signal.aborted) return;
      if (hasAnswered) endpoint.sendEchoReply(echo);
      if (hasAnswered !== undefined) return;
      this.#impossibleUntilMs = endpoint.nowMs() + ASK_AGAIN_MS;
      this.#cannot(echo, start);
    } catch {
      // Nobody answered in time.
    } finally {
      this.#asking--;
    }
  }

  close(): void {
    this.#end.abort();
  }
}
