import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfHex } from "../bytes.ts";
import { dataOfText, textOfData } from "./master-text.ts";
import { parseDnsMessage, serializeDnsMessage } from "./message.ts";
import { foldName, isWithin, labelsOfName, parentOf, parseName, reverseName, sameName } from "./name.ts";
import { mxData, nameData, readSoa, soaData, srvData, targetOf } from "./record-data.ts";
import { readSvcb, withoutHints } from "./svcb.ts";
import { type DnsMessage, type DnsRecordOnWire, dnsType, emptyDnsMessage } from "./types.ts";

const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
const name = fc.array(label, { maxLength: 8 }).map((labels) => {
  const wire = Uint8Array.from([...labels.flatMap((bytes) => [bytes.length, ...bytes]), 0]);
  return parseName(wire, 0)?.name ?? "";
});
const u16 = fc.integer({ min: 0, max: 65_535 });
const u32 = fc.integer({ min: 0, max: 0x7fff_ffff });

const data = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => ({ type: dnsType.A as number, data: bytes })),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => ({ type: dnsType.AAAA as number, data: bytes })),
  name.map((target) => ({ type: dnsType.CNAME as number, data: nameData(target) })),
  fc.tuple(u16, name).map(([preference, target]) => ({ type: dnsType.MX as number, data: mxData(preference, target) })),
  fc.tuple(u16, name).map(([port, target]) => ({ type: dnsType.SRV as number, data: srvData({ priority: 1, weight: 2, port, target }) })),
  fc.tuple(name, name, u32).map(([primary, mailbox, serial]) => ({
    type: dnsType.SOA as number,
    data: soaData({ primary, mailbox, serial, refreshSeconds: 1, retrySeconds: 2, expireSeconds: 3, negativeTtlSeconds: 4 }),
  })),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => ({ type: 99, data: bytes })),
);
const record: fc.Arbitrary<DnsRecordOnWire> = fc
  .tuple(name, u32, data)
  .map(([owner, ttlSeconds, rest]) => ({ name: owner, class: 1, ttlSeconds, ...rest }));

const message: fc.Arbitrary<DnsMessage> = fc.record({
  id: u16,
  isResponse: fc.boolean(),
  opcode: fc.integer({ min: 0, max: 15 }),
  isAuthoritative: fc.boolean(),
  isTruncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  recursionAvailable: fc.boolean(),
  isAuthentic: fc.boolean(),
  checkingDisabled: fc.boolean(),
  responseCode: fc.integer({ min: 0, max: 15 }),
  questions: fc.array(fc.record({ name, type: u16, class: u16 }), { maxLength: 2 }),
  answers: fc.array(record, { maxLength: 6 }),
  authorities: fc.array(record, { maxLength: 3 }),
  additionals: fc.array(record, { maxLength: 3 }),
  edns: fc.option(
    fc.record({
      udpSize: fc.integer({ min: 512, max: 65_535 }),
      version: fc.integer({ min: 0, max: 255 }),
      isDnssecOk: fc.boolean(),
      options: fc.array(fc.record({ code: u16, data: fc.uint8Array({ maxLength: 20 }) }), { maxLength: 3 }),
    }),
    { nil: undefined },
  ),
});

