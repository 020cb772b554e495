// IPv4 packets (RFC 791 §3.1).
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   │Version│  IHL  │ DSCP and ECN  │          Total Length         │
//   │         Identification        │Flags│      Fragment Offset    │
//   │  Time to Live │    Protocol   │         Header Checksum       │
//   │                        Source, Destination                    │
//   │                        Options …                              │
import { type Malformed, readU16, writeU16 } from "../bytes.ts";
import { checksumOf } from "../checksum/index.ts";

export const IPV4_HEADER = 20;

/** Assigned protocol numbers, and for IPv6 next headers (RFC 5237). */
export const IP_PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  routing: 43,
  fragment: 44,
  icmpv6: 58,
  noNextHeader: 59,
  destinationOptions: 60,
} as const;

/** A view: addresses, options and payload lie in the packet's own bytes. */
export interface Ipv4Packet {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly ttl: number;
  /** DSCP and ECN (RFC 2474, RFC 3168). */
  readonly trafficClass: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In bytes. */
  readonly fragmentOffset: number;
  readonly options: Uint8Array;
  readonly payload: Uint8Array;
  /** Where the payload begins. */
  readonly payloadAt: number;
}

export type Ipv4Malformed = "too_short" | "not_ipv4" | "bad_header_length" | "length_truncated" | "bad_checksum" | "fragment_too_long";

/** Bytes behind the total length, such as Ethernet's padding, are left out. */
export function parseIpv4Packet(bytes: Uint8Array): Ipv4Packet | Malformed<Ipv4Malformed> {
  if (bytes.length < IPV4_HEADER) return { malformed: "too_short" };
  const first = bytes[0] as number;
  if (first >> 4 !== 4) return { malformed: "not_ipv4" };
  const payloadAt = (first & 15) * 4;
  const totalLength = readU16(bytes, 2);
  if (payloadAt < IPV4_HEADER || payloadAt > totalLength) return { malformed: "bad_header_length" };
  if (totalLength > bytes.length) return { malformed: "length_truncated" };
  if (checksumOf(bytes, 0, payloadAt) !== 0) return { malformed: "bad_checksum" };
  const fragment = readU16(bytes, 6);
  const fragmentOffset = (fragment & 0x1fff) * 8;
  // “Ping of death”: a fragment that would end behind the largest packet.
  if (fragmentOffset + totalLength - payloadAt > 65_535) return { malformed: "fragment_too_long" };
  return {
    source: bytes.subarray(12, 16),
    destination: bytes.subarray(16, 20),
    protocol: bytes[9] as number,
    ttl: bytes[8] as number,
    trafficClass: bytes[1] as number,
    identification: readU16(bytes, 4),
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset,
    options: bytes.subarray(IPV4_HEADER, payloadAt),
    payload: bytes.subarray(payloadAt, totalLength),
    payloadAt,
  };
}

export interface Ipv4Parts {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly ttl?: number;
  readonly trafficClass?: number;
  readonly identification?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  /** At most 40 bytes; filled up with zeros to a multiple of 4. */
  readonly options?: Uint8Array;
}

/** A new packet with its checksum. The payload's own checksum is its maker's. */
export function serializeIpv4Packet(parts: Ipv4Parts): Uint8Array {
  const options = parts.options ?? new Uint8Array(0);
  const payloadAt = IPV4_HEADER + ((Math.min(options.length, 40) + 3) & ~3);
  const packet = new Uint8Array(payloadAt + parts.payload.length);
  packet[0] = 0x40 | (payloadAt >> 2);
  packet[1] = parts.trafficClass ?? 0;
  writeU16(packet, 2, packet.length);
  writeU16(packet, 4, parts.identification ?? 0);
  const flags = (parts.dontFragment ? 0x4000 : 0) | (parts.moreFragments ? 0x2000 : 0);
  writeU16(packet, 6, flags | ((parts.fragmentOffset ?? 0) >> 3));
  packet[8] = parts.ttl ?? 64;
  packet[9] = parts.protocol;
  packet.set(parts.source.subarray(0, 4), 12);
  packet.set(parts.destination.subarray(0, 4), 16);
  packet.set(options.subarray(0, 40), IPV4_HEADER);
  writeU16(packet, 10, checksumOf(packet, 0, payloadAt));
  packet.set(parts.payload, payloadAt);
  return packet;
}
