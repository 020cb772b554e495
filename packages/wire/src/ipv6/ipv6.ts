// IPv6 packets (RFC 8200 §3) and the extension headers before what they carry (§4).
//
//   │Version│ Traffic Class │           Flow Label                  │
//   │         Payload Length        │  Next Header  │   Hop Limit   │
//   │                    Source (16), Destination (16)              │
import { type Malformed, readU16, readU32, writeU16, writeU32 } from "../bytes.ts";
import { IP_PROTOCOL } from "../ipv4/index.ts";

export const IPV6_HEADER = 40;
/** More extension headers than these are nothing that an honest host sends, and depth must have an end. */
export const MOST_EXTENSIONS = 4;

/** A view: addresses and payload lie in the packet's own bytes. */
export interface Ipv6Packet {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly trafficClass: number;
  readonly flowLabel: number;
  readonly hopLimit: number;
  /** Behind all extension headers: what the payload is (RFC 8200 §4). */
  readonly protocol: number;
  readonly fragment: Ipv6Fragment | undefined;
  /** There was a routing header with segments left: nobody of ours follows it (RFC 5095). */
  readonly isSourceRouted: boolean;
  readonly payload: Uint8Array;
  /** Where the payload begins. */
  readonly payloadAt: number;
}

export interface Ipv6Fragment {
  readonly identification: number;
  /** In bytes. */
  readonly offset: number;
  readonly moreFragments: boolean;
  /** Where the fragment header stands, and where the number that announces it does: both go when the packet is put together. */
  readonly headerAt: number;
  readonly announcedAt: number;
}

export type Ipv6Malformed =
  | "too_short"
  | "not_ipv6"
  | "length_truncated"
  | "extension_truncated"
  | "too_many_extensions"
  | "fragment_too_long";

export function parseIpv6Packet(bytes: Uint8Array): Ipv6Packet | Malformed<Ipv6Malformed> {
  if (bytes.length < IPV6_HEADER) return { malformed: "too_short" };
  if ((bytes[0] as number) >> 4 !== 6) return { malformed: "not_ipv6" };
  const end = IPV6_HEADER + readU16(bytes, 4);
  if (end > bytes.length) return { malformed: "length_truncated" };
  const chain = parseExtensions(bytes, end);
  if ("malformed" in chain) return chain;
  return {
    source: bytes.subarray(8, 24),
    destination: bytes.subarray(24, 40),
    trafficClass: (readU16(bytes, 0) >> 4) & 0xff,
    flowLabel: readU32(bytes, 0) & 0xfffff,
    hopLimit: bytes[7] as number,
    ...chain,
    payload: bytes.subarray(chain.payloadAt, end),
  };
}

type Chain = Pick<Ipv6Packet, "protocol" | "fragment" | "isSourceRouted" | "payloadAt">;

function parseExtensions(bytes: Uint8Array, end: number): Chain | Malformed<Ipv6Malformed> {
  let protocol = bytes[6] as number;
  let announcedAt = 6;
  let at = IPV6_HEADER;
  let isSourceRouted = false;
  for (let count = 0; ; count++) {
    const isFragment = protocol === IP_PROTOCOL.fragment;
    const isOther = protocol === IP_PROTOCOL.hopByHop || protocol === IP_PROTOCOL.routing || protocol === IP_PROTOCOL.destinationOptions;
    if (!isFragment && !isOther) return { protocol, fragment: undefined, isSourceRouted, payloadAt: at };
    if (count === MOST_EXTENSIONS) return { malformed: "too_many_extensions" };
    const length = isFragment ? 8 : ((bytes[at + 1] ?? 0) + 1) * 8;
    if (at + length > end) return { malformed: "extension_truncated" };
    if (protocol === IP_PROTOCOL.routing && bytes[at + 3] !== 0) isSourceRouted = true;
    if (isFragment) {
      const control = readU16(bytes, at + 2);
      const offset = control & 0xfff8;
      if (offset + end - at - length > 65_535) return { malformed: "fragment_too_long" };
      const fragment = { identification: readU32(bytes, at + 4), offset, moreFragments: (control & 1) !== 0, headerAt: at, announcedAt };
      // Behind it lies a piece of something: nothing more can be read.
      return { protocol: bytes[at] as number, fragment, isSourceRouted, payloadAt: at + length };
    }
    announcedAt = at;
    protocol = bytes[at] as number;
    at += length;
  }
}

export interface Ipv6Parts {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  readonly fragment?: { readonly identification: number; readonly offset: number; readonly moreFragments: boolean };
}

/** A new packet, with a fragment header when the parts have one. */
export function serializeIpv6Packet(parts: Ipv6Parts): Uint8Array {
  const { fragment } = parts;
  const payloadAt = IPV6_HEADER + (fragment ? 8 : 0);
  const packet = new Uint8Array(payloadAt + parts.payload.length);
  writeU32(packet, 0, (0x6000_0000 | ((parts.trafficClass ?? 0) << 20) | ((parts.flowLabel ?? 0) & 0xfffff)) >>> 0);
  writeU16(packet, 4, packet.length - IPV6_HEADER);
  packet[6] = fragment ? IP_PROTOCOL.fragment : parts.protocol;
  packet[7] = parts.hopLimit ?? 64;
  packet.set(parts.source.subarray(0, 16), 8);
  packet.set(parts.destination.subarray(0, 16), 24);
  if (fragment) {
    packet[IPV6_HEADER] = parts.protocol;
    writeU16(packet, IPV6_HEADER + 2, (fragment.offset & 0xfff8) | (fragment.moreFragments ? 1 : 0));
    writeU32(packet, IPV6_HEADER + 4, fragment.identification);
  }
  packet.set(parts.payload, payloadAt);
  return packet;
}
