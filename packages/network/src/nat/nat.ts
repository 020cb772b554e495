// Address translation: what guests want of the world outside is done with sockets of this computer. Nothing is dialled that
// `decide` did not allow. IPv4 and IPv6 are the same here; a NAT serves one endpoint, which answers for every address.
import type { Endpoint, IpAddress, TcpConnection, TcpOpening } from "@mimic/tcpip";
import { EchoFlows } from "./echo-flows.ts";
import { Forwards } from "./forwards.ts";
import type { DialTarget, HostSide } from "./host-side.ts";
import { TcpFlow } from "./tcp-flow.ts";
import { UdpFlows } from "./udp-flows.ts";

export interface NatFlow {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly source: IpAddress;
  readonly sourcePort: number;
  readonly destination: IpAddress;
  /** 0 for ICMP. */
  readonly destinationPort: number;
  /** Six bytes: whose frame began it. */
  readonly mac: Uint8Array;
}

export type NatDecision =
  | { readonly verdict: "allow"; readonly dial: DialTarget }
  /** A service of the gateway takes a TCP connection itself. */
  | { readonly verdict: "serve"; readonly serve: (opening: TcpOpening) => void }
  | { readonly verdict: "drop" }
  /** refused: as if nobody listened; prohibited: “administratively”; noRoute. */
  | { readonly verdict: "reject"; readonly how: "refused" | "prohibited" | "noRoute" };

export interface NatLimits {
  readonly mostTcpFlows: number;
  /** Of one guest (by its MAC). */
  readonly mostTcpFlowsOfGuest: number;
  readonly mostUdpSockets: number;
  readonly mostUdpSocketsOfGuest: number;
  /** RFC 4787 REQ-5: five minutes. */
  readonly udpIdleMs: number;
  readonly mostPings: number;
}

export const NAT_LIMITS: NatLimits = {
  mostTcpFlows: 16_384,
  mostTcpFlowsOfGuest: 8192,
  mostUdpSockets: 2048,
  mostUdpSocketsOfGuest: 512,
  udpIdleMs: 300_000,
  mostPings: 16,
};

export interface NatOptions {
  readonly endpoint: Endpoint;
  readonly host: HostSide;
  readonly decide: (flow: NatFlow) => NatDecision;
  readonly limits?: Partial<NatLimits>;
}

export interface NatCounters {
  tcpFlows: number;
  udpFlows: number;
  echoes: number;
  dropped: number;
  rejected: number;
  /** Not dialled, since there were too many already. */
  tooMany: number;
}

export class Nat implements Disposable {
  readonly counters: NatCounters = { tcpFlows: 0, udpFlows: 0, echoes: 0, dropped: 0, rejected: 0, tooMany: 0 };
  readonly forwards: Forwards;
  readonly #endpoint: Endpoint;
  readonly #host: HostSide;
  readonly #decide: (flow: NatFlow) => NatDecision;
  readonly #limits: NatLimits;
  readonly #tcp = new Set<TcpFlow>();
  readonly #tcpOfGuest = new Map<number, number>();
  readonly #udp: UdpFlows;
  readonly #echo: EchoFlows;

  /** Takes over the endpoint's events for openings, datagrams and echoes. */
  constructor(options: NatOptions) {
    this.#endpoint = options.endpoint;
    this.#host = options.host;
    this.#decide = options.decide;
    this.#limits = { ...NAT_LIMITS, ...options.limits };
    const parts = {
      endpoint: this.#endpoint,
      host: this.#host,
      decide: (flow: NatFlow) => this.#ask(flow),
      limits: this.#limits,
      counters: this.counters,
    };
    this.#udp = new UdpFlows(parts);
    this.#echo = new EchoFlows(parts);
    this.forwards = new Forwards({ endpoint: this.#endpoint, host: this.#host });
    const { events } = this.#endpoint;
    events.opening = (opening) => this.opening(opening);
    events.udp = (arrival) => this.forwards.datagram(arrival) || this.#udp.arrive(arrival);
    events.echo = (arrival) => this.#echo.arrive(arrival);
  }

  #ask(flow: NatFlow): NatDecision {
    const decision = this.#decide(flow);
    if (decision.verdict === "drop") this.counters.dropped++;
    else if (decision.verdict === "reject") this.counters.rejected++;
    return decision;
  }

  /** A guest wants a connection: the host's side is made first, and the guest hears what became of it. */
  opening(opening: TcpOpening): void {
    const decision = this.#ask(flowOf(opening));
    if (decision.verdict === "serve") decision.serve(opening);
    else if (decision.verdict === "drop") opening.refuse("silence");
    else if (decision.verdict === "reject") opening.refuse(REFUSALS[decision.how]);
    else this.#dial(opening, decision.dial);
  }

  #dial(opening: TcpOpening, dial: DialTarget): void {
    const guest = numberOf(opening.mac);
    const ofGuest = this.#tcpOfGuest.get(guest) ?? 0;
    if (this.#tcp.size >= this.#limits.mostTcpFlows || ofGuest >= this.#limits.mostTcpFlowsOfGuest) {
      this.counters.tooMany++;
      opening.refuse("silence");
      return;
    }
    this.counters.tcpFlows++;
    const flow = new TcpFlow(flowOf(opening), () => {
      this.#tcp.delete(flow);
      const left = (this.#tcpOfGuest.get(guest) ?? 1) - 1;
      if (left > 0) this.#tcpOfGuest.set(guest, left);
      else this.#tcpOfGuest.delete(guest);
    });
    this.#tcp.add(flow);
    this.#tcpOfGuest.set(guest, ofGuest + 1);
    flow.dial(opening, (events) => this.#host.dial(dial, events));
  }

  /** Opens a connection from the gateway to a guest, for a service of this computer. */
  connect(to: { readonly address: IpAddress; readonly port: number }, events: TcpConnection["events"]): TcpConnection | undefined {
    return this.#endpoint.connect(to, events);
  }

  get size(): { readonly tcp: number; readonly udp: number } {
    return { tcp: this.#tcp.size, udp: this.#udp.size };
  }

  /** Rules changed: what `decide` no longer allows ends now. */
  review(): void {
    for (const flow of [...this.#tcp]) if (this.#decide(flow.about).verdict !== "allow") flow.reset();
    this.#udp.review();
  }

  close(): void {
    for (const flow of [...this.#tcp]) flow.reset();
    this.#udp.close();
    this.#echo.close();
    this.forwards.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const REFUSALS = { refused: "refused", prohibited: "prohibited", noRoute: "networkUnreachable" } as const;

/** Of six bytes; a number holds them all. */
export const numberOf = (mac: Uint8Array): number => mac.reduce((sum, byte) => sum * 256 + byte, 0);

const flowOf = (opening: TcpOpening): NatFlow => ({
  protocol: "tcp",
  source: opening.remote,
  sourcePort: opening.remotePort,
  destination: opening.local,
  destinationPort: opening.localPort,
  mac: opening.mac,
});
