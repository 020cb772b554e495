// The protocols that a filter knows by name, seen from a frame whose type stands at `12 + shift`: each “vlan” before them in
// the text moves the shift by four, as in libpcap.
import { ETHER_TYPE } from "@mimic/wire";
import { allOf, anyOf, BEHIND_END, type Direction, directed, isAt, load, or, type Test } from "./tests.ts";

export const IP_PROTOCOLS = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  icmp6: 58,
  pim: 103,
  vrrp: 112,
  sctp: 132,
} as const;
export const LINK_PROTOCOLS = { ip: ETHER_TYPE.ipv4, ip6: ETHER_TYPE.ipv6, arp: ETHER_TYPE.arp, rarp: ETHER_TYPE.rarp } as const;

export type IpProtocol = keyof typeof IP_PROTOCOLS;
export type LinkProtocol = keyof typeof LINK_PROTOCOLS;
/** That may stand alone and before other words. */
export const PROTOCOL_WORDS = [
  "ether",
  "ip",
  "ip6",
  "arp",
  "rarp",
  "tcp",
  "udp",
  "sctp",
  "icmp",
  "icmp6",
  "igmp",
  "ah",
  "esp",
  "pim",
  "vrrp",
] as const;
export type ProtocolWord = (typeof PROTOCOL_WORDS)[number];

/** Where the network header begins without tags. */
export const NETWORK_AT = 14;

export const isEtherType = (shift: number, type: number): Test => isAt(12 + shift, 2, type);
const isIpv4 = (shift: number): Test => isEtherType(shift, ETHER_TYPE.ipv4);
const isIpv6 = (shift: number): Test => isEtherType(shift, ETHER_TYPE.ipv6);

/** The first fragment, or a packet that is none. */
export const isFirstFragment = (shift: number): Test => isAt(NETWORK_AT + shift + 6, 2, 0, 0x1fff);

export const isIpv4Protocol = (shift: number, protocol: number): Test => allOf(isIpv4(shift), isAt(NETWORK_AT + shift + 9, 1, protocol));

/** Also behind a fragment header; other extension headers are not looked through. */
export function isIpv6Protocol(shift: number, protocol: number): Test {
  const next = NETWORK_AT + shift + 6;
  const behindFragment = allOf(isAt(next, 1, 44), isAt(NETWORK_AT + shift + 40, 1, protocol));
  return allOf(isIpv6(shift), or(isAt(next, 1, protocol), behindFragment));
}

const isEitherProtocol = (shift: number, protocol: number): Test => or(isIpv4Protocol(shift, protocol), isIpv6Protocol(shift, protocol));

export function isProtocol(word: Exclude<ProtocolWord, "ether">, shift: number): Test {
  switch (word) {
    case "ip":
    case "ip6":
    case "arp":
    case "rarp":
      return isEtherType(shift, LINK_PROTOCOLS[word]);
    case "icmp":
    case "igmp":
    case "vrrp":
      return isIpv4Protocol(shift, IP_PROTOCOLS[word]);
    case "icmp6":
      return isIpv6Protocol(shift, IP_PROTOCOLS.icmp6);
    case "tcp":
    case "udp":
    case "sctp":
    case "ah":
    case "esp":
    case "pim":
      return isEitherProtocol(shift, IP_PROTOCOLS[word]);
    default:
      return word satisfies never;
  }
}

/** “proto N” by itself, or behind ip or ip6. */
export function isIpProtocol(family: "ip" | "ip6" | undefined, protocol: number, shift: number): Test {
  if (family === "ip") return isIpv4Protocol(shift, protocol);
  return family === "ip6" ? isIpv6Protocol(shift, protocol) : isEitherProtocol(shift, protocol);
}

/** TCP or UDP (or SCTP) ports from `low` to `high`, in IPv4 that is no later fragment, and in IPv6 without extension headers. */
export function isPort(protocols: readonly number[], direction: Direction, range: readonly [number, number], shift: number): Test {
  const v6 = protocols.map((protocol) =>
    allOf(
      isAt(NETWORK_AT + shift + 6, 1, protocol),
      directed(
        direction,
        inRange(range, () => NETWORK_AT + shift + 40),
        inRange(range, () => NETWORK_AT + shift + 42),
      ),
    ),
  );
  const behindIpv4 =
    (offset: number) =>
    (bytes: Uint8Array): number => {
      const first = load(bytes, NETWORK_AT + shift, 1);
      return first < 0 ? BEHIND_END : NETWORK_AT + shift + 4 * (first & 15) + offset;
    };
  const v4 = protocols.map((protocol) =>
    allOf(
      isAt(NETWORK_AT + shift + 9, 1, protocol),
      isFirstFragment(shift),
      directed(direction, inRange(range, behindIpv4(0)), inRange(range, behindIpv4(2))),
    ),
  );
  return or(allOf(isIpv6(shift), anyOf(...v6)), allOf(isIpv4(shift), anyOf(...v4)));
}

function inRange([low, high]: readonly [number, number], place: (bytes: Uint8Array) => number): Test {
  return (bytes) => {
    const at = place(bytes);
    if (at < 0) return BEHIND_END;
    const port = load(bytes, at, 2);
    return port < 0 ? BEHIND_END : Number(port >= low && port <= high);
  };
}
