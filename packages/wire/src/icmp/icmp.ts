// ICMP (RFC 792) and the error and echo messages of ICMPv6 (RFC 4443); neighbour discovery is in ../ndp.
//
//   │     Type      │     Code      │          Checksum             │
//   │  Identifier and sequence number, or MTU, or unused            │
//   │  Echo data, or the beginning of the packet that it is about   │
import { type Malformed, readU32, writeU16, writeU32 } from "../bytes.ts";
import { checksumOf, pseudoHeaderSum } from "../checksum/index.ts";
import { IP_PROTOCOL } from "../ipv4/index.ts";

export const ICMP_HEADER = 8;

/** RFC 792; codes RFC 1122 §3.2.2.1 and RFC 1812 §5.2.7.1. */
export const ICMP = {
  echoReply: 0,
  unreachable: 3,
  redirect: 5,
  echo: 8,
  timeExceeded: 11,
  parameterProblem: 12,
} as const;

export const ICMP_UNREACHABLE = { network: 0, host: 1, protocol: 2, port: 3, fragmentationNeeded: 4, prohibited: 13 } as const;

/** RFC 4443 §2.1. */
export const ICMPV6 = { unreachable: 1, packetTooBig: 2, timeExceeded: 3, parameterProblem: 4, echo: 128, echoReply: 129 } as const;

export const ICMPV6_UNREACHABLE = { noRoute: 0, prohibited: 1, address: 3, port: 4, policy: 5, reject: 6 } as const;

/** A view: the body lies in the message's own bytes. */
export interface IcmpMessage {
  readonly type: number;
  readonly code: number;
  /** The four bytes behind the checksum, as one number. */
  readonly rest: number;
  /** Echo data, or the packet that the error is about (cut off). */
  readonly body: Uint8Array;
}

export type IcmpMalformed = "too_short" | "bad_checksum";

export function parseIcmp(bytes: Uint8Array): IcmpMessage | Malformed<IcmpMalformed> {
  if (bytes.length < ICMP_HEADER) return { malformed: "too_short" };
  if (checksumOf(bytes) !== 0) return { malformed: "bad_checksum" };
  return viewOf(bytes);
}

/** Its checksum covers the pseudo header too (RFC 4443 §2.3). */
export function parseIcmpv6(bytes: Uint8Array, source: Uint8Array, destination: Uint8Array): IcmpMessage | Malformed<IcmpMalformed> {
  if (bytes.length < ICMP_HEADER) return { malformed: "too_short" };
  const pseudo = pseudoHeaderSum(source, destination, IP_PROTOCOL.icmpv6, bytes.length);
  if (checksumOf(bytes, 0, bytes.length, pseudo) !== 0) return { malformed: "bad_checksum" };
  return viewOf(bytes);
}

const viewOf = (bytes: Uint8Array): IcmpMessage => ({
  type: bytes[0] as number,
  code: bytes[1] as number,
  rest: readU32(bytes, 4),
  body: bytes.subarray(ICMP_HEADER),
});

export interface IcmpParts {
  readonly type: number;
  readonly code?: number;
  readonly rest?: number;
  readonly body?: Uint8Array;
}

export function serializeIcmp(parts: IcmpParts): Uint8Array {
  const message = withoutChecksum(parts);
  writeU16(message, 2, checksumOf(message));
  return message;
}

export function serializeIcmpv6(parts: IcmpParts, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const message = withoutChecksum(parts);
  const pseudo = pseudoHeaderSum(source, destination, IP_PROTOCOL.icmpv6, message.length);
  writeU16(message, 2, checksumOf(message, 0, message.length, pseudo));
  return message;
}

function withoutChecksum({ type, code = 0, rest = 0, body }: IcmpParts): Uint8Array {
  const message = new Uint8Array(ICMP_HEADER + (body?.length ?? 0));
  message[0] = type;
  message[1] = code;
  writeU32(message, 4, rest);
  if (body) message.set(body, ICMP_HEADER);
  return message;
}

/** Identifier and sequence number of an echo. */
export const echoOf = (message: IcmpMessage): { identifier: number; sequence: number } => ({
  identifier: message.rest >>> 16,
  sequence: message.rest & 0xffff,
});

/** Errors are never answered with errors (RFC 1122 §3.2.2, RFC 4443 §2.4 e). `message` begins with type and code. */
export function isIcmpError(message: Uint8Array, at = 0): boolean {
  const type = message[at] ?? 0;
  return type === ICMP.unreachable || type === 4 || type === ICMP.redirect || type === ICMP.timeExceeded || type === ICMP.parameterProblem;
}

export const isIcmpv6Error = (message: Uint8Array, at = 0): boolean => (message[at] ?? 0) < 128;

/** The next-hop MTU of “fragmentation needed” (RFC 1191 §4) or “packet too big” (RFC 4443 §3.2). */
export const mtuOf = (message: IcmpMessage, version: 4 | 6): number => (version === 4 ? message.rest & 0xffff : message.rest);

/** As `rest`: for serializing echoes. */
export const restOfEcho = (identifier: number, sequence: number): number => ((identifier << 16) | (sequence & 0xffff)) >>> 0;
