// DNS messages (RFC 1035 §4.1) with EDNS (RFC 6891): parse and serialize.
import { parseName } from "./name.ts";
import { expandData, writeData } from "./record-data.ts";
import { type DnsMessage, type DnsQuestion, type DnsRecordOnWire, dnsType, type Edns } from "./types.ts";
import { DnsWriter } from "./writer.ts";

export type DnsMalformed = "too_short" | "bad_question" | "bad_record" | "too_many_records" | "two_opts" | "data_behind_end";

const HEADER_BYTES = 12;
/** More than fits into any honest message; each costs at least 11 bytes, so a datagram cannot ask for much more anyway. */
const MAX_RECORDS = 2000;

/** Answers the message, or in one word why the bytes are none. Never throws. */
export function parseDnsMessage(bytes: Uint8Array): DnsMessage | { readonly malformed: DnsMalformed } {
  if (bytes.length < HEADER_BYTES) return { malformed: "too_short" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  const counts = [4, 6, 8, 10].map((at) => view.getUint16(at));
  if (counts.reduce((sum, count) => sum + count, 0) > MAX_RECORDS) return { malformed: "too_many_records" };
  const [questionCount = 0, ...recordCounts] = counts;
  const asked = parseQuestions(bytes, view, questionCount);
  if (!asked) return { malformed: "bad_question" };
  let at = asked.next;
  const sections: DnsRecordOnWire[][] = [];
  for (const count of recordCounts) {
    const section = parseRecords(bytes, view, { at, count });
    if (!section) return { malformed: "bad_record" };
    sections.push(section.records);
    at = section.next;
  }
  const [answers = [], authorities = [], others = []] = sections;
  const opts = others.filter(({ type }) => type === dnsType.OPT);
  if (opts.length > 1) return { malformed: "two_opts" };
  const opt = opts[0] && readEdns(opts[0]);
  if (opts[0] && !opt) return { malformed: "bad_record" };
  return {
    ...readFlags(flags),
    id: view.getUint16(0),
    responseCode: (flags & 15) | ((opt?.highResponseCode ?? 0) << 4),
    questions: asked.questions,
    answers,
    authorities,
    additionals: others.filter(({ type }) => type !== dnsType.OPT),
    edns: opt?.edns,
  };
}

const readFlags = (flags: number) => ({
  isResponse: (flags & 0x8000) !== 0,
  opcode: (flags >> 11) & 15,
  isAuthoritative: (flags & 0x0400) !== 0,
  isTruncated: (flags & 0x0200) !== 0,
  recursionDesired: (flags & 0x0100) !== 0,
  recursionAvailable: (flags & 0x0080) !== 0,
  isAuthentic: (flags & 0x0020) !== 0,
  checkingDisabled: (flags & 0x0010) !== 0,
});

function parseQuestions(bytes: Uint8Array, view: DataView, count: number): { questions: DnsQuestion[]; next: number } | undefined {
  const questions: DnsQuestion[] = [];
  let at = HEADER_BYTES;
  for (let index = 0; index < count; index++) {
    const read = parseName(bytes, at);
    if (!read || read.next + 4 > bytes.length) return undefined;
    questions.push({ name: read.name, type: view.getUint16(read.next), class: view.getUint16(read.next + 2) });
    at = read.next + 4;
  }
  return { questions, next: at };
}

interface Span {
  readonly at: number;
  readonly count: number;
}

function parseRecords(
  bytes: Uint8Array,
  view: DataView,
  { at: from, count }: Span,
): { records: DnsRecordOnWire[]; next: number } | undefined {
  const records: DnsRecordOnWire[] = [];
  let at = from;
  for (let index = 0; index < count; index++) {
    const read = parseName(bytes, at);
    if (!read || read.next + 10 > bytes.length) return undefined;
    const type = view.getUint16(read.next);
    const dataAt = read.next + 10;
    const end = dataAt + view.getUint16(read.next + 8);
    if (end > bytes.length) return undefined;
    const data = expandData(type, bytes, { from: dataAt, to: end });
    if (!data) return undefined;
    records.push({ name: read.name, type, class: view.getUint16(read.next + 2), ttlSeconds: readTtl(view, read.next + 4, type), data });
    at = end;
  }
  return { records, next: at };
}

/** RFC 2181 §8: a time to live with the top bit set is 0. In OPT the field means something else. */
function readTtl(view: DataView, at: number, type: number): number {
  const ttl = view.getUint32(at);
  return ttl > 0x7fff_ffff && type !== dnsType.OPT ? 0 : ttl;
}

function readEdns(opt: DnsRecordOnWire): { edns: Edns; highResponseCode: number } | undefined {
  if (opt.name !== "") return undefined;
  const options: { code: number; data: Uint8Array }[] = [];
  const { data } = opt;
  for (let at = 0; at < data.length; ) {
    if (at + 4 > data.length) return undefined;
    const code = ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
    const size = ((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0);
    if (at + 4 + size > data.length) return undefined;
    options.push({ code, data: data.subarray(at + 4, at + 4 + size) });
    at += 4 + size;
  }
  const ttl = opt.ttlSeconds;
  return {
    edns: { udpSize: Math.max(512, opt.class), version: (ttl >>> 16) & 255, isDnssecOk: (ttl & 0x8000) !== 0, options },
    highResponseCode: ttl >>> 24,
  };
}

/**
 * Writes the message in at most `maxBytes`. When it does not fit, additional records are left out first; when answers or
 * authorities do not fit, whole records are left out and the message says so (TC, RFC 2181 §9).
 */
export function serializeDnsMessage(message: DnsMessage, { maxBytes = 65_535 }: { readonly maxBytes?: number } = {}): Uint8Array {
  const writer = new DnsWriter();
  writer.u16(message.id);
  writer.u16(flagsOf(message));
  for (let count = 0; count < 4; count++) writer.u16(0);
  for (const question of message.questions) {
    writer.name(question.name, { compress: true });
    writer.u16(question.type);
    writer.u16(question.class);
  }
  writer.setU16(4, message.questions.length);
  const optSize = message.edns ? 11 + message.edns.options.reduce((sum, { data }) => sum + 4 + data.length, 0) : 0;
  const limit = maxBytes - optSize;
  const answers = writeSection(writer, message.answers, limit);
  const isCut = answers < message.answers.length;
  const authorities = isCut ? 0 : writeSection(writer, message.authorities, limit);
  const isShort = isCut || authorities < message.authorities.length;
  const additionals = isShort ? 0 : writeSection(writer, message.additionals, limit);
  if (message.edns) writeOpt(writer, message.edns, message.responseCode);
  writer.setU16(6, answers);
  writer.setU16(8, authorities);
  writer.setU16(10, additionals + (message.edns ? 1 : 0));
  if (isShort) writer.setU16(2, flagsOf(message) | 0x0200);
  return writer.done();
}

function flagsOf(message: DnsMessage): number {
  return (
    (message.isResponse ? 0x8000 : 0) |
    ((message.opcode & 15) << 11) |
    (message.isAuthoritative ? 0x0400 : 0) |
    (message.isTruncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) |
    (message.recursionAvailable ? 0x0080 : 0) |
    (message.isAuthentic ? 0x0020 : 0) |
    (message.checkingDisabled ? 0x0010 : 0) |
    (message.responseCode & 15)
  );
}

function writeSection(writer: DnsWriter, records: readonly DnsRecordOnWire[], limit: number): number {
  let written = 0;
  for (const record of records) {
    const began = writer.size;
    writer.name(record.name, { compress: true });
    writer.u16(record.type);
    writer.u16(record.class);
    writer.u32(record.ttlSeconds);
    const lengthAt = writer.size;
    writer.u16(0);
    writeData(writer, record.type, record.data);
    writer.setU16(lengthAt, writer.size - lengthAt - 2);
    if (writer.size > limit) {
      writer.truncate(began);
      return written;
    }
    written++;
  }
  return written;
}

function writeOpt(writer: DnsWriter, edns: Edns, code: number): void {
  writer.u8(0);
  writer.u16(dnsType.OPT);
  writer.u16(edns.udpSize);
  writer.u8((code >> 4) & 255);
  writer.u8(edns.version);
  writer.u16(edns.isDnssecOk ? 0x8000 : 0);
  writer.u16(edns.options.reduce((sum, { data }) => sum + 4 + data.length, 0));
  for (const { code: option, data } of edns.options) {
    writer.u16(option);
    writer.u16(data.length);
    writer.bytes(data);
  }
}
