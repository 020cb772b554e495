// Who wants which IPv4 multicast group: IGMPv1 (RFC 1112 appendix I), IGMPv2 (RFC 2236), IGMPv3 (RFC 3376 §4). The checksum
// covers the whole message (§4.1.2); the parser leaves it to its callers, as a snooping switch does not need it.
import { type Malformed, readU16, writeU16 } from "../bytes.ts";
import { decodeFloat8, encodeFloat8 } from "./float-code.ts";

export const IGMP_TYPE = { query: 0x11, reportV1: 0x12, reportV2: 0x16, leave: 0x17, reportV3: 0x22 } as const;

/** RFC 3376 §4.2.12. */
export const GROUP_RECORD = { isInclude: 1, isExclude: 2, toInclude: 3, toExclude: 4, allow: 5, block: 6 } as const;

/** Of IGMPv3 and MLDv2; addresses are views. */
export interface GroupRecord {
  readonly type: number;
  readonly group: Uint8Array;
  readonly sources: readonly Uint8Array[];
}

export interface IgmpQuery {
  readonly kind: "query";
  readonly version: 1 | 2 | 3;
  /** In tenths of a second; IGMPv1 says none, and means ten seconds. */
  readonly maxResponse: number;
  /** 0.0.0.0 asks for all groups. */
  readonly group: Uint8Array;
  readonly suppress: boolean;
  readonly robustness: number;
  /** The querier's interval in seconds. */
  readonly intervalSeconds: number;
  readonly sources: readonly Uint8Array[];
}
export type IgmpMessage =
  | IgmpQuery
  | { readonly kind: "report"; readonly version: 1 | 2; readonly group: Uint8Array }
  | { readonly kind: "leave"; readonly group: Uint8Array }
  | { readonly kind: "reportV3"; readonly records: readonly GroupRecord[] }
  | { readonly kind: "other"; readonly type: number };
export type IgmpMalformed = "too_short" | "sources_truncated" | "records_truncated";

/** `bytes`: the payload of an IPv4 packet. */
export function parseIgmp(bytes: Uint8Array): IgmpMessage | Malformed<IgmpMalformed> {
  if (bytes.length < 8) return { malformed: "too_short" };
  const group = bytes.subarray(4, 8);
  switch (bytes[0]) {
    case IGMP_TYPE.query:
      return parseQuery(bytes, group);
    case IGMP_TYPE.reportV1:
      return { kind: "report", version: 1, group };
    case IGMP_TYPE.reportV2:
      return { kind: "report", version: 2, group };
    case IGMP_TYPE.leave:
      return { kind: "leave", group };
    case IGMP_TYPE.reportV3: {
      const records = parseGroupRecords(bytes, 4);
      return records === undefined ? { malformed: "records_truncated" } : { kind: "reportV3", records };
    }
    default:
      return { kind: "other", type: bytes[0] as number };
  }
}

/** Which version a query is of: RFC 3376 §7.1. */
function parseQuery(bytes: Uint8Array, group: Uint8Array): IgmpQuery | Malformed<IgmpMalformed> {
  const code = bytes[1] as number;
  if (bytes.length < 12) {
    const version = code === 0 ? 1 : 2;
    return { kind: "query", version, maxResponse: code, group, suppress: false, robustness: 0, intervalSeconds: 0, sources: [] };
  }
  const sources = parseSources(bytes, 12, readU16(bytes, 10), 4);
  if (sources === undefined) return { malformed: "sources_truncated" };
  return {
    kind: "query",
    version: 3,
    maxResponse: decodeFloat8(code),
    group,
    suppress: ((bytes[8] as number) & 8) !== 0,
    robustness: (bytes[8] as number) & 7,
    intervalSeconds: decodeFloat8(bytes[9] as number),
    sources,
  };
}

export function parseSources(bytes: Uint8Array, at: number, count: number, size: number): Uint8Array[] | undefined {
  if (at + count * size > bytes.length) return undefined;
  return Array.from({ length: count }, (_, index) => bytes.subarray(at + index * size, at + (index + 1) * size));
}

/** Records behind an eight byte head, of IPv4 (`size` 4) or IPv6 (16); the count stands in the head's last two bytes. */
export function parseGroupRecords(bytes: Uint8Array, size: number): GroupRecord[] | undefined {
  const count = readU16(bytes, 6);
  const records: GroupRecord[] = [];
  let at = 8;
  while (records.length < count) {
    if (at + 4 + size > bytes.length) return undefined;
    const sources = parseSources(bytes, at + 4 + size, readU16(bytes, at + 2), size);
    if (sources === undefined) return undefined;
    records.push({ type: bytes[at] as number, group: bytes.subarray(at + 4, at + 4 + size), sources });
    // The auxiliary data, in words: “must ignore” (RFC 3376 §4.2.11).
    at += 4 + size + sources.length * size + (bytes[at + 1] as number) * 4;
  }
  return records;
}

export function serializeGroupRecords(records: readonly GroupRecord[], size: number): Uint8Array {
  const length = records.reduce((sum, record) => sum + 4 + size + record.sources.length * size, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const record of records) {
    bytes[at] = record.type;
    writeU16(bytes, at + 2, record.sources.length);
    bytes.set(record.group.subarray(0, size), at + 4);
    at += 4 + size;
    for (const source of record.sources) {
      bytes.set(source.subarray(0, size), at);
      at += size;
    }
  }
  return bytes;
}

/** Without its checksum, which stands at byte 2. */
export function serializeIgmp(message: Exclude<IgmpMessage, { kind: "other" }>): Uint8Array {
  if (message.kind === "reportV3") {
    const records = serializeGroupRecords(message.records, 4);
    const bytes = new Uint8Array(8 + records.length);
    bytes[0] = IGMP_TYPE.reportV3;
    writeU16(bytes, 6, message.records.length);
    bytes.set(records, 8);
    return bytes;
  }
  const isV3Query = message.kind === "query" && message.version === 3;
  const bytes = new Uint8Array(isV3Query ? 12 + message.sources.length * 4 : 8);
  bytes.set(message.group.subarray(0, 4), 4);
  if (message.kind === "report") bytes[0] = message.version === 1 ? IGMP_TYPE.reportV1 : IGMP_TYPE.reportV2;
  if (message.kind === "leave") bytes[0] = IGMP_TYPE.leave;
  if (message.kind !== "query") return bytes;
  bytes[0] = IGMP_TYPE.query;
  bytes[1] = isV3Query ? encodeFloat8(message.maxResponse) : message.maxResponse;
  if (!isV3Query) return bytes;
  bytes[8] = (message.suppress ? 8 : 0) | (message.robustness & 7);
  bytes[9] = encodeFloat8(message.intervalSeconds);
  writeU16(bytes, 10, message.sources.length);
  for (const [index, source] of message.sources.entries()) bytes.set(source.subarray(0, 4), 12 + index * 4);
  return bytes;
}
