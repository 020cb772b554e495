// Sends whole IP packets: everything that is not a segment of an open TCP connection. In pieces when it must (RFC 791 §3.2,
// RFC 8200 §4.5).
import { checksumOf, ETHER_TYPE, IP_PROTOCOL, IPV4_HEADER, IPV6_HEADER, writeU16, writeU32 } from "@mimic/wire";
import type { IpAddress } from "./address.ts";
import type { RunWriter } from "./run-writer.ts";
import { type Link, linkHeaderLength, writeLinkHeader } from "./tcp/template.ts";

export interface IpHeader {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly ttl?: number;
}

export class IpOutput {
  readonly #link: Link;
  readonly #writer: RunWriter;
  #identification: number;

  constructor(link: Link, writer: RunWriter, identification: number) {
    this.#link = link;
    this.#writer = writer;
    this.#identification = identification;
  }

  /** `payload` with its own checksum in place. */
  send(header: IpHeader, payload: Uint8Array, mac: Uint8Array): void {
    const isV4 = header.source.version === 4;
    const most = this.#link.mtu - (isV4 ? IPV4_HEADER : IPV6_HEADER);
    if (payload.length <= most) {
      this.#write(header, payload, mac, 0, isV4 ? 0x4000 : 0);
      return;
    }
    if (payload.length > 65_515) return;
    this.#identification = (this.#identification + 1) | 0;
    const step = (isV4 ? most : most - 8) & ~7;
    for (let at = 0; at < payload.length; at += step) {
      const isLast = at + step >= payload.length;
      this.#write(header, payload.subarray(at, at + step), mac, at, isLast ? 0 : 0x2000, true);
    }
  }

  /** A whole packet, as it is. */
  sendRaw(packet: Uint8Array, version: 4 | 6, mac: Uint8Array): void {
    const linkLength = linkHeaderLength(this.#link);
    const at = this.#writer.begin(linkLength + packet.length);
    if (at < 0) return;
    const { bytes } = this.#writer;
    writeLinkHeader(bytes, at, this.#link, mac, version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6);
    bytes.set(packet, at + linkLength);
  }

  sendArp(payload: Uint8Array, mac: Uint8Array): void {
    const linkLength = linkHeaderLength(this.#link);
    const at = this.#writer.begin(linkLength + payload.length);
    if (at < 0) return;
    const { bytes } = this.#writer;
    writeLinkHeader(bytes, at, this.#link, mac, ETHER_TYPE.arp);
    bytes.set(payload, at + linkLength);
  }

  #write(header: IpHeader, payload: Uint8Array, mac: Uint8Array, offset: number, flags: number, isPiece = false): void {
    const isV4 = header.source.version === 4;
    const linkLength = linkHeaderLength(this.#link);
    const headerLength = isV4 ? IPV4_HEADER : IPV6_HEADER + (isPiece ? 8 : 0);
    const at = this.#writer.begin(linkLength + headerLength + payload.length);
    if (at < 0) return;
    const { bytes } = this.#writer;
    writeLinkHeader(bytes, at, this.#link, mac, isV4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6);
    const ipAt = at + linkLength;
    if (isV4) this.#writeV4(bytes, ipAt, header, payload.length, flags | (offset >> 3));
    else this.#writeV6(bytes, ipAt, header, payload.length, isPiece ? { offset, more: flags !== 0 } : undefined);
    bytes.set(payload, ipAt + headerLength);
  }

  #writeV4(bytes: Uint8Array, at: number, header: IpHeader, length: number, fragment: number): void {
    writeU16(bytes, at, 0x4500);
    writeU16(bytes, at + 2, IPV4_HEADER + length);
    writeU16(bytes, at + 4, this.#identification);
    writeU16(bytes, at + 6, fragment);
    bytes[at + 8] = header.ttl ?? 64;
    bytes[at + 9] = header.protocol;
    writeU16(bytes, at + 10, 0);
    bytes.set(header.source.bytes, at + 12);
    bytes.set(header.destination.bytes, at + 16);
    writeU16(bytes, at + 10, checksumOf(bytes, at, IPV4_HEADER));
  }

  #writeV6(bytes: Uint8Array, at: number, header: IpHeader, length: number, piece: { offset: number; more: boolean } | undefined): void {
    writeU32(bytes, at, 0x6000_0000);
    writeU16(bytes, at + 4, length + (piece ? 8 : 0));
    bytes[at + 6] = piece ? IP_PROTOCOL.fragment : header.protocol;
    bytes[at + 7] = header.ttl ?? 64;
    bytes.set(header.source.bytes, at + 8);
    bytes.set(header.destination.bytes, at + 24);
    if (!piece) return;
    bytes[at + IPV6_HEADER] = header.protocol;
    bytes[at + IPV6_HEADER + 1] = 0;
    writeU16(bytes, at + IPV6_HEADER + 2, piece.offset | (piece.more ? 1 : 0));
    writeU32(bytes, at + IPV6_HEADER + 4, this.#identification);
  }
}
