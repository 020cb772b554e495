// Spanning tree messages: IEEE 802.1Q-2022 §14 (the same bytes as 802.1D-2004 §9.3), behind LLC 42 42 03, to 01:80:c2:00:00:00.
// Times are in 1/256 s on the wire and in seconds here.
import { type Malformed, readU16, readU32, writeU16, writeU32 } from "../bytes.ts";

/** Where bridges speak to each other; never forwarded (§8.6.3). */
export const BRIDGE_GROUP_MAC: Uint8Array = new Uint8Array([0x01, 0x80, 0xc2, 0, 0, 0]);
/** LLC: both service access points 0x42, unnumbered information. */
export const BPDU_LLC: Uint8Array = new Uint8Array([0x42, 0x42, 0x03]);

export const PORT_ROLES = ["unknown", "alternateOrBackup", "root", "designated"] as const;
export type BpduPortRole = (typeof PORT_ROLES)[number];

export interface BpduFlags {
  readonly topologyChange: boolean;
  readonly proposal: boolean;
  readonly role: BpduPortRole;
  readonly learning: boolean;
  readonly forwarding: boolean;
  readonly agreement: boolean;
  readonly topologyChangeAcknowledged: boolean;
}

/** Views: identifiers lie in the message's bytes. */
export interface ConfigBpdu {
  /** configuration: STP; rapid: RSTP (and MSTP, whose further part is not read). */
  readonly kind: "configuration" | "rapid";
  readonly version: number;
  readonly flags: BpduFlags;
  /** Eight bytes: priority (4 bits), system id extension (12), MAC. */
  readonly root: Uint8Array;
  readonly rootPathCost: number;
  readonly bridge: Uint8Array;
  readonly port: number;
  readonly messageAge: number;
  readonly maxAge: number;
  readonly helloTime: number;
  readonly forwardDelay: number;
}
export interface TopologyChangeBpdu {
  readonly kind: "topologyChange";
  readonly version: number;
}
export type Bpdu = ConfigBpdu | TopologyChangeBpdu;
export type BpduMalformed = "too_short" | "not_bpdu" | "unknown_type";

const CONFIGURATION_LENGTH = 35;

/** `bytes`: the payload of an 802.3 frame, LLC first. */
export function parseBpdu(bytes: Uint8Array): Bpdu | Malformed<BpduMalformed> {
  if (bytes.length < 7) return { malformed: "too_short" };
  if (bytes[0] !== 0x42 || bytes[1] !== 0x42 || bytes[2] !== 0x03 || readU16(bytes, 3) !== 0) return { malformed: "not_bpdu" };
  const version = bytes[5] as number;
  const type = bytes[6];
  if (type === 0x80) return { kind: "topologyChange", version };
  if (type !== 0 && type !== 2) return { malformed: "unknown_type" };
  if (bytes.length < 3 + CONFIGURATION_LENGTH) return { malformed: "too_short" };
  return {
    kind: type === 0 ? "configuration" : "rapid",
    version,
    flags: flagsOf(bytes[7] as number),
    root: bytes.subarray(8, 16),
    rootPathCost: readU32(bytes, 16),
    bridge: bytes.subarray(20, 28),
    port: readU16(bytes, 28),
    messageAge: readU16(bytes, 30) / 256,
    maxAge: readU16(bytes, 32) / 256,
    helloTime: readU16(bytes, 34) / 256,
    forwardDelay: readU16(bytes, 36) / 256,
  };
}

const flagsOf = (byte: number): BpduFlags => ({
  topologyChange: (byte & 1) !== 0,
  proposal: (byte & 2) !== 0,
  role: PORT_ROLES[(byte >> 2) & 3] as BpduPortRole,
  learning: (byte & 0x10) !== 0,
  forwarding: (byte & 0x20) !== 0,
  agreement: (byte & 0x40) !== 0,
  topologyChangeAcknowledged: (byte & 0x80) !== 0,
});

const byteOfFlags = (flags: BpduFlags): number =>
  Number(flags.topologyChange) |
  (Number(flags.proposal) << 1) |
  (PORT_ROLES.indexOf(flags.role) << 2) |
  (Number(flags.learning) << 4) |
  (Number(flags.forwarding) << 5) |
  (Number(flags.agreement) << 6) |
  (Number(flags.topologyChangeAcknowledged) << 7);

/** The payload of an 802.3 frame, LLC first. */
export function serializeBpdu(bpdu: Bpdu): Uint8Array {
  if (bpdu.kind === "topologyChange") return new Uint8Array([...BPDU_LLC, 0, 0, bpdu.version, 0x80]);
  const bytes = new Uint8Array(3 + CONFIGURATION_LENGTH + (bpdu.kind === "rapid" ? 1 : 0));
  bytes.set(BPDU_LLC);
  bytes[5] = bpdu.version;
  bytes[6] = bpdu.kind === "rapid" ? 2 : 0;
  bytes[7] = byteOfFlags(bpdu.flags);
  bytes.set(bpdu.root.subarray(0, 8), 8);
  writeU32(bytes, 16, bpdu.rootPathCost);
  bytes.set(bpdu.bridge.subarray(0, 8), 20);
  writeU16(bytes, 28, bpdu.port);
  writeU16(bytes, 30, bpdu.messageAge * 256);
  writeU16(bytes, 32, bpdu.maxAge * 256);
  writeU16(bytes, 34, bpdu.helloTime * 256);
  writeU16(bytes, 36, bpdu.forwardDelay * 256);
  return bytes;
}
