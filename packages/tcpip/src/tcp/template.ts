// The headers of a connection's segments, written once: Ethernet (with a tag, when the segment is a VLAN's), IP and TCP.
// Sending copies them and fills in what changes.
import { ETHER_TYPE, foldSum, IP_PROTOCOL, pseudoHeaderSum, sumOf, TPID_CUSTOMER, writeU16 } from "@mimic/wire";
import type { IpAddress } from "../address.ts";

export interface Link {
  readonly mac: Uint8Array;
  /** The tag that frames get; undefined = none. */
  readonly vlan: number | undefined;
  readonly mtu: number;
}

export interface Template {
  /** Ethernet, IP, and TCP with time stamps. */
  readonly halves: Uint16Array;
  readonly bytes: Uint8Array;
  /** Where these begin in a frame. */
  readonly ipAt: number;
  readonly tcpAt: number;
  readonly version: 4 | 6;
  /** Of the IPv4 header without its length. */
  readonly ipSum: number;
  /** Of the pseudo header without its length. */
  readonly pseudoSum: number;
}

export const linkHeaderLength = (link: Link): number => (link.vlan === undefined ? 14 : 18);

export interface Ends {
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
}

export function makeTemplate(link: Link, peerMac: Uint8Array, ends: Ends): Template {
  const { version } = ends.local;
  const ipAt = linkHeaderLength(link);
  const tcpAt = ipAt + (version === 4 ? 20 : 40);
  const bytes = new Uint8Array(tcpAt + 32);
  writeLinkHeader(bytes, 0, link, peerMac, version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6);
  writeIpHeader(bytes, ipAt, ends);
  writeU16(bytes, tcpAt, ends.localPort);
  writeU16(bytes, tcpAt + 2, ends.remotePort);
  // NOP, NOP, time stamps (RFC 7323 appendix A).
  bytes.set([1, 1, 8, 10], tcpAt + 20);
  return {
    halves: new Uint16Array(bytes.buffer),
    bytes,
    ipAt,
    tcpAt,
    version,
    ipSum: sumOf(bytes, ipAt, 20),
    pseudoSum: foldSum(pseudoHeaderSum(ends.local.bytes, ends.remote.bytes, IP_PROTOCOL.tcp, 0)),
  };
}

export function writeLinkHeader(bytes: Uint8Array, at: number, link: Link, peerMac: Uint8Array, etherType: number): void {
  for (let i = 0; i < 6; i++) {
    bytes[at + i] = peerMac[i] as number;
    bytes[at + 6 + i] = link.mac[i] as number;
  }
  if (link.vlan !== undefined) {
    writeU16(bytes, at + 12, TPID_CUSTOMER);
    writeU16(bytes, at + 14, link.vlan);
  }
  writeU16(bytes, at + linkHeaderLength(link) - 2, etherType);
}

function writeIpHeader(bytes: Uint8Array, at: number, { local, remote }: Ends): void {
  if (local.version === 4) {
    bytes[at] = 0x45;
    // Never in pieces, so its identification may be anything (RFC 6864 §4).
    bytes[at + 6] = 0x40;
    bytes[at + 8] = 64;
    bytes[at + 9] = IP_PROTOCOL.tcp;
    bytes.set(local.bytes, at + 12);
    bytes.set(remote.bytes, at + 16);
  } else {
    bytes[at] = 0x60;
    bytes[at + 6] = IP_PROTOCOL.tcp;
    bytes[at + 7] = 64;
    bytes.set(local.bytes, at + 8);
    bytes.set(remote.bytes, at + 24);
  }
}
