// The blocks of a pcap-ng file (draft-ietf-opsawg-pcapng-02): written little-endian, times in nanoseconds, Ethernet. Options hold
// what plain pcap cannot: which port, which way, and a comment with the reason why a frame was dropped.
//
//   type (4) │ total length (4) │ body, padded to 4 │ total length (4)

/** §4.1, §4.2, §4.3, §4.6. */
export const BLOCK = { section: 0x0a0d0d0a, interface: 1, simplePacket: 3, statistics: 5, enhancedPacket: 6 } as const;
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** §4.3, flags word: bits 0 and 1. inbound: from the port's owner into the switch; outbound: to the owner. */
export const DIRECTION = { unknown: 0, inbound: 1, outbound: 2 } as const;
export type Direction = keyof typeof DIRECTION;

/** LINKTYPE_ETHERNET. */
const ETHERNET = 1;
const OPTION = { end: 0, comment: 1 } as const;

export interface InterfaceFacts {
  readonly name: string;
  readonly description?: string | undefined;
  readonly mac?: Uint8Array | undefined;
  /** The filter in words, for people. */
  readonly filter?: string | undefined;
  /** Bytes kept of each frame; 0 = all. */
  readonly snapLength: number;
}

/** §4.6. All are counted since the capture began. */
export interface InterfaceStatistics {
  readonly time: CaptureTime;
  /** Frames seen at the interface. */
  readonly received: number;
  /** Of these, the ones that the filter let pass. */
  readonly accepted: number;
  /** Of those, the ones that are not in the file, since its reader was too slow. */
  readonly lost: number;
}

/** Nanoseconds since 1970 as two 32-bit words, made once for all frames that came in together. */
export interface CaptureTime {
  readonly high: number;
  readonly low: number;
}

export function captureTime(seconds: number, nanoseconds: number): CaptureTime {
  // In two parts, so that each product stays below 2^53.
  const upper = Math.floor(seconds / 65_536) * 1e9;
  const lower = (seconds % 65_536) * 1e9 + nanoseconds + (upper % 65_536) * 65_536;
  return { high: Math.floor(upper / 65_536) + Math.floor(lower / 2 ** 32), low: lower % 2 ** 32 };
}

const text = new TextEncoder();

export function sectionBlock(application: string): Uint8Array {
  return block(BLOCK.section, [
    fields(16, [
      [0, BYTE_ORDER_MAGIC],
      [4, 1],
      [8, 0xffff_ffff],
      [12, 0xffff_ffff],
    ]),
    option(4, text.encode(application)),
    END,
  ]);
}

export function interfaceBlock(facts: InterfaceFacts): Uint8Array {
  const { name, description, mac, filter, snapLength } = facts;
  return block(BLOCK.interface, [
    fields(8, [
      [0, ETHERNET],
      [4, snapLength],
    ]),
    option(2, text.encode(name.slice(0, 200))),
    description ? option(3, text.encode(description.slice(0, 1000))) : NONE,
    mac ? option(6, mac.subarray(0, 6)) : NONE,
    // if_tsresol: 10^-9 s.
    option(9, Uint8Array.of(9)),
    filter ? option(11, Uint8Array.of(0, ...text.encode(filter))) : NONE,
    END,
  ]);
}

export function statisticsBlock(interfaceId: number, { time, received, accepted, lost }: InterfaceStatistics): Uint8Array {
  return block(BLOCK.statistics, [
    fields(12, [
      [0, interfaceId],
      [4, time.high],
      [8, time.low],
    ]),
    option(4, u64(received)),
    option(5, u64(lost)),
    option(6, u64(accepted)),
    option(8, u64(accepted - lost)),
    END,
  ]);
}

/** Bytes of an enhanced packet block with `captured` bytes of a frame and a comment of `commentBytes` (0 = none). */
export function packetBlockLength(captured: number, commentBytes: number, hasLost: boolean): number {
  return 28 + padded(captured) + 8 + (commentBytes > 0 ? 4 + padded(commentBytes) : 0) + (hasLost ? 12 : 0) + 4 + 4;
}

export interface PacketFacts {
  readonly interfaceId: number;
  readonly time: CaptureTime;
  readonly direction: Direction;
  /** Bytes kept of the frame. */
  readonly captured: number;
  readonly comment: Uint8Array | undefined;
  /** Frames that are missing between this one and the one before (epb_dropcount). */
  readonly lost: number;
}

/** Where blocks are written: the same memory, seen twice. */
export interface Room {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function makeRoom(length: number): Room {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Writes an enhanced packet block at `at`; the caller has made room (`packetBlockLength`). Answers its end. */
export function writePacketBlock({ bytes, view }: Room, at: number, frame: Uint8Array, facts: PacketFacts): number {
  const { captured, comment, lost, time } = facts;
  const length = packetBlockLength(captured, comment?.length ?? 0, lost > 0);
  view.setUint32(at, BLOCK.enhancedPacket, true);
  view.setUint32(at + 4, length, true);
  view.setUint32(at + 8, facts.interfaceId, true);
  view.setUint32(at + 12, time.high, true);
  view.setUint32(at + 16, time.low, true);
  view.setUint32(at + 20, captured, true);
  view.setUint32(at + 24, frame.length, true);
  let place = putPadded(bytes, at + 28, captured === frame.length ? frame : frame.subarray(0, captured));
  // epb_flags
  view.setUint32(place, 0x0004_0002, true);
  view.setUint32(place + 4, DIRECTION[facts.direction], true);
  place += 8;
  if (comment !== undefined && comment.length > 0) {
    view.setUint32(place, OPTION.comment | (comment.length << 16), true);
    place = putPadded(bytes, place + 4, comment);
  }
  if (lost > 0) {
    view.setUint32(place, 0x0008_0004, true);
    view.setUint32(place + 4, lost >>> 0, true);
    view.setUint32(place + 8, Math.floor(lost / 2 ** 32), true);
    place += 12;
  }
  view.setUint32(place, OPTION.end, true);
  view.setUint32(place + 4, length, true);
  return place + 8;
}

function putPadded(bytes: Uint8Array, at: number, content: Uint8Array): number {
  bytes.set(content, at);
  const end = at + padded(content.length);
  for (let i = at + content.length; i < end; i++) bytes[i] = 0;
  return end;
}

const padded = (length: number): number => (length + 3) & ~3;

const NONE: Uint8Array = new Uint8Array(0);
const END: Uint8Array = new Uint8Array(4);

function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + padded(value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  bytes.set(value, 4);
  return bytes;
}

function fields(length: number, values: readonly (readonly [at: number, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of values) view.setUint32(at, value, true);
  return bytes;
}

function u64(value: number): Uint8Array {
  return fields(8, [
    [0, value >>> 0],
    [4, Math.floor(value / 2 ** 32)],
  ]);
}

function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(at, length, true);
  return bytes;
}
