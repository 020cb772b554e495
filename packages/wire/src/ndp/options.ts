// The options of neighbour discovery: type, length in units of 8 bytes, data (RFC 4861 §4.6).
import { readU32, writeU32 } from "../bytes.ts";
import { parseName } from "../dns/name.ts";
import { DnsWriter } from "../dns/writer.ts";
import { preferenceBits, preferenceOf } from "./preference.ts";
import type { NdpOption } from "./types.ts";

const TYPE = {
  sourceLinkLayer: 1,
  targetLinkLayer: 2,
  prefix: 3,
  redirectedHeader: 4,
  mtu: 5,
  nonce: 14,
  route: 24,
  dnsServers: 25,
  dnsSearch: 31,
} as const;

/** Undefined when an option has no length or leads past the end: then the whole message is dropped (RFC 4861 §4.6). */
export function parseNdpOptions(bytes: Uint8Array): NdpOption[] | undefined {
  const options: NdpOption[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = (bytes[at + 1] ?? 0) * 8;
    if (size === 0 || at + size > bytes.length) return undefined;
    const option = parseOption(bytes.subarray(at, at + size));
    if (!option) return undefined;
    options.push(option);
    at += size;
  }
  return options;
}

function parseOption(bytes: Uint8Array): NdpOption | undefined {
  const size = bytes.length;
  switch (bytes[0]) {
    case TYPE.sourceLinkLayer:
      return { option: "sourceLinkLayer", mac: bytes.subarray(2, 8) };
    case TYPE.targetLinkLayer:
      return { option: "targetLinkLayer", mac: bytes.subarray(2, 8) };
    case TYPE.mtu:
      return size === 8 ? { option: "mtu", mtu: readU32(bytes, 4) } : undefined;
    case TYPE.redirectedHeader:
      return { option: "redirectedHeader", packet: bytes.subarray(8) };
    case TYPE.nonce:
      return { option: "nonce", nonce: bytes.subarray(2) };
    case TYPE.prefix:
      return parsePrefix(bytes);
    case TYPE.route:
      return parseRoute(bytes);
    case TYPE.dnsServers:
      return parseDnsServers(bytes);
    case TYPE.dnsSearch:
      return size < 16 ? undefined : { option: "dnsSearch", seconds: readU32(bytes, 4), domains: namesIn(bytes.subarray(8)) };
    default:
      return { option: "unknown", type: bytes[0] ?? 0, data: bytes.subarray(2) };
  }
}

function parsePrefix(bytes: Uint8Array): NdpOption | undefined {
  const prefixLength = bytes[2] ?? 0;
  if (bytes.length !== 32 || prefixLength > 128) return undefined;
  const flags = bytes[3] ?? 0;
  return {
    option: "prefix",
    prefix: bytes.subarray(16, 32),
    prefixLength,
    isOnLink: (flags & 128) !== 0,
    isAutonomous: (flags & 64) !== 0,
    validSeconds: readU32(bytes, 4),
    preferredSeconds: readU32(bytes, 8),
  };
}

/** RFC 4191 §2.3: as many bytes of the prefix as the length needs, in units of 8. */
function parseRoute(bytes: Uint8Array): NdpOption | undefined {
  const prefixLength = bytes[2] ?? 0;
  if (bytes.length > 24 || prefixLength > 128 || bytes.length - 8 < Math.ceil(prefixLength / 8)) return undefined;
  const prefix = new Uint8Array(16);
  prefix.set(bytes.subarray(8));
  return { option: "route", prefix, prefixLength, preference: preferenceOf(bytes[3] ?? 0), seconds: readU32(bytes, 4) };
}

function parseDnsServers(bytes: Uint8Array): NdpOption | undefined {
  if (bytes.length < 24 || bytes.length % 16 !== 8) return undefined;
  const servers = Array.from({ length: (bytes.length - 8) / 16 }, (_, index) => bytes.subarray(8 + 16 * index, 24 + 16 * index));
  return { option: "dnsServers", seconds: readU32(bytes, 4), servers };
}

/** Names, then zeros to fill up. What is no name ends the list. */
function namesIn(bytes: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const read = parseName(bytes, at);
    if (!read) break;
    names.push(read.name);
    at = read.next;
  }
  return names;
}

export function serializeNdpOptions(options: readonly NdpOption[]): Uint8Array {
  const parts = options.map(serializeOption);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** An option of that many bytes of content behind type and length, filled up to 8. */
function optionOf(type: number, contentBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((2 + contentBytes) / 8) * 8);
  bytes[0] = type;
  bytes[1] = bytes.length / 8;
  return bytes;
}

function withBytes(type: number, content: Uint8Array, { from = 2 } = {}): Uint8Array {
  const bytes = optionOf(type, from - 2 + content.length);
  bytes.set(content, from);
  return bytes;
}

function serializeOption(option: NdpOption): Uint8Array {
  switch (option.option) {
    case "sourceLinkLayer":
    case "targetLinkLayer":
      return withBytes(TYPE[option.option], option.mac.subarray(0, 6));
    case "mtu": {
      const bytes = optionOf(TYPE.mtu, 6);
      writeU32(bytes, 4, option.mtu);
      return bytes;
    }
    case "prefix":
      return serializePrefix(option);
    case "redirectedHeader":
      return withBytes(TYPE.redirectedHeader, option.packet.subarray(0, option.packet.length & ~7), { from: 8 });
    case "nonce":
      return withBytes(TYPE.nonce, option.nonce);
    case "route": {
      const bytes = withBytes(TYPE.route, option.prefix.subarray(0, Math.ceil(option.prefixLength / 64) * 8), { from: 8 });
      bytes[2] = option.prefixLength;
      bytes[3] = preferenceBits(option.preference);
      writeU32(bytes, 4, option.seconds);
      return bytes;
    }
    case "dnsServers": {
      const bytes = optionOf(TYPE.dnsServers, 6 + 16 * option.servers.length);
      writeU32(bytes, 4, option.seconds);
      for (const [index, server] of option.servers.entries()) bytes.set(server.subarray(0, 16), 8 + 16 * index);
      return bytes;
    }
    case "dnsSearch":
      return serializeSearch(option.seconds, option.domains);
    case "unknown":
      return withBytes(option.type, option.data);
  }
}

function serializePrefix(option: NdpOption & { readonly option: "prefix" }): Uint8Array {
  const bytes = withBytes(TYPE.prefix, option.prefix.subarray(0, 16), { from: 16 });
  bytes[2] = option.prefixLength;
  bytes[3] = (option.isOnLink ? 128 : 0) | (option.isAutonomous ? 64 : 0);
  writeU32(bytes, 4, option.validSeconds);
  writeU32(bytes, 8, option.preferredSeconds);
  return bytes;
}

function serializeSearch(seconds: number, domains: readonly string[]): Uint8Array {
  const writer = new DnsWriter();
  for (const domain of domains) writer.name(domain, { compress: false });
  const bytes = withBytes(TYPE.dnsSearch, writer.done(), { from: 8 });
  writeU32(bytes, 4, seconds);
  return bytes;
}
