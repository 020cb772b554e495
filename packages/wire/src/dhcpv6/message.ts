// DHCPv6 (RFC 8415): client messages (§8), options (§21), and what a stateless answer needs (RFC 3646 DNS, §21.23 refresh time).
// Relay messages (§9) are known and not read: nothing relays here.
import { readU16, readU24, writeU16, writeU24 } from "../bytes.ts";

export const dhcpv6Port = { client: 546, server: 547 } as const;

export const dhcpv6Type = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
  reconfigure: 10,
  informationRequest: 11,
  relayForward: 12,
  relayReply: 13,
} as const;

export const dhcpv6Option = {
  clientId: 1,
  serverId: 2,
  iaNa: 3,
  iaTa: 4,
  iaAddress: 5,
  optionRequest: 6,
  preference: 7,
  elapsedTime: 8,
  statusCode: 13,
  rapidCommit: 14,
  dnsServers: 23, // RFC 3646 §3
  domainList: 24,
  iaPd: 25,
  sntpServers: 31,
  informationRefreshTime: 32,
  ntpServer: 56,
} as const;

export const dhcpv6Status = { success: 0, unspecified: 1, noAddressesAvailable: 2, noBinding: 3, notOnLink: 4, useMulticast: 5 } as const;

export interface Dhcpv6Option {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface Dhcpv6Message {
  readonly type: number;
  /** 24 bits. */
  readonly transactionId: number;
  /** In the order in which they came: some may come more than once. */
  readonly options: readonly Dhcpv6Option[];
}

export type Dhcpv6Malformed = "too_short" | "option_cut_off" | "relayed" | "unknown_type";

/** Answers the message, or in one word why the bytes are none. Never throws. Options are views. */
export function parseDhcpv6(bytes: Uint8Array): Dhcpv6Message | { readonly malformed: Dhcpv6Malformed } {
  if (bytes.length < 4) return { malformed: "too_short" };
  const type = bytes[0] ?? 0;
  if (type === dhcpv6Type.relayForward || type === dhcpv6Type.relayReply) return { malformed: "relayed" };
  if (type < 1 || type > dhcpv6Type.relayReply) return { malformed: "unknown_type" };
  const options = parseDhcpv6Options(bytes.subarray(4));
  return options ? { type, transactionId: readU24(bytes, 1), options } : { malformed: "option_cut_off" };
}

/** Options one after the other, as in a message and inside of IA_NA (behind its 12 bytes) and IA address (behind its 24). */
export function parseDhcpv6Options(bytes: Uint8Array): Dhcpv6Option[] | undefined {
  const options: Dhcpv6Option[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + readU16(bytes, at + 2);
    if (end > bytes.length) return undefined;
    options.push({ code: readU16(bytes, at), data: bytes.subarray(at + 4, end) });
    at = end;
  }
  return options;
}

export function serializeDhcpv6(message: Dhcpv6Message): Uint8Array {
  const body = serializeDhcpv6Options(message.options);
  const bytes = new Uint8Array(4 + body.length);
  bytes[0] = message.type;
  writeU24(bytes, 1, message.transactionId);
  bytes.set(body, 4);
  return bytes;
}

export function serializeDhcpv6Options(options: readonly Dhcpv6Option[]): Uint8Array {
  const bytes = new Uint8Array(options.reduce((sum, { data }) => sum + 4 + data.length, 0));
  let at = 0;
  for (const { code, data } of options) {
    writeU16(bytes, at, code);
    writeU16(bytes, at + 2, data.length);
    bytes.set(data, at + 4);
    at += 4 + data.length;
  }
  return bytes;
}

export const dhcpv6OptionOf = (message: Dhcpv6Message, code: number): Uint8Array | undefined =>
  message.options.find((option) => option.code === code)?.data;

/** The codes that a client would like to have answered (§21.7). */
export function requestedOptions(message: Dhcpv6Message): readonly number[] {
  const data = dhcpv6OptionOf(message, dhcpv6Option.optionRequest) ?? new Uint8Array();
  return Array.from({ length: data.length >> 1 }, (_, index) => readU16(data, 2 * index));
}
