// Address translation: what guests want of the world outside is done with sockets of this computer. Nothing is dialled that
// `decide` did not allow. IPv4 and IPv6 are the same here; a NAT serves one endpoint, which answers for every address.
import type { Endpoint, IpAddress, TcpConnection, TcpOpening } from "@mimic/tcpip";
import { EchoFlows } from "./echo-flows.ts";
import { type FlowParts, NAT_LIMITS, type NatCounters, type NatDecision, type NatFlow, type NatLimits, numberOf } from "./flow.ts";
import { Forwards } from "./forwards.ts";
import type { DialTarget, HostSide } from "./host-side.ts";
import { TcpFlow } from "./tcp-flow.ts";
import { UdpFlows } from "./udp-flows.ts";

export interface NatOptions {
  readonly endpoint: Endpoint;
  readonly host: HostSide;
  readonly decide: (flow: NatFlow) => NatDecision;
  readonly limits?: Partial<NatLimits>;
  readonly cannotPing?: FlowParts["cannotPing"];
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
      cannotPing: options.cannotPing,
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

const flowOf = (opening: TcpOpening): NatFlow => ({
  protocol: "tcp",
  source: opening.remote,
  sourcePort: opening.remotePort,
  destination: opening.local,
  destinationPort: opening.localPort,
  mac: opening.mac,
});
