// Neighbour discovery messages (RFC 4861 §4): parse and serialize. Whether a hop limit is 255 and a checksum right is seen below.
import { readU16, readU32, writeU16, writeU32 } from "../bytes.ts";
import { parseNdpOptions, serializeNdpOptions } from "./options.ts";
import { preferenceBits, preferenceOf } from "./preference.ts";
import { type NdpMalformed, type NdpMessage, type NdpOption, ndpType } from "./types.ts";

/** Bytes before the options. */
const FIXED = {
  routerSolicitation: 8,
  routerAdvertisement: 16,
  neighborSolicitation: 24,
  neighborAdvertisement: 24,
  redirect: 40,
} as const;

const KINDS = new Map<number, keyof typeof FIXED>(Object.entries(ndpType).map(([kind, type]) => [type, kind as keyof typeof FIXED]));

/** Answers the message, or in one word why the bytes are none. Never throws. Addresses are views. */
export function parseNdp(bytes: Uint8Array): NdpMessage | { readonly malformed: NdpMalformed } {
  const kind = KINDS.get(bytes[0] ?? 0);
  if (!kind) return { malformed: "not_ndp" };
  if (bytes.length < FIXED[kind]) return { malformed: "too_short" };
  if (bytes[1] !== 0) return { malformed: "bad_code" };
  const options = parseNdpOptions(bytes.subarray(FIXED[kind]));
  if (!options) return { malformed: "bad_option" };
  const flags = bytes[4] ?? 0;
  const target = bytes.subarray(8, 24);
  switch (kind) {
    case "routerSolicitation":
      return { kind, options };
    case "routerAdvertisement":
      return readAdvertisement(bytes, options);
    case "neighborSolicitation":
      return { kind, target, options };
    case "neighborAdvertisement":
      return { kind, isRouter: (flags & 128) !== 0, isSolicited: (flags & 64) !== 0, isOverride: (flags & 32) !== 0, target, options };
    case "redirect":
      return { kind, target, destination: bytes.subarray(24, 40), options };
  }
}

const readAdvertisement = (bytes: Uint8Array, options: readonly NdpOption[]): NdpMessage => {
  const flags = bytes[5] ?? 0;
  return {
    kind: "routerAdvertisement",
    hopLimit: bytes[4] ?? 0,
    isManaged: (flags & 128) !== 0,
    hasOtherConfiguration: (flags & 64) !== 0,
    preference: preferenceOf(flags),
    lifetimeSeconds: readU16(bytes, 6),
    reachableMs: readU32(bytes, 8),
    retransmitMs: readU32(bytes, 12),
    options,
  };
};

/** The ICMPv6 message with a checksum of 0. */
export function serializeNdp(message: NdpMessage): Uint8Array {
  const options = serializeNdpOptions(message.options);
  const bytes = new Uint8Array(FIXED[message.kind] + options.length);
  bytes[0] = ndpType[message.kind];
  bytes.set(options, FIXED[message.kind]);
  switch (message.kind) {
    case "routerSolicitation":
      break;
    case "routerAdvertisement":
      bytes[4] = message.hopLimit;
      bytes[5] = (message.isManaged ? 128 : 0) | (message.hasOtherConfiguration ? 64 : 0) | preferenceBits(message.preference);
      writeU16(bytes, 6, message.lifetimeSeconds);
      writeU32(bytes, 8, message.reachableMs);
      writeU32(bytes, 12, message.retransmitMs);
      break;
    case "neighborAdvertisement":
      bytes[4] = (message.isRouter ? 128 : 0) | (message.isSolicited ? 64 : 0) | (message.isOverride ? 32 : 0);
      bytes.set(message.target.subarray(0, 16), 8);
      break;
    case "redirect":
      bytes.set(message.target.subarray(0, 16), 8);
      bytes.set(message.destination.subarray(0, 16), 24);
      break;
    case "neighborSolicitation":
      bytes.set(message.target.subarray(0, 16), 8);
      break;
  }
  return bytes;
}
