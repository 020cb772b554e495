// A received TCP segment as the connection reads it. One object serves all segments, one after the other: the general
// parser of @mimic/wire makes an object for each, which is too dear here.
import { readU16, TCP_FLAG, TCP_HEADER, TCP_OPTION } from "@mimic/wire";
import { wordAt } from "../address.ts";

export const { fin: FIN, syn: SYN, rst: RST, psh: PSH, ack: ACK } = TCP_FLAG;
const MOST_SACK_BLOCKS = 4;

const NOTHING = new Uint8Array(0);

export class Segment {
  bytes: Uint8Array = NOTHING;
  sourcePort = 0;
  destinationPort = 0;
  /** Signed 32-bit numbers, as all sequence numbers here. */
  sequence = 0;
  acknowledgement = 0;
  flags = 0;
  window = 0;
  dataAt = 0;
  dataLength = 0;
  hasTimestamps = false;
  timestamp = 0;
  timestampEcho = 0;
  sackCount = 0;
  /** Left and right edge of each block. */
  readonly sack = new Int32Array(2 * MOST_SACK_BLOCKS);
  /** 0 = not said. */
  mss = 0;
  /** -1 = not said. */
  windowScale = -1;
  sackPermitted = false;

  /** Length in sequence numbers: SYN and FIN take one each. */
  get span(): number {
    return this.dataLength + (this.flags & SYN ? 1 : 0) + (this.flags & FIN ? 1 : 0);
  }

  /** False when it is cut off. The checksum is the caller's. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < TCP_HEADER) return false;
    const headerLength = ((bytes[at + 12] as number) >> 4) * 4;
    if (headerLength < TCP_HEADER || at + headerLength > end) return false;
    this.bytes = bytes;
    this.sourcePort = readU16(bytes, at);
    this.destinationPort = readU16(bytes, at + 2);
    this.sequence = wordAt(bytes, at + 4);
    this.acknowledgement = wordAt(bytes, at + 8);
    this.flags = bytes[at + 13] as number;
    this.window = readU16(bytes, at + 14);
    this.dataAt = at + headerLength;
    this.dataLength = end - this.dataAt;
    this.hasTimestamps = false;
    this.sackCount = 0;
    this.mss = 0;
    this.windowScale = -1;
    this.sackPermitted = false;
    if (headerLength > TCP_HEADER) this.#readOptions(at + TCP_HEADER, this.dataAt);
    return true;
  }

  #readOptions(start: number, end: number): void {
    const { bytes } = this;
    // NOP, NOP, time stamps: what nearly every segment has (RFC 7323 appendix A).
    if (end - start === 12 && wordAt(bytes, start) === 0x0101_080a) {
      this.hasTimestamps = true;
      this.timestamp = wordAt(bytes, start + 4);
      this.timestampEcho = wordAt(bytes, start + 8);
      return;
    }
    for (let at = start; at < end; ) {
      const kind = bytes[at];
      if (kind === TCP_OPTION.end) return;
      if (kind === TCP_OPTION.nop) {
        at++;
        continue;
      }
      const length = at + 1 < end ? (bytes[at + 1] as number) : 0;
      if (length < 2 || at + length > end) return;
      this.#readOption(kind as number, at, length);
      at += length;
    }
  }

  #readOption(kind: number, at: number, length: number): void {
    const { bytes } = this;
    if (kind === TCP_OPTION.timestamps && length === 10) {
      this.hasTimestamps = true;
      this.timestamp = wordAt(bytes, at + 2);
      this.timestampEcho = wordAt(bytes, at + 6);
    } else if (kind === TCP_OPTION.sack && length % 8 === 2) {
      this.sackCount = Math.min((length - 2) / 8, MOST_SACK_BLOCKS);
      for (let i = 0; i < 2 * this.sackCount; i++) this.sack[i] = wordAt(bytes, at + 2 + 4 * i);
    } else if ((this.flags & SYN) === 0) return;
    else if (kind === TCP_OPTION.mss && length === 4) this.mss = readU16(bytes, at + 2);
    else if (kind === TCP_OPTION.windowScale && length === 3) this.windowScale = Math.min(bytes[at + 2] as number, 14);
    else if (kind === TCP_OPTION.sackPermitted && length === 2) this.sackPermitted = true;
  }
}
