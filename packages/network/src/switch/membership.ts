// Who wants which multicast group: IGMPv1 to v3 (RFC 1112, 2236, 3376) and MLDv1 and v2 (RFC 2710, 3810), read from
// hostile bytes. What is cut off or has a wrong checksum says nothing.

export interface GroupWish {
  /** The group's MAC in two integers (RFC 1112 §6.4, RFC 2464 §7). */
  readonly high: number;
  readonly low: number;
  readonly joins: boolean;
}
/** query: a general one, for all groups. */
export type Membership = { readonly kind: "query" } | { readonly kind: "report"; readonly groups: readonly GroupWish[] };

const IGMP = 2;
const ICMPV6 = 58;
const MOST_RECORDS = 64;

export function parseMembership(bytes: Uint8Array, type: number, at: number, end: number): Membership | undefined {
  if (type === 0x0800) return igmp(bytes, at, end);
  if (type === 0x86dd) return mld(bytes, at, end);
  return undefined;
}

function igmp(bytes: Uint8Array, at: number, frameEnd: number): Membership | undefined {
  if (frameEnd - at < 28 || bytes[at + 9] !== IGMP) return undefined;
  const header = ((bytes[at] as number) & 15) * 4;
  // Frames are padded to 60 bytes: the packet's own length counts.
  const end = at + u16(bytes, at + 2);
  const here = at + header;
  if (header < 20 || end > frameEnd || end - here < 8 || sum(bytes, here, end, 0) !== 0xffff) return undefined;
  const type = bytes[here] as number;
  // Who asks only for one group is no querier: nobody else repeats his wish because of that (RFC 3376 §6.4).
  if (type === 0x11) return isZero(bytes, here + 4, 4) ? { kind: "query" } : undefined;
  if (type === 0x12 || type === 0x16) return { kind: "report", groups: [wish4(bytes, here + 4, true)] };
  if (type === 0x17) return { kind: "report", groups: [wish4(bytes, here + 4, false)] };
  if (type !== 0x22) return undefined;
  return { kind: "report", groups: records(bytes, here + 8, end, { count: u16(bytes, here + 6), addressBytes: 4 }) };
}

function mld(bytes: Uint8Array, at: number, frameEnd: number): Membership | undefined {
  // MLD comes behind a hop-by-hop header with the router alert (RFC 2710 §3).
  if (frameEnd - at < 40 + 8 + 24 || bytes[at + 6] !== 0 || bytes[at + 40] !== ICMPV6) return undefined;
  const end = at + 40 + u16(bytes, at + 4);
  const here = at + 40 + ((bytes[at + 41] as number) + 1) * 8;
  if (end > frameEnd || end - here < 8) return undefined;
  const type = bytes[here] as number;
  if (type !== 130 && type !== 131 && type !== 132 && type !== 143) return undefined;
  if (sum(bytes, here, end, pseudoHeader(bytes, at, end - here)) !== 0xffff) return undefined;
  if (type === 130) return end - here >= 24 && isZero(bytes, here + 8, 16) ? { kind: "query" } : undefined;
  if (type === 143) return { kind: "report", groups: records(bytes, here + 8, end, { count: u16(bytes, here + 6), addressBytes: 16 }) };
  return end - here < 24 ? undefined : { kind: "report", groups: [wish6(bytes, here + 8, type === 131)] };
}

/** Group records of IGMPv3 (RFC 3376 §4.2.4) and MLDv2 (RFC 3810 §5.2): alike but for the length of addresses. */
function records(
  bytes: Uint8Array,
  from: number,
  end: number,
  { count, addressBytes }: { count: number; addressBytes: number },
): GroupWish[] {
  const wishes: GroupWish[] = [];
  let at = from;
  for (let i = 0; i < Math.min(count, MOST_RECORDS); i++) {
    if (end - at < 4 + addressBytes) break;
    const kind = bytes[at] as number;
    const sources = u16(bytes, at + 2);
    // “Only from these sources”, and none named: nothing is wanted any more.
    const leaves = (kind === 1 || kind === 3) && sources === 0;
    if (kind >= 1 && kind <= 5) wishes.push(addressBytes === 4 ? wish4(bytes, at + 4, !leaves) : wish6(bytes, at + 4, !leaves));
    at += 4 + addressBytes + sources * addressBytes + (bytes[at + 1] as number) * 4;
  }
  return wishes;
}

const wish4 = (bytes: Uint8Array, at: number, joins: boolean): GroupWish => ({
  high: 0x0100,
  low: (0x5e << 24) | (((bytes[at + 1] as number) & 0x7f) << 16) | u16(bytes, at + 2),
  joins,
});
const wish6 = (bytes: Uint8Array, at: number, joins: boolean): GroupWish => ({
  high: 0x3333,
  low: (u16(bytes, at + 12) << 16) | u16(bytes, at + 14),
  joins,
});

function pseudoHeader(bytes: Uint8Array, at: number, length: number): number {
  let total = length + ICMPV6;
  for (let i = 8; i < 40; i += 2) total += u16(bytes, at + i);
  return total;
}

function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[at + i] !== 0) return false;
  return true;
}

/** The Internet checksum's sum (RFC 1071), folded; 0xffff when the checksum in the bytes is right. */
function sum(bytes: Uint8Array, from: number, end: number, start: number): number {
  let total = start;
  for (let at = from; at < end; at += 2) total += ((bytes[at] as number) << 8) | (at + 1 < end ? (bytes[at + 1] as number) : 0);
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x1_0000);
  return total;
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
