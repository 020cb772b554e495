// DHCPv4 messages (RFC 2131 §2): 236 bytes of BOOTP, the magic cookie, and options (RFC 2132 §2), which may go on in the fields
// `file` and `sname` (overload, §9.3) and may come in several parts (RFC 3396).
import { readU16, readU32, writeU16, writeU32 } from "../bytes.ts";
import { type DhcpMessage, dhcpOption } from "./types.ts";

export type DhcpMalformed = "too_short" | "no_cookie" | "bad_operation" | "bad_hardware_length" | "option_cut_off" | "bad_overload";

const FIXED_BYTES = 236;
const COOKIE = 0x6382_5363;
const SNAME = { at: 44, size: 64 };
const FILE = { at: 108, size: 128 };
/** Some clients drop answers that are shorter than a BOOTP message (RFC 1542 §2.1). */
const LEAST_BYTES = 300;

/** Answers the message, or in one word why the bytes are none. Never throws. Options are views where they came in one part. */
export function parseDhcp(bytes: Uint8Array): DhcpMessage | { readonly malformed: DhcpMalformed } {
  if (bytes.length < FIXED_BYTES + 4) return { malformed: "too_short" };
  if (readU32(bytes, FIXED_BYTES) !== COOKIE) return { malformed: "no_cookie" };
  const operation = bytes[0];
  if (operation !== 1 && operation !== 2) return { malformed: "bad_operation" };
  const hardwareLength = bytes[2] ?? 0;
  if (hardwareLength > 16) return { malformed: "bad_hardware_length" };
  const parts = new Map<number, Uint8Array[]>();
  if (!collectOptions(bytes.subarray(FIXED_BYTES + 4), parts)) return { malformed: "option_cut_off" };
  const overload = parts.get(dhcpOption.overload)?.[0]?.[0] ?? 0;
  if (overload > 3) return { malformed: "bad_overload" };
  const file = bytes.subarray(FILE.at, FILE.at + FILE.size);
  const sname = bytes.subarray(SNAME.at, SNAME.at + SNAME.size);
  if ((overload & 1) !== 0 && !collectOptions(file, parts)) return { malformed: "option_cut_off" };
  if ((overload & 2) !== 0 && !collectOptions(sname, parts)) return { malformed: "option_cut_off" };
  return {
    operation: operation === 1 ? "request" : "reply",
    hardwareType: bytes[1] ?? 0,
    hops: bytes[3] ?? 0,
    transactionId: readU32(bytes, 4),
    seconds: readU16(bytes, 8),
    wantsBroadcast: (readU16(bytes, 10) & 0x8000) !== 0,
    clientAddress: bytes.subarray(12, 16),
    yourAddress: bytes.subarray(16, 20),
    nextServer: bytes.subarray(20, 24),
    relayAddress: bytes.subarray(24, 28),
    clientHardware: bytes.subarray(28, 28 + hardwareLength),
    serverName: (overload & 2) === 0 ? textIn(sname) : "",
    bootFile: (overload & 1) === 0 ? textIn(file) : "",
    options: new Map(Array.from(parts, ([code, found]) => [code, joined(found)])),
  };
}

/** Up to the end option or the end of the field; false when an option leads past it. */
function collectOptions(field: Uint8Array, into: Map<number, Uint8Array[]>): boolean {
  for (let at = 0; at < field.length; ) {
    const code = field[at] ?? 0;
    if (code === dhcpOption.end) return true;
    if (code === dhcpOption.pad) {
      at++;
      continue;
    }
    const length = field[at + 1];
    if (length === undefined || at + 2 + length > field.length) return false;
    const part = field.subarray(at + 2, at + 2 + length);
    const known = into.get(code);
    if (known) known.push(part);
    else into.set(code, [part]);
    at += 2 + length;
  }
  return true;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0]) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function textIn(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder("latin1").decode(end === -1 ? field : field.subarray(0, end));
}

/**
 * Writes a message; options in the order of the map. What is longer than 255 bytes goes out in parts. `options` never contains
 * pad, end or overload: those are the serializer's.
 */
export function serializeDhcp(message: DhcpMessage): Uint8Array {
  const optionBytes = Array.from(message.options.values(), (data) => data.length + 2 * Math.max(1, Math.ceil(data.length / 255)));
  const size = FIXED_BYTES + 4 + optionBytes.reduce((sum, count) => sum + count, 0) + 1;
  const bytes = new Uint8Array(Math.max(LEAST_BYTES, size));
  bytes[0] = message.operation === "request" ? 1 : 2;
  bytes[1] = message.hardwareType;
  bytes[2] = Math.min(16, message.clientHardware.length);
  bytes[3] = message.hops;
  writeU32(bytes, 4, message.transactionId);
  writeU16(bytes, 8, message.seconds);
  writeU16(bytes, 10, message.wantsBroadcast ? 0x8000 : 0);
  bytes.set(message.clientAddress.subarray(0, 4), 12);
  bytes.set(message.yourAddress.subarray(0, 4), 16);
  bytes.set(message.nextServer.subarray(0, 4), 20);
  bytes.set(message.relayAddress.subarray(0, 4), 24);
  bytes.set(message.clientHardware.subarray(0, 16), 28);
  putText(bytes, SNAME, message.serverName);
  putText(bytes, FILE, message.bootFile);
  writeU32(bytes, FIXED_BYTES, COOKIE);
  bytes[putOptions(bytes, FIXED_BYTES + 4, message.options)] = dhcpOption.end;
  return bytes;
}

/** One byte is left for the 0 at the end. */
function putText(bytes: Uint8Array, { at, size }: { readonly at: number; readonly size: number }, text: string): void {
  for (let index = 0; index < Math.min(text.length, size - 1); index++) bytes[at + index] = text.charCodeAt(index) & 255;
}

function putOptions(bytes: Uint8Array, from: number, options: ReadonlyMap<number, Uint8Array>): number {
  let at = from;
  for (const [code, data] of options) {
    for (let begin = 0; begin === 0 || begin < data.length; begin += 255) {
      const part = data.subarray(begin, begin + 255);
      bytes[at] = code;
      bytes[at + 1] = part.length;
      bytes.set(part, at + 2);
      at += 2 + part.length;
    }
  }
  return at;
}