describe("a DNS name", () => {
  test("of any bytes is written so that it can be read again", () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 8 }), (labels) => {
        const wire = Uint8Array.from([...labels.flatMap((bytes) => [bytes.length, ...bytes]), 0]);
        expect(labelsOfName(parseName(wire, 0)?.name ?? "")).toEqual(labels);
      }),
    );
  });

  test("that points at itself, forward or in a circle is no name (RFC 1035 §4.1.4)", () => {
    expect(parseName(Uint8Array.of(0xc0, 0), 0)).toBeUndefined();
    expect(parseName(Uint8Array.of(0xc0, 2, 0), 0)).toBeUndefined();
    expect(parseName(Uint8Array.of(0xc0, 2, 0xc0, 0), 2)).toBeUndefined();
    expect(parseName(Uint8Array.of(1, 0x61, 0xc0, 0), 2)).toBeUndefined();
  });

  test("longer than 255 bytes, or with a label longer than 63, is no name", () => {
    const long = `${"a".repeat(63)}.`.repeat(4);
    expect(labelsOfName(long.slice(0, -1))).toBeUndefined();
    expect(labelsOfName("a".repeat(64))).toBeUndefined();
    expect(labelsOfName("a..b")).toBeUndefined();
    expect(labelsOfName("ä.org")).toBeUndefined();
  });

  test("is compared without regard to case, label by label", () => {
    expect(sameName("ExAmple.ORG.", "example.org")).toBe(true);
    expect(foldName("A.B.")).toBe("a.b");
    expect(isWithin("www.Home.Mimic", "home.mimic")).toBe(true);
    expect(isWithin("nothome.mimic", "home.mimic")).toBe(false);
    expect(isWithin("a\\.home.mimic", "home.mimic")).toBe(false);
    expect(parentOf("a\\.b.c.d")).toBe("c.d");
  });

  test("of an address stands backwards under arpa (RFC 1035 §3.5, RFC 3596 §2.5)", () => {
    expect(reverseName(Uint8Array.of(10, 77, 0, 15))).toBe("15.0.77.10.in-addr.arpa");
    const v6 = bytesOfHex("20010db8000000000000000000000001") ?? new Uint8Array();
    expect(reverseName(v6)).toBe("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  });
});

describe("a DNS message", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(message, (wanted) => {
        expect(parseDnsMessage(serializeDnsMessage(wanted))).toEqual(wanted);
      }),
    );
  });

  test("of any bytes, and of any message with bytes changed, is read or named, never thrown", () => {
    const mutated = fc.tuple(message, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }), fc.nat());
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated.map(mutate)), (bytes) => {
        const read = parseDnsMessage(bytes);
        if (!("malformed" in read)) serializeDnsMessage(read);
      }),
      { numRuns: 500 },
    );
  });

  test("with the same names again is shorter than without compression", () => {
    const answers = Array.from({ length: 10 }, () => ({
      name: "www.example.org",
      type: 1,
      class: 1,
      ttlSeconds: 60,
      data: Uint8Array.of(192, 0, 2, 1),
    }));
    expect(serializeDnsMessage({ ...emptyDnsMessage, answers }).length).toBe(12 + 17 + 14 + 9 * 16);
  });

  test("that does not fit is cut at a whole record and says so, and keeps its OPT (RFC 2181 §9, RFC 6891 §7)", () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 512, max: 1500 }), (wanted, maxBytes) => {
        const short = {
          ...wanted,
          isTruncated: false,
          questions: wanted.questions.slice(0, 1),
          edns: wanted.edns && { ...wanted.edns, options: [] },
        };
        const bytes = serializeDnsMessage(short, { maxBytes });
        const read = parseDnsMessage(bytes);
        if ("malformed" in read) throw new Error(read.malformed);
        expect(bytes.length).toBeLessThanOrEqual(maxBytes);
        expect(read.edns).toEqual(short.edns);
        expect(read.isTruncated).toBe(read.answers.length < short.answers.length || read.authorities.length < short.authorities.length);
        expect(short.answers.slice(0, read.answers.length)).toEqual(read.answers);
      }),
    );
  });

  test("with compressed names in data that may not be compressed is read all the same (RFC 3597 §4)", () => {
    // example.org SRV 0 0 80 with the target as a pointer to the question's name.
    const bytes = bytesOfHex(
      "0001 8000 0001 0001 0000 0000 07 6578616d706c65 03 6f7267 00 0021 0001 c00c 0021 0001 0000003c 0008 0000 0000 0050 c00c",
    );
    const read = parseDnsMessage(bytes ?? new Uint8Array());
    if ("malformed" in read) throw new Error(read.malformed);
    expect(targetOf(dnsType.SRV, read.answers[0]?.data ?? new Uint8Array())).toBe("example.org");
  });

  test("with two OPT records is malformed (RFC 6891 §6.1.1)", () => {
    const opt = "00 0029 0200 00000000 0000";
    expect(parseDnsMessage(bytesOfHex(`0001 0000 0000 0000 0000 0002 ${opt} ${opt}`) ?? new Uint8Array())).toEqual({
      malformed: "two_opts",
    });
  });
});

describe("a record as people write it", () => {
  test.each([
    ["A", "10.0.0.1", "10.0.0.1"],
    ["AAAA", "2001:DB8::1", "2001:db8::1"],
    ["CNAME", "www.example.org", "www.example.org."],
    ["PTR", "a.b.", "a.b."],
    ["NS", "ns.example.org.", "ns.example.org."],
    ["MX", "10 mail.example.org.", "10 mail.example.org."],
    ["SRV", "1 2 389 ldap.example.org.", "1 2 389 ldap.example.org."],
    ["TXT", "v=spf1 -all", '"v=spf1 -all"'],
    ["TXT", '"one two" three "fo\\"ur"', '"one two" "three" "fo\\"ur"'],
  ] as const)("%s %s becomes data and is shown again", (type, text, shown) => {
    expect(textOfData(dnsType[type], dataOfText(type, text) ?? new Uint8Array())).toBe(shown);
  });

  test.each([
    ["A", "10.0.0.256"],
    ["A", "::1"],
    ["AAAA", "10.0.0.1"],
    ["MX", "mail.example.org"],
    ["MX", "70000 mail.example.org"],
    ["SRV", "1 2 389"],
    ["CNAME", "a b"],
    ["HTTPS", "1 . alpn="],
    ["HTTPS", "1 . alpn=h2 alpn=h3"],
    ["HTTPS", "1 . ipv4hint=::1"],
    ["TXT", '"open'],
  ] as const)("%s %s is none", (type, text) => {
    expect(dataOfText(type, text)).toBeUndefined();
  });

  test("HTTPS has its parameters in rising order, and its hints can be taken out (RFC 9460 §2.2, §7.3)", () => {
    const bytes = dataOfText("HTTPS", "1 . ipv4hint=10.0.0.1,192.0.2.1 port=8443 alpn=h2,h3");
    const read = readSvcb(bytes ?? new Uint8Array());
    expect(read?.params.map(({ key }) => key)).toEqual([1, 3, 4]);
    expect(read && withoutHints(read, (address) => address[0] === 10).params.map(({ key }) => key)).toEqual([1, 3]);
  });

  test("any data of any type can be shown without throwing", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(dnsType)), fc.uint8Array({ maxLength: 80 }), (type, bytes) => {
        textOfData(type, bytes);
        readSvcb(bytes);
        readSoa(bytes);
      }),
    );
  });
});

function mutate([original, changes, cut]: [DnsMessage, [number, number][], number]): Uint8Array {
  const bytes = serializeDnsMessage(original);
  for (const [at, value] of changes) bytes[at % bytes.length] = value;
  return bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length);
}
