// Answers from outside that point into this network's neighbourhood are taken out (DNS rebinding): a page of the Internet must
// not get a name for your router. Address records, and the address hints of SVCB and HTTPS records.
import { type DnsMessage, type DnsRecordOnWire, dnsType, readSvcb, serializeSvcb, withoutHints } from "@mimic/wire";

export interface Stripped {
  readonly message: DnsMessage;
  /** Addresses that were taken out. */
  readonly stripped: number;
}

/** `mayPoint`: whether an answer may name that address. */
export function stripPrivate(message: DnsMessage, mayPoint: (address: Uint8Array) => boolean): Stripped {
  let stripped = 0;
  const clean = (records: readonly DnsRecordOnWire[]): DnsRecordOnWire[] =>
    records.flatMap((record) => {
      const cleaned = cleanRecord(record, mayPoint);
      if (cleaned !== record) stripped++;
      return cleaned ? [cleaned] : [];
    });
  const answers = clean(message.answers);
  const additionals = clean(message.additionals);
  // Signatures over what is no longer there would only confuse; and a changed answer is not an authentic one.
  return stripped === 0 ? { message, stripped } : { message: { ...message, answers, additionals, isAuthentic: false }, stripped };
}

function cleanRecord(record: DnsRecordOnWire, mayPoint: (address: Uint8Array) => boolean): DnsRecordOnWire | undefined {
  switch (record.type) {
    case dnsType.A:
    case dnsType.AAAA:
      return mayPoint(record.data) ? record : undefined;
    case dnsType.SVCB:
    case dnsType.HTTPS: {
      const svcb = readSvcb(record.data);
      if (!svcb) return undefined;
      const kept = withoutHints(svcb, (address) => !mayPoint(address));
      return kept.params.length === svcb.params.length ? record : { ...record, data: serializeSvcb(kept) };
    }
    default:
      return record;
  }
}
