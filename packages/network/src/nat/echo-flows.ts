// Echoes to the world outside. A program without rights cannot send them, so the host's own `ping` is asked, a few at a time;
// where there is none, guests get no answer (the gateway's own addresses always answer).
import type { EchoArrival } from "@mimic/tcpip";
import type { FlowParts } from "./flow.ts";

/** Longer than any answer that comes. */
const PATIENCE_MS = 10_000;

export class EchoFlows {
  readonly #parts: FlowParts;
  readonly #end = new AbortController();
  #asking = 0;
  /** The computer has said that it cannot. */
  isImpossible = false;

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
    if (decision.verdict !== "allow" || this.isImpossible) return false;
    if (this.#asking >= limits.mostPings) {
      counters.tooMany++;
      return false;
    }
    counters.echoes++;
    void this.#ask({ ...arrival, data: arrival.data.slice() }, decision.dial.address);
    return true;
  }

  async #ask(echo: EchoArrival, address: string): Promise<void> {
    const { endpoint, host } = this.#parts;
    this.#asking++;
    try {
      const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(PATIENCE_MS)]);
      const hasAnswered = await host.ping(address, { bytes: echo.data.length, signal });
      if (hasAnswered === undefined) this.isImpossible = true;
      if (hasAnswered && !this.#end.signal.aborted) endpoint.sendEchoReply(echo);
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
