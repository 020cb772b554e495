// MAC addresses (EUI-48): six bytes on the wire, lower-case text with colons for people (IEEE 802-2014 §8).

export const MAC_LENGTH = 6;
export const BROADCAST_MAC: Uint8Array = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** “52:54:00:12:34:56” of the six bytes at `at`. */
export function macText(bytes: Uint8Array, at = 0): string {
  let text = HEX[bytes[at] ?? 0] as string;
  for (let i = 1; i < MAC_LENGTH; i++) text += `:${HEX[bytes[at + i] ?? 0]}`;
  return text;
}

/** Accepts colons or hyphens and either case; undefined when it is no MAC address. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}

/** The group bit: multicast, broadcast included. */
export function isGroupMac(bytes: Uint8Array, at = 0): boolean {
  return ((bytes[at] ?? 0) & 1) !== 0;
}

export function isBroadcastMac(bytes: Uint8Array, at = 0): boolean {
  for (let i = 0; i < MAC_LENGTH; i++) if (bytes[at + i] !== 0xff) return false;
  return true;
}

/** Given by an administrator or a program, not by a maker. */
export function isLocalMac(bytes: Uint8Array, at = 0): boolean {
  return ((bytes[at] ?? 0) & 2) !== 0;
}

/** The group address that IPv4 multicast goes to (RFC 1112 §6.4): the low 23 bits of the group. */
export function multicastMacOfIpv4(group: Uint8Array): Uint8Array {
  return new Uint8Array([0x01, 0x00, 0x5e, (group[1] ?? 0) & 0x7f, group[2] ?? 0, group[3] ?? 0]);
}

/** The group address that IPv6 multicast goes to (RFC 2464 §7): its last 32 bits. */
export function multicastMacOfIpv6(group: Uint8Array): Uint8Array {
  return new Uint8Array([0x33, 0x33, group[12] ?? 0, group[13] ?? 0, group[14] ?? 0, group[15] ?? 0]);
}
