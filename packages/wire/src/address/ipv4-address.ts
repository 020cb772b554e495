// IPv4 addresses: four bytes on the wire, dotted decimal for people (RFC 6943 §3.1.1, the strict form only: four
// decimal numbers without leading zeros, since “010” is 8 to some readers and 10 to others).

export const IPV4_LENGTH = 4;

/** “10.0.2.15” of the four bytes at `at`. */
export function ipv4Text(bytes: Uint8Array, at = 0): string {
  return `${bytes[at] ?? 0}.${bytes[at + 1] ?? 0}.${bytes[at + 2] ?? 0}.${bytes[at + 3] ?? 0}`;
}

export function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== IPV4_LENGTH) return undefined;
  const bytes = new Uint8Array(IPV4_LENGTH);
  for (let i = 0; i < IPV4_LENGTH; i++) {
    const part = parts[i] as string;
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[i] = Number(part);
  }
  return bytes;
}

/** The address as a number from 0 to 2^32 - 1, for arithmetic in pools. */
export function ipv4Number(bytes: Uint8Array, at = 0): number {
  return (bytes[at] ?? 0) * 0x100_0000 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
}

export function ipv4OfNumber(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}

/** The netmask of a prefix length: 24 → 255.255.255.0. */
export function ipv4Mask(prefix: number): Uint8Array {
  return ipv4OfNumber(prefix <= 0 ? 0 : prefix >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - prefix)) >>> 0);
}

/** 224.0.0.0/4 (RFC 5771). */
export function isMulticastIpv4(bytes: Uint8Array, at = 0): boolean {
  return ((bytes[at] ?? 0) & 0xf0) === 0xe0;
}
