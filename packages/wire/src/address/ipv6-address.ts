// IPv6 addresses: sixteen bytes on the wire; text is read as RFC 4291 §2.2 allows and written as RFC 5952 asks. Zones
// (“fe80::1%eth0”) are no part of an address.
import { parseIpv4 } from "./ipv4-address.ts";

export const IPV6_LENGTH = 16;

/** “2001:db8::1” of the sixteen bytes at `at` (RFC 5952 §4): lower case, no leading zeros, the first longest run of zeros shortened. */
export function ipv6Text(bytes: Uint8Array, at = 0): string {
  const groups: number[] = [];
  for (let i = 0; i < 8; i++) groups.push(((bytes[at + 2 * i] ?? 0) << 8) | (bytes[at + 2 * i + 1] ?? 0));
  if (isMapped(groups)) return `::ffff:${bytes[at + 12] ?? 0}.${bytes[at + 13] ?? 0}.${bytes[at + 14] ?? 0}.${bytes[at + 15] ?? 0}`;
  const { start, length } = longestZeros(groups);
  const hex = (some: readonly number[]): string => some.map((group) => group.toString(16)).join(":");
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** ::ffff:0:0/96 is written with the IPv4 address in it (RFC 5952 §5). */
const isMapped = (groups: readonly number[]): boolean => groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  return best;
}

export function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const isShortened = halves.length === 2;
  const head = bytesOfGroups(halves[0] as string, !isShortened);
  const tail = isShortened ? bytesOfGroups(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const known = head.length + tail.length;
  // "::" stands for at least one group.
  if (isShortened ? known > IPV6_LENGTH - 2 : known !== IPV6_LENGTH) return undefined;
  const bytes = new Uint8Array(IPV6_LENGTH);
  bytes.set(head);
  bytes.set(tail, IPV6_LENGTH - tail.length);
  return bytes;
}

/** An IPv4 address may stand in place of the last two groups. */
function bytesOfGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const bytes: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      const group = Number.parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
      continue;
    }
    const embedded = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (embedded === undefined) return undefined;
    bytes.push(...embedded);
  }
  return bytes;
}

/** ff00::/8 (RFC 4291 §2.7). */
export function isMulticastIpv6(bytes: Uint8Array, at = 0): boolean {
  return bytes[at] === 0xff;
}

/** fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocalIpv6(bytes: Uint8Array, at = 0): boolean {
  return bytes[at] === 0xfe && ((bytes[at + 1] ?? 0) & 0xc0) === 0x80;
}

/** The group in which the neighbours of an address are asked for (RFC 4291 §2.7.1). */
export function solicitedNodeOf(address: Uint8Array): Uint8Array {
  const group = new Uint8Array(IPV6_LENGTH);
  group.set([0xff, 0x02]);
  group.set([1, 0xff, address[13] ?? 0, address[14] ?? 0, address[15] ?? 0], 11);
  return group;
}

/** An address made of a /64 prefix and a MAC (modified EUI-64, RFC 4291 appendix A). */
export function eui64Address(prefix: Uint8Array, mac: Uint8Array): Uint8Array {
  const address = new Uint8Array(IPV6_LENGTH);
  address.set(prefix.subarray(0, 8));
  address.set([(mac[0] ?? 0) ^ 2, mac[1] ?? 0, mac[2] ?? 0, 0xff, 0xfe, mac[3] ?? 0, mac[4] ?? 0, mac[5] ?? 0], 8);
  return address;
}
