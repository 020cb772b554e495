// Addresses that are no part of the public Internet, and what they are (RFC 6890 and the IANA special-purpose registries).
// `closed`: nothing opens them. `private`: closed until a rule opens the range; these are neighbours of this computer.
import { type IpRange, isInRange, parseRange } from "@mimic/wire";

export type SpecialKind = "closed" | "private";

export interface SpecialRange {
  readonly range: IpRange;
  readonly kind: SpecialKind;
  /** Stable, for rule ids such as “filter:loopback”. */
  readonly name: string;
  readonly words: string;
}

const TABLE: readonly (readonly [string, SpecialKind, string, string])[] = [
  ["0.0.0.0/8", "closed", "thisHost", "“this computer” itself (RFC 1122 §3.2.1.3)"],
  ["127.0.0.0/8", "closed", "loopback", "this computer's loopback"],
  ["169.254.0.0/16", "closed", "linkLocal", "link-local, as cloud metadata services use (RFC 3927)"],
  ["192.0.0.0/24", "closed", "protocolAssignments", "set aside for protocols (RFC 6890)"],
  ["192.88.99.0/24", "closed", "relay6to4", "a 6to4 relay (RFC 7526)"],
  ["224.0.0.0/4", "closed", "multicast", "multicast"],
  ["240.0.0.0/4", "closed", "reserved", "reserved, or broadcast"],
  ["10.0.0.0/8", "private", "private10", "a private network (RFC 1918)"],
  ["100.64.0.0/10", "private", "carrierGrade", "a provider's own network (RFC 6598)"],
  ["172.16.0.0/12", "private", "private172", "a private network (RFC 1918)"],
  ["192.168.0.0/16", "private", "private192", "a private network (RFC 1918)"],
  ["198.18.0.0/15", "private", "benchmark", "set aside for measuring networks (RFC 2544)"],
  ["::/128", "closed", "unspecified", "no address at all"],
  ["::1/128", "closed", "loopback", "this computer's loopback"],
  ["::ffff:0:0/96", "closed", "mapped", "an IPv4 address in IPv6 clothes (RFC 4291 §2.5.5.2)"],
  ["::/96", "closed", "compatible", "an IPv4 address in IPv6 clothes (RFC 4291 §2.5.5.1)"],
  ["64:ff9b:1::/48", "closed", "localNat64", "a local IPv4/IPv6 translation (RFC 8215)"],
  ["2001::/32", "closed", "teredo", "Teredo, an IPv4 tunnel (RFC 4380)"],
  ["2002::/16", "closed", "tunnel6to4", "6to4, an IPv4 tunnel (RFC 3056)"],
  ["2001:db8::/32", "closed", "documentation", "an example for documents (RFC 3849)"],
  ["3fff::/20", "closed", "documentation", "an example for documents (RFC 9637)"],
  ["fc00::/7", "private", "uniqueLocal", "a private network (RFC 4193)"],
  ["fe80::/10", "closed", "linkLocal", "link-local"],
  ["fec0::/10", "closed", "siteLocal", "an old kind of private network (RFC 3879)"],
  ["ff00::/8", "closed", "multicast", "multicast"],
];

export const specialRanges: readonly SpecialRange[] = TABLE.map(([text, kind, name, words]) => {
  const range = parseRange(text);
  if (!range) throw new Error(`not a range: ${text}`);
  return { range, kind, name, words };
});

const rangeFrom = (text: string): IpRange => parseRange(text) ?? { base: new Uint8Array(4), prefix: 32 };
const GLOBAL_UNICAST = rangeFrom("2000::/3");
const NAT64 = rangeFrom("64:ff9b::/96");

const OUTSIDE_GLOBAL: SpecialRange = {
  range: rangeFrom("::/0"),
  kind: "closed",
  name: "notGlobal",
  words: "outside of what the Internet uses (RFC 4291 §2.4)",
};

/**
 * What the 4 or 16 bytes are when they are no public address. An address of NAT64 (RFC 6052) is judged by the IPv4 address in
 * it; a private one in such clothes is closed: who opened the range meant the plain address.
 */
export function specialRangeOf(address: Uint8Array): SpecialRange | undefined {
  if (isInRange(NAT64, address)) {
    const within = specialRangeOf(address.subarray(12));
    return within && { ...within, kind: "closed" };
  }
  const found = specialRanges.find(({ range }) => isInRange(range, address));
  if (found || address.length === 4 || isInRange(GLOBAL_UNICAST, address)) return found;
  return OUTSIDE_GLOBAL;
}

/** The IPv4 address that a NAT64 address leads to, or the address itself: what must not be this computer. */
export const destinationWithin = (address: Uint8Array): Uint8Array => (isInRange(NAT64, address) ? address.subarray(12) : address);

export const isPublicAddress = (address: Uint8Array): boolean =>
  (address.length === 4 || address.length === 16) && specialRangeOf(address) === undefined;
