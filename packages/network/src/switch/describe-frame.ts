// A frame in a line, for people: “10.0.2.15 → 10.0.2.2 TCP 445 SYN”. Hostile bytes: never throws, says only numbers.
import { isTagType } from "./vlan.ts";

const ETHERTYPES: Readonly<Record<number, string>> = { 2054: "ARP", 2048: "IPv4", 34525: "IPv6", 35020: "LLDP", 34887: "MPLS" };
const PROTOCOLS: Readonly<Record<number, string>> = { 1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 58: "ICMPv6" };

export function describeFrame(frame: Uint8Array): string {
  if (frame.length < 14) return `${frame.length} bytes, too few for a frame`;
  let at = 12;
  const tags: number[] = [];
  while (isTagType(u16(frame, at)) && at + 4 <= frame.length - 2) {
    tags.push(u16(frame, at + 2) & 0xfff);
    at += 4;
  }
  const inside = payload(frame, u16(frame, at), at + 2);
  return [
    inside ?? `${mac(frame, 6)} → ${mac(frame, 0)} ${ETHERTYPES[u16(frame, at)] ?? hex(u16(frame, at))}`,
    ...tags.map((tag) => `tag ${tag}`),
  ].join(", ");
}

function payload(frame: Uint8Array, type: number, at: number): string | undefined {
  if (type === 0x0806 && frame.length >= at + 28) return arp(frame, at);
  if (type === 0x0800 && frame.length >= at + 20) {
    const isFragment = (u16(frame, at + 6) & 0x1fff) !== 0;
    const ends = `${v4(frame, at + 12)} → ${v4(frame, at + 16)}`;
    return `${ends} ${isFragment ? "fragment" : transport(frame, frame[at + 9] as number, at + ((frame[at] as number) & 15) * 4)}`;
  }
  if (type === 0x86dd && frame.length >= at + 40) {
    return `${v6(frame, at + 8)} → ${v6(frame, at + 24)} ${transport(frame, frame[at + 6] as number, at + 40)}`;
  }
  return undefined;
}

function arp(frame: Uint8Array, at: number): string {
  const asks = u16(frame, at + 6) === 1;
  return asks
    ? `ARP: ${v4(frame, at + 14)} asks for ${v4(frame, at + 24)}`
    : `ARP: ${mac(frame, at + 8)} says that it is ${v4(frame, at + 14)}`;
}

const FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

function transport(frame: Uint8Array, protocol: number, at: number): string {
  const name = PROTOCOLS[protocol] ?? `protocol ${protocol}`;
  if (frame.length < at + 4) return name;
  if (protocol === 17) return `UDP ${u16(frame, at)} → ${u16(frame, at + 2)}`;
  if (protocol === 1 || protocol === 58) return `${name} type ${frame[at]}`;
  if (protocol !== 6) return name;
  const flags = frame.length > at + 13 ? FLAGS.filter((_, bit) => ((frame[at + 13] as number) >> bit) & 1).join(" ") : "";
  return `TCP ${u16(frame, at + 2)} ${flags}`.trim();
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const hex = (type: number): string => `0x${type.toString(16).padStart(4, "0")}`;
const v4 = (bytes: Uint8Array, at: number): string => bytes.subarray(at, at + 4).join(".");
export const mac = (bytes: Uint8Array, at: number): string =>
  Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, "0")).join(":");

/** RFC 5952: the longest run of zero groups (two at least) is left out. */
function v6(bytes: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => u16(bytes, at + i * 2));
  let best = { from: 0, count: 1 };
  for (let from = 0; from < 8; from++) {
    let count = 0;
    while (from + count < 8 && groups[from + count] === 0) count++;
    if (count > best.count) best = { from, count };
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  return best.count < 2 ? text(groups) : `${text(groups.slice(0, best.from))}::${text(groups.slice(best.from + best.count))}`;
}
