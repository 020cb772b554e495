// “Fragmentation needed” (RFC 792, RFC 1191 §4) and “packet too big” (RFC 4443 §3.2): whose segment is quoted, and what is said.
import { ICMP, ICMP_UNREACHABLE, ICMPV6, IP_PROTOCOL, readU16, readU32 } from "@mimic/wire";
import { IpAddress } from "./address.ts";
import type { Packet } from "./packet.ts";
import { FlowKey } from "./tcp/flow-table.ts";
import type { TcpStack } from "./tcp/stack.ts";

const ICMP_HEADER = 8;
/** Ports and sequence number: what every router gives back at least. */
const QUOTED_TCP = 8;

export function isTooBig({ bytes, payloadAt, version }: Packet): boolean {
  const type = bytes[payloadAt];
  if (version === 6) return type === ICMPV6.packetTooBig;
  return type === ICMP.unreachable && bytes[payloadAt + 1] === ICMP_UNREACHABLE.fragmentationNeeded;
}

/** The checksum is right and eight bytes are there; the rest may be anything. */
export function arriveTooBig({ bytes, payloadAt, end, version }: Packet, tcp: TcpStack): void {
  const mtu = version === 4 ? readU16(bytes, payloadAt + 6) : readU32(bytes, payloadAt + 4);
  const quoted = bytes.subarray(payloadAt + ICMP_HEADER, end);
  const isV4 = version === 4;
  const tcpAt = isV4 ? ((quoted[0] ?? 0) & 15) * 4 : 40;
  if (tcpAt < 20 || quoted.length < tcpAt + QUOTED_TCP || (quoted[0] as number) >> 4 !== version) return;
  if (quoted[isV4 ? 9 : 6] !== IP_PROTOCOL.tcp) return;
  const [sourceAt, size] = isV4 ? [12, 4] : [8, 16];
  const local = IpAddress.at(quoted, sourceAt, size);
  const remote = IpAddress.at(quoted, sourceAt + size, size);
  const key = new FlowKey().set(local, readU16(quoted, tcpAt), remote, readU16(quoted, tcpAt + 2));
  const quotedLength = isV4 ? readU16(quoted, 2) : 40 + readU16(quoted, 4);
  tcp.tooBig(key, { mtu, quotedLength, sequence: readU32(quoted, tcpAt + 4) | 0 });
}
