import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iaNaData, readIaNa } from "./identity-association.ts";
import { dhcpv6Option, parseDhcpv6, requestedOptions, serializeDhcpv6 } from "./message.ts";

const u16 = fc.integer({ min: 0, max: 65_535 });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const message = fc.record({
  type: fc.integer({ min: 1, max: 11 }),
  transactionId: fc.integer({ min: 0, max: 0xff_ffff }),
  options: fc.array(fc.record({ code: u16, data: fc.uint8Array({ maxLength: 60 }) }), { maxLength: 8 }),
});
const association = fc.record({
  iaid: u32,
  t1Seconds: u32,
  t2Seconds: u32,
  addresses: fc.array(fc.record({ address: fc.uint8Array({ minLength: 16, maxLength: 16 }), preferredSeconds: u32, validSeconds: u32 }), {
    maxLength: 4,
  }),
  options: fc.array(fc.record({ code: u16.filter((code) => code !== dhcpv6Option.iaAddress), data: fc.uint8Array({ maxLength: 20 }) }), {
    maxLength: 3,
  }),
});

describe("a DHCPv6 message", () => {
  test("is read as it was written", () => {
    fc.assert(fc.property(message, (wanted) => void expect(parseDhcpv6(serializeDhcpv6(wanted))).toEqual(wanted)));
  });

  test("of any bytes is read or named, never thrown", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 120 }), message.map(serializeDhcpv6)), fc.nat(), (bytes, cut) => {
        const read = parseDhcpv6(bytes.subarray(0, cut % 4 === 0 ? cut % (bytes.length + 1) : bytes.length));
        if ("malformed" in read) return;
        requestedOptions(read);
        for (const { data } of read.options) readIaNa(data);
      }),
      { numRuns: 500 },
    );
  });

  test("of a relay is named: nothing relays here", () => {
    expect(parseDhcpv6(Uint8Array.of(12, 0, 0, 0))).toEqual({ malformed: "relayed" });
  });
});

test("an identity association is read as it was written (RFC 8415 §21.4)", () => {
  fc.assert(fc.property(association, (wanted) => void expect(readIaNa(iaNaData(wanted))).toEqual(wanted)));
});
