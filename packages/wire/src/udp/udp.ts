// UDP datagrams (RFC 768; over IPv6 RFC 8200 §8.1, where the checksum is a must).
import { type Malformed, readU16, writeU16 } from "../bytes.ts";
import { checksumOf, pseudoHeaderSum } from "../checksum/index.ts";
import { IP_PROTOCOL } from "../ipv4/index.ts";

export const UDP_HEADER = 8;

/** A view: the payload lies in the datagram's own bytes. */
export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

export type UdpMalformed = "too_short" | "bad_length" | "bad_checksum" | "no_checksum";

/** Addresses of 4 or 16 bytes, from the IP header: the checksum covers them. */
export function parseUdp(bytes: Uint8Array, source: Uint8Array, destination: Uint8Array): UdpDatagram | Malformed<UdpMalformed> {
  if (bytes.length < UDP_HEADER) return { malformed: "too_short" };
  const length = readU16(bytes, 4);
  if (length < UDP_HEADER || length > bytes.length) return { malformed: "bad_length" };
  if (readU16(bytes, 6) === 0) {
    if (source.length === 16) return { malformed: "no_checksum" };
  } else if (checksumOf(bytes, 0, length, pseudoHeaderSum(source, destination, IP_PROTOCOL.udp, length)) !== 0) {
    return { malformed: "bad_checksum" };
  }
  return { sourcePort: readU16(bytes, 0), destinationPort: readU16(bytes, 2), payload: bytes.subarray(UDP_HEADER, length) };
}

export function serializeUdp(datagram: UdpDatagram, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(UDP_HEADER + datagram.payload.length);
  writeU16(bytes, 0, datagram.sourcePort);
  writeU16(bytes, 2, datagram.destinationPort);
  writeU16(bytes, 4, bytes.length);
  bytes.set(datagram.payload, UDP_HEADER);
  const sum = checksumOf(bytes, 0, bytes.length, pseudoHeaderSum(source, destination, IP_PROTOCOL.udp, bytes.length));
  // A sum of zero is sent as all ones: zero means “not computed”.
  writeU16(bytes, 6, sum === 0 ? 0xffff : sum);
  return bytes;
}
