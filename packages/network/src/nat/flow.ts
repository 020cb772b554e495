// What is asked and decided about each flow that a guest begins, and how many there may be.
import type { Endpoint, IpAddress, TcpOpening } from "@mimic/tcpip";
import type { DialTarget, HostSide } from "./host-side.ts";

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

export interface NatCounters {
  tcpFlows: number;
  udpFlows: number;
  echoes: number;
  dropped: number;
  rejected: number;
  /** Not dialled, since there were too many already. */
  tooMany: number;
}

export interface FlowParts {
  readonly endpoint: Endpoint;
  readonly host: HostSide;
  readonly decide: (flow: NatFlow) => NatDecision;
  readonly limits: NatLimits;
  readonly counters: NatCounters;
  /** This computer has no way to ping. The start of the packet that asked for it, and its sender; valid during the call. */
  readonly cannotPing: ((packet: Uint8Array, mac: Uint8Array) => void) | undefined;
}

/** Of six bytes; a number holds them all. */
export const numberOf = (mac: Uint8Array): number => mac.reduce((sum, byte) => sum * 256 + byte, 0);
