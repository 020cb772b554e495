// Option data of DHCPv4 in and out of our own types. A reader answers undefined when the option is missing or is not what RFC
// 2132 says it is.
import { readU16, readU32 } from "../bytes.ts";
import { labelsOfName } from "../dns/name.ts";
import { DnsWriter } from "../dns/writer.ts";
import { type DhcpMessage, type DhcpType, dhcpOption, dhcpType } from "./types.ts";

const TYPES = new Set<number>(Object.values(dhcpType));

export function dhcpTypeOf(message: DhcpMessage): DhcpType | undefined {
  const data = message.options.get(dhcpOption.messageType);
  const type = data?.length === 1 ? data[0] : undefined;
  return type !== undefined && TYPES.has(type) ? (type as DhcpType) : undefined;
}

/** An option that is one IPv4 address. */
export function addressOption(message: DhcpMessage, code: number): Uint8Array | undefined {
  const data = message.options.get(code);
  return data?.length === 4 ? data : undefined;
}

export function u32Option(message: DhcpMessage, code: number): number | undefined {
  const data = message.options.get(code);
  return data?.length === 4 ? readU32(data, 0) : undefined;
}

export function u16Option(message: DhcpMessage, code: number): number | undefined {
  const data = message.options.get(code);
  return data?.length === 2 ? readU16(data, 0) : undefined;
}

/** As it came, without zeros at the end: a claim of the client, not harmless text. */
export function textOption(message: DhcpMessage, code: number): string | undefined {
  const data = message.options.get(code);
  return data && data.length > 0 ? new TextDecoder("latin1").decode(data).replace(/\0+$/, "") : undefined;
}

export const u8Data = (value: number): Uint8Array => Uint8Array.of(value);
export const u16Data = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);
export const u32Data = (value: number): Uint8Array => Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
export const textData = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface ClasslessRoute {
  /** 4 bytes; bits behind the prefix are 0. */
  readonly to: Uint8Array;
  readonly prefix: number;
  readonly router: Uint8Array;
}

/** Option 121 (RFC 3442): the prefix length, as many bytes of the network as count, the router. */
export function classlessRoutesData(routes: readonly ClasslessRoute[]): Uint8Array {
  return Uint8Array.from(routes.flatMap(({ to, prefix, router }) => [prefix, ...to.subarray(0, Math.ceil(prefix / 8)), ...router]));
}

export function readClasslessRoutes(data: Uint8Array): ClasslessRoute[] | undefined {
  const routes: ClasslessRoute[] = [];
  for (let at = 0; at < data.length; ) {
    const prefix = data[at] ?? 0;
    const size = Math.ceil(prefix / 8);
    if (prefix > 32 || at + 1 + size + 4 > data.length) return undefined;
    const to = new Uint8Array(4);
    to.set(data.subarray(at + 1, at + 1 + size));
    routes.push({ to, prefix, router: data.subarray(at + 1 + size, at + 5 + size) });
    at += 5 + size;
  }
  return routes;
}

/** Option 119 (RFC 3397) and DHCPv6's option 24: names one after the other. Names that are none are left out. */
export function searchListData(names: readonly string[]): Uint8Array {
  const writer = new DnsWriter();
  for (const name of names) if (labelsOfName(name)) writer.name(name, { compress: false });
  return writer.done();
}

/**
 * The host name that a client claims, from option 81 (RFC 4702: flags, two unused bytes, the name as text or in wire form) or
 * option 12; the first label only, lower case, with nothing in it that a host name may not have (RFC 1123 §2.1).
 */
export function claimedHostName(message: DhcpMessage): string | undefined {
  const fqdn = message.options.get(dhcpOption.clientFqdn);
  const isWireForm = ((fqdn?.[0] ?? 0) & 4) !== 0;
  const length = isWireForm ? (fqdn?.[3] ?? 0) : undefined;
  const claimed = fqdn && fqdn.length > 3 ? fqdn.subarray(isWireForm ? 4 : 3, length === undefined ? undefined : 4 + length) : undefined;
  const text = claimed ? new TextDecoder("latin1").decode(claimed) : textOption(message, dhcpOption.hostName);
  const label = (text ?? "").split(".")[0]?.toLowerCase() ?? "";
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label) ? label : undefined;
}
