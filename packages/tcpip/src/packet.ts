// A received IP packet while it is looked at. One object serves all packets, one after the other; what is to be kept is
// copied out of it.
import { IP_PROTOCOL, IPV4_HEADER, IPV6_HEADER, parseIpv6Packet, readU16, sumOf } from "@mimic/wire";
import { IpAddress, wordAt } from "./address.ts";
import type { FlowKey } from "./tcp/flow-table.ts";

const NOTHING = new Uint8Array(0);

export class Packet {
  bytes: Uint8Array = NOTHING;
  /** Where the packet begins and ends in `bytes`, and where what it carries begins. */
  at = 0;
  end = 0;
  payloadAt = 0;
  version: 4 | 6 = 4;
  /** Of what it carries, behind extension headers. */
  protocol = 0;
  ttl = 0;
  isFragment = false;
  /** The destination is one of ours; or a group or broadcast address. Neither = somebody else's. */
  isOwn = false;
  isGroup = false;
  /** Six bytes: who sent the frame. */
  readonly mac = new Uint8Array(6);

  get addressLength(): number {
    return this.version === 4 ? 4 : 16;
  }

  get sourceAt(): number {
    return this.at + (this.version === 4 ? 12 : 8);
  }

  get destinationAt(): number {
    return this.at + (this.version === 4 ? 16 : 24);
  }

  get source(): IpAddress {
    return IpAddress.at(this.bytes, this.sourceAt, this.addressLength);
  }

  get destination(): IpAddress {
    return IpAddress.at(this.bytes, this.destinationAt, this.addressLength);
  }

  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadAt, this.end);
  }

  /** All of it, a view. */
  get whole(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  /** Is the destination this address? */
  isTo(address: IpAddress): boolean {
    const { bytes, destinationAt: at } = this;
    if (this.version === 4) return address.version === 4 && wordAt(bytes, at) === address.w3;
    return (
      address.version === 6 &&
      wordAt(bytes, at + 12) === address.w3 &&
      wordAt(bytes, at + 8) === address.w2 &&
      wordAt(bytes, at + 4) === address.w1 &&
      wordAt(bytes, at) === address.w0
    );
  }

  /** The connection that a segment in it belongs to. */
  flowInto(key: FlowKey, remotePort: number, localPort: number): FlowKey {
    const { bytes, sourceAt: from, destinationAt: to } = this;
    const isV4 = this.version === 4;
    key.r0 = isV4 ? 0 : wordAt(bytes, from);
    key.r1 = isV4 ? 0 : wordAt(bytes, from + 4);
    key.r2 = isV4 ? 0xffff : wordAt(bytes, from + 8);
    key.r3 = wordAt(bytes, isV4 ? from : from + 12);
    key.l0 = isV4 ? 0 : wordAt(bytes, to);
    key.l1 = isV4 ? 0 : wordAt(bytes, to + 4);
    key.l2 = isV4 ? 0xffff : wordAt(bytes, to + 8);
    key.l3 = wordAt(bytes, isV4 ? to : to + 12);
    key.ports = (localPort << 16) | remotePort;
    return key;
  }

  /** The sum of the pseudo header with its payload's length (RFC 9293 §3.1, RFC 8200 §8.1). */
  pseudoSum(): number {
    const addresses = sumOf(this.bytes, this.sourceAt, 2 * this.addressLength);
    return addresses + this.protocol + (this.end - this.payloadAt);
  }

  /** The word of PacketProblem, or undefined when all is well. */
  read(bytes: Uint8Array, at: number, end: number, version: 4 | 6): PacketProblem | undefined {
    this.bytes = bytes;
    this.at = at;
    this.version = version;
    this.isFragment = false;
    return version === 4 ? this.#readV4(end) : this.#readV6(end);
  }

  #readV4(end: number): PacketProblem | undefined {
    const { bytes, at } = this;
    if (end - at < IPV4_HEADER) return "malformed";
    const first = bytes[at] as number;
    const headerLength = (first & 15) * 4;
    const totalLength = readU16(bytes, at + 2);
    if (first >> 4 !== 4 || headerLength < IPV4_HEADER || totalLength < headerLength || at + totalLength > end) return "malformed";
    if (sumOf(bytes, at, headerLength) !== 0xffff) return "badChecksum";
    // Source routes and other options are nothing that a guest of today needs (RFC 7126).
    if (headerLength > IPV4_HEADER && hasSourceRoute(bytes, at + IPV4_HEADER, at + headerLength)) return "sourceRouted";
    const source = bytes[at + 12] as number;
    if (source >= 224 || source === 127) return "badSource";
    this.ttl = bytes[at + 8] as number;
    this.protocol = bytes[at + 9] as number;
    this.payloadAt = at + headerLength;
    this.end = at + totalLength;
    const fragment = readU16(bytes, at + 6);
    this.isFragment = (fragment & 0x3fff) !== 0;
    if ((fragment & 0x1fff) * 8 + totalLength - headerLength > 65_535) return "malformed";
    return undefined;
  }

  #readV6(end: number): PacketProblem | undefined {
    const { bytes, at } = this;
    if (end - at < IPV6_HEADER || (bytes[at] as number) >> 4 !== 6) return "malformed";
    const packetEnd = at + IPV6_HEADER + readU16(bytes, at + 4);
    if (packetEnd > end) return "malformed";
    if (bytes[at + 8] === 0xff) return "badSource";
    this.ttl = bytes[at + 7] as number;
    this.protocol = bytes[at + 6] as number;
    this.payloadAt = at + IPV6_HEADER;
    this.end = packetEnd;
    return isPlain(this.protocol) ? undefined : this.#readExtensions();
  }

  #readExtensions(): PacketProblem | undefined {
    const parsed = parseIpv6Packet(this.whole);
    if ("malformed" in parsed) return "malformed";
    if (parsed.isSourceRouted) return "sourceRouted";
    this.protocol = parsed.protocol;
    this.payloadAt = this.at + parsed.payloadAt;
    this.isFragment = parsed.fragment !== undefined;
    return undefined;
  }
}

export type PacketProblem = "malformed" | "badChecksum" | "sourceRouted" | "badSource";

const isPlain = (protocol: number): boolean =>
  protocol === IP_PROTOCOL.tcp || protocol === IP_PROTOCOL.udp || protocol === IP_PROTOCOL.icmpv6;

/** Loose and strict source routes (RFC 791 §3.1). Options that make no sense count as one too. */
function hasSourceRoute(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    const kind = bytes[at];
    if (kind === 0) return false;
    if (kind === 131 || kind === 137) return true;
    const length = kind === 1 ? 1 : at + 1 < end ? (bytes[at + 1] as number) : 0;
    if (length < 1 || (kind !== 1 && length < 2) || at + length > end) return true;
    at += length;
  }
  return false;
}
