// What an endpoint is given, and what it tells its owner.
import type { Random } from "@mimic/base";
import type { IpAddress } from "./address.ts";
import type { Packet } from "./packet.ts";
import type { Transmit } from "./run-writer.ts";
import type { Scheduler } from "./scheduler.ts";
import type { TcpOpening } from "./tcp/opening.ts";
import type { StackLimits } from "./tcp/stack.ts";

export interface OwnAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export interface EndpointOptions {
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** Of the link, without Ethernet header and tag. */
  readonly mtu?: number;
  /** Frames get this tag, and only frames with it are read. Absent = no tags. */
  readonly vlan?: number | undefined;
  readonly addresses: readonly OwnAddress[];
  /** every = what comes for anybody else's address is answered as if it were ours. ARP and neighbour discovery speak for our own only. */
  readonly answersFor: "own" | "every";
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Takes runs: records of a 4-byte big-endian length and a frame. Called only from `flush` and from timers, never from `input`. */
  readonly transmit: Transmit;
  readonly limits?: Partial<EndpointLimits>;
  /**
   * Finds whose an address is, where somebody else does that for the link; may call at once. Absent = the endpoint asks itself, by
   * ARP and neighbour discovery.
   */
  readonly resolve?: (address: IpAddress, found: (mac: Uint8Array | undefined) => void) => void;
}

export interface EndpointLimits extends StackLimits {
  /** Of all connections together. */
  readonly mostMemoryBytes: number;
  readonly icmpErrorsPerSecond: number;
}

export interface UdpArrival {
  readonly source: IpAddress;
  readonly sourcePort: number;
  readonly destination: IpAddress;
  readonly destinationPort: number;
  /** A view, valid during the call. */
  readonly payload: Uint8Array;
  readonly mac: Uint8Array;
  /** Sent to a group, or broadcast. */
  readonly isGroup: boolean;
  readonly packet: Packet;
}

export interface EchoArrival {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly identifier: number;
  readonly sequence: number;
  /** A view, valid during the call. */
  readonly data: Uint8Array;
  readonly ttl: number;
  readonly mac: Uint8Array;
  readonly packet: Packet;
}

/** Who is asked; all are called from within `input`. What is absent is refused as a host without such a service does. */
export interface EndpointEvents {
  /** A peer wants a TCP connection, with one of our addresses or, where we answer for every one, with anybody's. */
  opening?(opening: TcpOpening): void;
  /** False = nobody is there: the sender hears “port unreachable”. */
  udp?(arrival: UdpArrival): boolean;
  /** An echo to somebody else's address (our own are answered without asking). False = dropped. */
  echo?(arrival: EchoArrival): boolean;
  /**
   * A packet to somebody else's address that belongs to no connection of ours, before anything else is done with it. True = it
   * was dealt with (routed, or dropped for a reason).
   */
  foreign?(packet: Packet): boolean;
  /** Any other ICMP message: router solicitations, errors about our datagrams, multicast listeners. */
  icmp?(packet: Packet): void;
  /** Protocols other than TCP, UDP and ICMP, to us or to a group. */
  other?(packet: Packet): void;
}

export interface EndpointCounters {
  framesIn: number;
  /** Not for us, or of a kind that we do not speak. */
  ignored: number;
  malformed: number;
  badChecksums: number;
  sourceRouted: number;
  badSource: number;
  complaintsSuppressed: number;
}
