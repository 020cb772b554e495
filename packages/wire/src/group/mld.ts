// Who wants which IPv6 multicast group: MLDv1 (RFC 2710 §3), MLDv2 (RFC 3810 §5), as ICMPv6 messages. The checksum with its
// pseudo-header (RFC 4443 §2.3) is left to callers.
import { type Malformed, readU16, writeU16 } from "../bytes.ts";
import { decodeFloat8, decodeFloat16, encodeFloat8, encodeFloat16 } from "./float-code.ts";
import { type GroupRecord, parseGroupRecords, parseSources, serializeGroupRecords } from "./igmp.ts";

export const MLD_TYPE = { query: 130, report: 131, done: 132, reportV2: 143 } as const;

export interface MldQuery {
  readonly kind: "query";
  readonly version: 1 | 2;
  readonly maxResponseMs: number;
  /** :: asks for all groups. */
  readonly group: Uint8Array;
  readonly suppress: boolean;
  readonly robustness: number;
  /** The querier's interval in seconds. */
  readonly intervalSeconds: number;
  readonly sources: readonly Uint8Array[];
}
export type MldMessage =
  | MldQuery
  | { readonly kind: "report"; readonly group: Uint8Array }
  | { readonly kind: "done"; readonly group: Uint8Array }
  | { readonly kind: "reportV2"; readonly records: readonly GroupRecord[] };
export type MldMalformed = "too_short" | "not_mld" | "sources_truncated" | "records_truncated";

export const isMldType = (type: number): boolean => (type >= 130 && type <= 132) || type === 143;

/** `bytes`: an ICMPv6 message from its type on. */
export function parseMld(bytes: Uint8Array): MldMessage | Malformed<MldMalformed> {
  if (bytes.length < 8) return { malformed: "too_short" };
  const type = bytes[0] as number;
  if (!isMldType(type)) return { malformed: "not_mld" };
  if (type === MLD_TYPE.reportV2) {
    const records = parseGroupRecords(bytes, 16);
    return records === undefined ? { malformed: "records_truncated" } : { kind: "reportV2", records };
  }
  if (bytes.length < 24) return { malformed: "too_short" };
  const group = bytes.subarray(8, 24);
  if (type === MLD_TYPE.report) return { kind: "report", group };
  if (type === MLD_TYPE.done) return { kind: "done", group };
  return parseQuery(bytes, group);
}

/** Which version a query is of: RFC 3810 §8.1. */
function parseQuery(bytes: Uint8Array, group: Uint8Array): MldQuery | Malformed<MldMalformed> {
  const code = readU16(bytes, 4);
  if (bytes.length < 28) {
    return { kind: "query", version: 1, maxResponseMs: code, group, suppress: false, robustness: 0, intervalSeconds: 0, sources: [] };
  }
  const sources = parseSources(bytes, 28, readU16(bytes, 26), 16);
  if (sources === undefined) return { malformed: "sources_truncated" };
  return {
    kind: "query",
    version: 2,
    maxResponseMs: decodeFloat16(code),
    group,
    suppress: ((bytes[24] as number) & 8) !== 0,
    robustness: (bytes[24] as number) & 7,
    intervalSeconds: decodeFloat8(bytes[25] as number),
    sources,
  };
}

/** Without its checksum, which stands at byte 2. */
export function serializeMld(message: MldMessage): Uint8Array {
  if (message.kind === "reportV2") {
    const records = serializeGroupRecords(message.records, 16);
    const bytes = new Uint8Array(8 + records.length);
    bytes[0] = MLD_TYPE.reportV2;
    writeU16(bytes, 6, message.records.length);
    bytes.set(records, 8);
    return bytes;
  }
  const isV2Query = message.kind === "query" && message.version === 2;
  const bytes = new Uint8Array(isV2Query ? 28 + message.sources.length * 16 : 24);
  bytes[0] = MLD_TYPE[message.kind];
  bytes.set(message.group.subarray(0, 16), 8);
  if (message.kind !== "query") return bytes;
  writeU16(bytes, 4, isV2Query ? encodeFloat16(message.maxResponseMs) : message.maxResponseMs);
  if (!isV2Query) return bytes;
  bytes[24] = (message.suppress ? 8 : 0) | (message.robustness & 7);
  bytes[25] = encodeFloat8(message.intervalSeconds);
  writeU16(bytes, 26, message.sources.length);
  for (const [index, source] of message.sources.entries()) bytes.set(source.subarray(0, 16), 28 + index * 16);
  return bytes;
}
