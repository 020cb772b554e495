// What a sender is told about a packet that does not go on (RFC 792, RFC 1812 §4.3; RFC 4443 §3). Errors about errors, about
// fragments other than the first, and about or from group addresses are never sent (RFC 1122 §3.2.2, RFC 4443 §2.4).
import {
  ICMP,
  ICMP_UNREACHABLE,
  ICMPV6,
  ICMPV6_UNREACHABLE,
  IP_PROTOCOL,
  isIcmpError,
  isIcmpv6Error,
  isMulticastIpv4,
  isMulticastIpv6,
  serializeIcmp,
  serializeIcmpv6,
  serializeIpv4Packet,
  serializeIpv6Packet,
} from "@mimic/wire";
import type { SeenPacket } from "./packet.ts";

export type IcmpReason = "prohibited" | "portUnreachable" | "hostUnreachable" | "noRoute" | "timeExceeded" | { readonly tooBigFor: number };

const V4 = {
  prohibited: [ICMP.unreachable, ICMP_UNREACHABLE.prohibited],
  portUnreachable: [ICMP.unreachable, ICMP_UNREACHABLE.port],
  hostUnreachable: [ICMP.unreachable, ICMP_UNREACHABLE.host],
  noRoute: [ICMP.unreachable, ICMP_UNREACHABLE.network],
  timeExceeded: [ICMP.timeExceeded, 0],
} as const;
const V6 = {
  prohibited: [ICMPV6.unreachable, ICMPV6_UNREACHABLE.prohibited],
  portUnreachable: [ICMPV6.unreachable, ICMPV6_UNREACHABLE.port],
  hostUnreachable: [ICMPV6.unreachable, ICMPV6_UNREACHABLE.address],
  noRoute: [ICMPV6.unreachable, ICMPV6_UNREACHABLE.noRoute],
  timeExceeded: [ICMPV6.timeExceeded, 0],
} as const;

/** As much of the packet as routers give back: RFC 1812 §4.3.2.3 (up to 576 bytes), RFC 4443 §2.4 c (up to 1280). */
const MOST_QUOTED = { 4: 548, 6: 1232 } as const;

/** The error as a whole IP packet from `own`; undefined where none may be sent. */
export function icmpErrorFor(packet: SeenPacket, reason: IcmpReason, own: Uint8Array): Uint8Array | undefined {
  if (!mayBeTold(packet) || own.length !== packet.source.length) return undefined;
  const body = packet.bytes.subarray(0, MOST_QUOTED[packet.version]);
  const to = packet.source;
  if (packet.version === 4) {
    const [type, code] = typeof reason === "string" ? V4[reason] : [ICMP.unreachable, ICMP_UNREACHABLE.fragmentationNeeded];
    const rest = typeof reason === "string" ? 0 : reason.tooBigFor;
    return serializeIpv4Packet({
      source: own,
      destination: to,
      protocol: IP_PROTOCOL.icmp,
      payload: serializeIcmp({ type, code, rest, body }),
    });
  }
  const [type, code] = typeof reason === "string" ? V6[reason] : [ICMPV6.packetTooBig, 0];
  const rest = typeof reason === "string" ? 0 : reason.tooBigFor;
  const payload = serializeIcmpv6({ type, code, rest, body }, own, to);
  return serializeIpv6Packet({ source: own, destination: to, protocol: IP_PROTOCOL.icmpv6, payload });
}

function mayBeTold({ version, source, destination, protocol, payload, fragment }: SeenPacket): boolean {
  if (fragment && fragment.offset > 0) return false;
  if (version === 4) {
    if (protocol === IP_PROTOCOL.icmp && isIcmpError(payload)) return false;
    return !isMulticastIpv4(destination) && destination[3] !== 255 && !isMulticastIpv4(source) && source[0] !== 0 && source[0] !== 127;
  }
  if (protocol === IP_PROTOCOL.icmpv6 && isIcmpv6Error(payload)) return false;
  return !isMulticastIpv6(destination) && !isMulticastIpv6(source) && source.some((byte) => byte !== 0);
}
