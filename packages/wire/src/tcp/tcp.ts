// TCP segments (RFC 9293 §3.1).
//
//   │          Source Port          │       Destination Port        │
//   │                        Sequence Number                        │
//   │                    Acknowledgement Number                     │
//   │ Offset│ 0 │ flags             │            Window             │
//   │           Checksum            │         Urgent Pointer        │
//   │                           Options …                           │
import { type Malformed, readU16, readU32, writeU16, writeU32 } from "../bytes.ts";
import { checksumOf, pseudoHeaderSum } from "../checksum/index.ts";
import { IP_PROTOCOL } from "../ipv4/index.ts";
import { parseTcpOptions, serializeTcpOptions, type TcpOptions } from "./options.ts";

export const TCP_HEADER = 20;

export const TCP_FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

/** A view: the payload lies in the segment's own bytes. */
export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Unsigned 32-bit numbers. */
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Bits of TCP_FLAG. */
  readonly flags: number;
  /** As it stands in the header, not scaled. */
  readonly window: number;
  readonly options: TcpOptions;
  readonly payload: Uint8Array;
}

export type TcpMalformed = "too_short" | "bad_header_length" | "bad_checksum";

/** Addresses of 4 or 16 bytes, from the IP header: the checksum covers them. */
export function parseTcp(bytes: Uint8Array, source: Uint8Array, destination: Uint8Array): TcpSegment | Malformed<TcpMalformed> {
  if (bytes.length < TCP_HEADER) return { malformed: "too_short" };
  const payloadAt = ((bytes[12] as number) >> 4) * 4;
  if (payloadAt < TCP_HEADER || payloadAt > bytes.length) return { malformed: "bad_header_length" };
  const pseudo = pseudoHeaderSum(source, destination, IP_PROTOCOL.tcp, bytes.length);
  if (checksumOf(bytes, 0, bytes.length, pseudo) !== 0) return { malformed: "bad_checksum" };
  return {
    sourcePort: readU16(bytes, 0),
    destinationPort: readU16(bytes, 2),
    sequence: readU32(bytes, 4),
    acknowledgement: readU32(bytes, 8),
    flags: bytes[13] as number,
    window: readU16(bytes, 14),
    options: parseTcpOptions(bytes.subarray(TCP_HEADER, payloadAt)),
    payload: bytes.subarray(payloadAt),
  };
}

export type TcpParts = Omit<TcpSegment, "options" | "payload"> & { readonly options?: TcpOptions; readonly payload?: Uint8Array };

export function serializeTcp(parts: TcpParts, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const options = serializeTcpOptions(parts.options ?? {});
  const payloadAt = TCP_HEADER + options.length;
  const bytes = new Uint8Array(payloadAt + (parts.payload?.length ?? 0));
  writeU16(bytes, 0, parts.sourcePort);
  writeU16(bytes, 2, parts.destinationPort);
  writeU32(bytes, 4, parts.sequence);
  writeU32(bytes, 8, parts.acknowledgement);
  bytes[12] = (payloadAt >> 2) << 4;
  bytes[13] = parts.flags;
  writeU16(bytes, 14, parts.window);
  bytes.set(options, TCP_HEADER);
  if (parts.payload) bytes.set(parts.payload, payloadAt);
  writeU16(bytes, 16, checksumOf(bytes, 0, bytes.length, pseudoHeaderSum(source, destination, IP_PROTOCOL.tcp, bytes.length)));
  return bytes;
}

/** “SYN ACK”, for people. */
export function tcpFlagsText(flags: number): string {
  const names = Object.entries(TCP_FLAG).filter(([, bit]) => (flags & bit) !== 0);
  return names.map(([name]) => name.toUpperCase()).join(" ");
}
