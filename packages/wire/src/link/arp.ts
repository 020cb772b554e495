// Address resolution for IPv4 over Ethernet: RFC 826; probes and announcements: RFC 5227.
//
//   hardware (2) │ protocol (2) │ 6 │ 4 │ operation (2) │ sender MAC (6) │ sender IP (4) │ target MAC (6) │ target IP (4)
import { type Malformed, readU16, writeU16 } from "../bytes.ts";

export const ARP_LENGTH = 28;
export const ARP_OPERATION = { request: 1, reply: 2 } as const;

/** A view of the packet. */
export interface ArpPacket {
  /** 1 request, 2 reply; others are of other protocols that share the format (RARP, InARP). */
  readonly operation: number;
  readonly senderMac: Uint8Array;
  readonly senderIp: Uint8Array;
  readonly targetMac: Uint8Array;
  readonly targetIp: Uint8Array;
}

export type ArpMalformed = "too_short" | "not_ethernet_ipv4";

/** `bytes`: what stands behind the Ethernet header; padding at the end is left alone. */
export function parseArp(bytes: Uint8Array): ArpPacket | Malformed<ArpMalformed> {
  if (bytes.length < ARP_LENGTH) return { malformed: "too_short" };
  if (readU16(bytes, 0) !== 1 || readU16(bytes, 2) !== 0x0800 || bytes[4] !== 6 || bytes[5] !== 4)
    return { malformed: "not_ethernet_ipv4" };
  return {
    operation: readU16(bytes, 6),
    senderMac: bytes.subarray(8, 14),
    senderIp: bytes.subarray(14, 18),
    targetMac: bytes.subarray(18, 24),
    targetIp: bytes.subarray(24, 28),
  };
}

export function serializeArp(packet: ArpPacket): Uint8Array {
  const bytes = new Uint8Array(ARP_LENGTH);
  bytes.set([0, 1, 8, 0, 6, 4]);
  writeU16(bytes, 6, packet.operation);
  bytes.set(packet.senderMac.subarray(0, 6), 8);
  bytes.set(packet.senderIp.subarray(0, 4), 14);
  bytes.set(packet.targetMac.subarray(0, 6), 18);
  bytes.set(packet.targetIp.subarray(0, 4), 24);
  return bytes;
}
