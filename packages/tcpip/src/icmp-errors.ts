// ICMP errors that we send: the same wishes in the words of both versions (RFC 792, RFC 1812 §4.3.2; RFC 4443 §3), not too many
// of them (RFC 4443 §2.4 f), and never about what must not be answered (RFC 1122 §3.2.2).
import { ICMP, ICMP_UNREACHABLE, ICMPV6, ICMPV6_UNREACHABLE, IP_PROTOCOL, isIcmpError, isIcmpv6Error, parseIpv6Packet } from "@mimic/wire";

export type Complaint =
  | { readonly about: "portUnreachable" | "hostUnreachable" | "networkUnreachable" | "prohibited" | "timeExceeded" }
  /** The MTU that would do. */
  | { readonly about: "tooBig"; readonly mtu: number };

export interface IcmpError {
  readonly type: number;
  readonly code: number;
  readonly rest: number;
}

export function icmpErrorOf(complaint: Complaint, version: 4 | 6): IcmpError {
  const isV4 = version === 4;
  const unreachable = (v4: number, v6: number): IcmpError => ({
    type: isV4 ? ICMP.unreachable : ICMPV6.unreachable,
    code: isV4 ? v4 : v6,
    rest: 0,
  });
  switch (complaint.about) {
    case "portUnreachable":
      return unreachable(ICMP_UNREACHABLE.port, ICMPV6_UNREACHABLE.port);
    case "hostUnreachable":
      return unreachable(ICMP_UNREACHABLE.host, ICMPV6_UNREACHABLE.address);
    case "networkUnreachable":
      return unreachable(ICMP_UNREACHABLE.network, ICMPV6_UNREACHABLE.noRoute);
    case "prohibited":
      return unreachable(ICMP_UNREACHABLE.prohibited, ICMPV6_UNREACHABLE.prohibited);
    case "timeExceeded":
      return { type: isV4 ? ICMP.timeExceeded : ICMPV6.timeExceeded, code: 0, rest: 0 };
    case "tooBig":
      return isV4
        ? { type: ICMP.unreachable, code: ICMP_UNREACHABLE.fragmentationNeeded, rest: complaint.mtu }
        : { type: ICMPV6.packetTooBig, code: 0, rest: complaint.mtu };
  }
}

/** As much of the packet as goes along (RFC 1812 §4.3.2.3: 576 bytes in all; RFC 4443 §2.4 c: the least MTU). */
export const quoteOf = (packet: Uint8Array, version: 4 | 6): Uint8Array => packet.subarray(0, version === 4 ? 548 : 1232);

/** The packet is whole or at least its headers are; it came to us alone. */
export function mayComplain(packet: Uint8Array, version: 4 | 6): boolean {
  if (version === 4) {
    // Not about later fragments, nor to “this network”.
    const isLater = (((packet[6] ?? 0) & 0x1f) | (packet[7] ?? 0)) !== 0;
    const at = ((packet[0] ?? 0) & 15) * 4;
    return !isLater && packet[12] !== 0 && !(packet[9] === IP_PROTOCOL.icmp && isIcmpError(packet, at));
  }
  const parsed = parseIpv6Packet(packet);
  if ("malformed" in parsed) return packet[6] !== IP_PROTOCOL.icmpv6 || !isIcmpv6Error(packet, 40);
  if (parsed.fragment && parsed.fragment.offset > 0) return false;
  return parsed.protocol !== IP_PROTOCOL.icmpv6 || !isIcmpv6Error(packet, parsed.payloadAt);
}

/** A bucket of tokens. */
export class ComplaintLimit {
  readonly #perSecond: number;
  #left: number;
  #sinceMs = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  take(nowMs: number): boolean {
    this.#left = Math.min(this.#perSecond, this.#left + ((nowMs - this.#sinceMs) / 1000) * this.#perSecond);
    this.#sinceMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
