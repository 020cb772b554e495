// VLAN tags: IEEE 802.1Q-2022 §9 (0x8100, the customer's), 802.1ad (0x88a8, the provider's) and the older 0x9100 to
// 0x9300 of makers, which no port of ours sends but which guests may try.
//
//   … source MAC │ TPID (16) │ PCP (3) │ DEI (1) │ VID (12) │ TPID or EtherType …
import { readU16, writeU16 } from "../bytes.ts";

export const TPID_CUSTOMER = 0x8100;
export const TPID_SERVICE = 0x88a8;
export const TAG_LENGTH = 4;
/** Behind this many tags a frame is called malformed: nobody stacks more, and depth must have an end. */
export const MAX_TAGS = 8;

export interface VlanTag {
  readonly tpid: number;
  /** 0 to 7. */
  readonly priority: number;
  readonly dropEligible: boolean;
  /** 0 = a priority and no VLAN; 4095 is reserved (§9.6). */
  readonly vlan: number;
}

export function isTpid(type: number): boolean {
  return type === TPID_CUSTOMER || type === TPID_SERVICE || type === 0x9100 || type === 0x9200 || type === 0x9300;
}

/** Of the four bytes at `at`. */
export function parseTag(bytes: Uint8Array, at: number): VlanTag {
  const control = readU16(bytes, at + 2);
  return { tpid: readU16(bytes, at), priority: control >> 13, dropEligible: (control & 0x1000) !== 0, vlan: control & 0x0fff };
}

export function writeTag(bytes: Uint8Array, at: number, tag: VlanTag): void {
  writeU16(bytes, at, tag.tpid);
  writeU16(bytes, at + 2, ((tag.priority & 7) << 13) | (tag.dropEligible ? 0x1000 : 0) | (tag.vlan & 0x0fff));
}

/** A copy of the frame with one more tag, the outermost. A frame shorter than two addresses is copied as it is. */
export function pushTag(frame: Uint8Array, tag: VlanTag): Uint8Array {
  if (frame.length < 12) return frame.slice();
  const tagged = new Uint8Array(frame.length + TAG_LENGTH);
  tagged.set(frame.subarray(0, 12));
  writeTag(tagged, 12, tag);
  tagged.set(frame.subarray(12), 12 + TAG_LENGTH);
  return tagged;
}

/** A copy of the frame without its outermost tag; without a tag, a copy of all. */
export function popTag(frame: Uint8Array): Uint8Array {
  if (frame.length < 12 + TAG_LENGTH || !isTpid(readU16(frame, 12))) return frame.slice();
  const bare = new Uint8Array(frame.length - TAG_LENGTH);
  bare.set(frame.subarray(0, 12));
  bare.set(frame.subarray(12 + TAG_LENGTH), 12);
  return bare;
}
