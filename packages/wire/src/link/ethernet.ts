// Ethernet frames without preamble and checksum, as QEMU's stream netdev carries them: IEEE 802.3-2022 §3.2, with any
// stack of VLAN tags. Type/length up to 1500 is a length (802.3 with LLC behind it), from 1536 an EtherType (§3.2.6).
import { type Malformed, readU16, writeU16 } from "../bytes.ts";
import { isTpid, MAX_TAGS, parseTag, TAG_LENGTH, type VlanTag, writeTag } from "./vlan.ts";

export const ETHERNET_HEADER = 14;
/** Without tags and checksum; shorter ones are padded by real cards (§3.2.8). */
export const MIN_FRAME = 60;

export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  wakeOnLan: 0x0842,
  rarp: 0x8035,
  ipv6: 0x86dd,
  flowControl: 0x8808,
  slow: 0x8809,
  eapol: 0x888e,
  lldp: 0x88cc,
} as const;

/** A view: everything in it lies in the frame's own bytes. */
export interface EthernetFrame {
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  /** The outermost first; mostly empty. */
  readonly tags: readonly VlanTag[];
  /** Undefined = a length stood there: the payload begins with LLC (IEEE 802.2) and its padding is cut off. */
  readonly etherType: number | undefined;
  readonly payload: Uint8Array;
  /** Where the payload begins in the frame. */
  readonly payloadAt: number;
}

export type EthernetMalformed = "too_short" | "tag_truncated" | "too_many_tags" | "bad_length" | "length_truncated";

export function parseEthernet(bytes: Uint8Array): EthernetFrame | Malformed<EthernetMalformed> {
  if (bytes.length < ETHERNET_HEADER) return { malformed: "too_short" };
  let at = 12;
  const tags: VlanTag[] = [];
  while (isTpid(readU16(bytes, at))) {
    if (bytes.length < at + TAG_LENGTH + 2) return { malformed: "tag_truncated" };
    if (tags.length === MAX_TAGS) return { malformed: "too_many_tags" };
    tags.push(parseTag(bytes, at));
    at += TAG_LENGTH;
  }
  const type = readU16(bytes, at);
  const payloadAt = at + 2;
  let end = bytes.length;
  if (type < 0x600) {
    if (type > 1500) return { malformed: "bad_length" };
    end = payloadAt + type;
    if (end > bytes.length) return { malformed: "length_truncated" };
  }
  return {
    destination: bytes.subarray(0, 6),
    source: bytes.subarray(6, 12),
    tags,
    etherType: type < 0x600 ? undefined : type,
    payload: bytes.subarray(payloadAt, end),
    payloadAt,
  };
}

export interface EthernetParts {
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  readonly tags?: readonly VlanTag[];
  /** Undefined = the payload is LLC and its length is written. */
  readonly etherType: number | undefined;
  readonly payload: Uint8Array;
}

/** A new frame; not padded to the minimum, which virtual cards do not need. */
export function serializeEthernet(parts: EthernetParts): Uint8Array {
  const tags = parts.tags ?? [];
  const payloadAt = ETHERNET_HEADER + tags.length * TAG_LENGTH;
  const frame = new Uint8Array(payloadAt + parts.payload.length);
  frame.set(parts.destination.subarray(0, 6));
  frame.set(parts.source.subarray(0, 6), 6);
  for (const [index, tag] of tags.entries()) writeTag(frame, 12 + index * TAG_LENGTH, tag);
  writeU16(frame, payloadAt - 2, parts.etherType ?? parts.payload.length);
  frame.set(parts.payload, payloadAt);
  return frame;
}
