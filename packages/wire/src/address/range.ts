// Ranges of IP addresses in prefix form (“10.1.2.0/24”, “fd00::/8”, or one address). A v4 and a v6 address are never in one
// another's range, also not as ::ffff:10.0.0.1.
import { ipv4Text, parseIpv4 } from "./ipv4-address.ts";
import { ipv6Text, parseIpv6 } from "./ipv6-address.ts";

export interface IpRange {
  /** 4 or 16 bytes; bits behind the prefix are 0. */
  readonly base: Uint8Array;
  readonly prefix: number;
}

/** Four or sixteen bytes; undefined when the text is no IP address. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Of 4 bytes as IPv4, of 16 as IPv6. */
export function ipText(bytes: Uint8Array): string {
  return bytes.length === 4 ? ipv4Text(bytes) : ipv6Text(bytes);
}

/** Bits behind the prefix are cleared. Undefined when the text is no range. */
export function parseRange(text: string): IpRange | undefined {
  const [address, prefixText, ...more] = text.split("/");
  if (more.length > 0) return undefined;
  const base = parseIp(address as string);
  if (base === undefined) return undefined;
  if (prefixText === undefined) return { base, prefix: base.length * 8 };
  if (!/^(0|[1-9]\d{0,2})$/.test(prefixText) || Number(prefixText) > base.length * 8) return undefined;
  return rangeOf(base, Number(prefixText));
}

export function rangeOf(address: Uint8Array, prefix: number): IpRange {
  const base = Uint8Array.from(address, (byte, index) => byte & maskByte(prefix, index));
  return { base, prefix };
}

export function rangeText(range: IpRange): string {
  return range.prefix === range.base.length * 8 ? ipText(range.base) : `${ipText(range.base)}/${range.prefix}`;
}

/** Whether the 4 or 16 bytes of `address` (its length tells which) lie in the range. */
export function isInRange(range: IpRange, address: Uint8Array): boolean {
  const { base, prefix } = range;
  if (address.length !== base.length) return false;
  const whole = prefix >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== base[i]) return false;
  if ((prefix & 7) === 0) return true;
  return ((address[whole] as number) & maskByte(prefix, whole)) === base[whole];
}

/** The mask's byte `index` for a prefix length. */
function maskByte(prefix: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefix - index * 8));
  return (0xff00 >> bits) & 0xff;
}
