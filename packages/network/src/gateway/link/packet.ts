// An IP packet as the gateway looks at it: either version, with what a decision needs. A view.
import {
  ICMP,
  ICMPV6,
  IP_PROTOCOL,
  type Ipv4Packet,
  type Ipv6Packet,
  type Malformed,
  parseIpv4Packet,
  parseIpv6Packet,
  readU16,
  writeU16,
} from "@mimic/wire";
import type { EgressQuestion } from "../filter/decide-egress.ts";

export interface SeenPacket {
  readonly version: 4 | 6;
  /** The whole packet, header first. */
  readonly bytes: Uint8Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly hopLimit: number;
  readonly protocol: number;
  readonly kind: EgressQuestion["protocol"];
  /** 0 where there are none. For ICMP echo both are its identifier, so that answers find their flow. */
  readonly fromPort: number;
  readonly toPort: number;
  readonly payload: Uint8Array;
  /** Where the payload begins in `bytes`. */
  readonly payloadAt: number;
  /** Options or routing headers that ask for a way of their own, or that we do not look into. */
  readonly hasOptions: boolean;
  readonly fragment: { readonly id: number; readonly offset: number; readonly hasMore: boolean } | undefined;
}

export function seePacket(version: 4 | 6, bytes: Uint8Array): SeenPacket | Malformed {
  return version === 4 ? see4(bytes, parseIpv4Packet(bytes)) : see6(bytes, parseIpv6Packet(bytes));
}

function see4(bytes: Uint8Array, packet: Ipv4Packet | Malformed): SeenPacket | Malformed {
  if ("malformed" in packet) return packet;
  const { source, destination, protocol, ttl, payload, payloadAt, fragmentOffset, moreFragments } = packet;
  const isPiece = fragmentOffset > 0 || moreFragments;
  const end = payloadAt + payload.length;
  return {
    version: 4,
    bytes: end === bytes.length ? bytes : bytes.subarray(0, end),
    source,
    destination,
    hopLimit: ttl,
    protocol,
    ...portsOf(protocol, fragmentOffset > 0 ? undefined : payload),
    payload,
    payloadAt,
    hasOptions: packet.options.length > 0,
    fragment: isPiece ? { id: packet.identification, offset: fragmentOffset, hasMore: moreFragments } : undefined,
  };
}

function see6(bytes: Uint8Array, packet: Ipv6Packet | Malformed): SeenPacket | Malformed {
  if ("malformed" in packet) return packet;
  const { source, destination, protocol, hopLimit, payload, payloadAt, fragment } = packet;
  const end = payloadAt + payload.length;
  return {
    version: 6,
    bytes: end === bytes.length ? bytes : bytes.subarray(0, end),
    source,
    destination,
    hopLimit,
    protocol,
    ...portsOf(protocol, fragment && fragment.offset > 0 ? undefined : payload),
    payload,
    payloadAt,
    hasOptions: packet.isSourceRouted,
    fragment: fragment && { id: fragment.identification, offset: fragment.offset, hasMore: fragment.moreFragments },
  };
}

type Ports = Pick<SeenPacket, "kind" | "fromPort" | "toPort">;

function portsOf(protocol: number, payload: Uint8Array | undefined): Ports {
  const first = payload && payload.length >= 4 ? readU16(payload, 0) : 0;
  const second = payload && payload.length >= 4 ? readU16(payload, 2) : 0;
  switch (protocol) {
    case IP_PROTOCOL.tcp:
      return { kind: "tcp", fromPort: first, toPort: second };
    case IP_PROTOCOL.udp:
      return { kind: "udp", fromPort: first, toPort: second };
    case IP_PROTOCOL.icmp:
    case IP_PROTOCOL.icmpv6: {
      const type = payload?.[0] ?? 0;
      const isEcho = type === ICMP.echo || type === ICMP.echoReply || type === ICMPV6.echo || type === ICMPV6.echoReply;
      const identifier = isEcho && payload && payload.length >= 6 ? readU16(payload, 4) : 0;
      return { kind: "icmp", fromPort: identifier, toPort: identifier };
    }
    default:
      return { kind: "other", fromPort: 0, toPort: 0 };
  }
}

/** Takes one off the hop limit in place; the IPv4 checksum follows (RFC 1624 §3). */
export function decrementHopLimit(version: 4 | 6, packet: Uint8Array): void {
  if (version === 6) {
    packet[7] = (packet[7] ?? 1) - 1;
    return;
  }
  packet[8] = (packet[8] ?? 1) - 1;
  // The word of TTL and protocol shrank by 0x0100, so the complement grows by it, with the carry around the end.
  const sum = readU16(packet, 10) + 0x0100;
  writeU16(packet, 10, (sum & 0xffff) + (sum >> 16));
}
