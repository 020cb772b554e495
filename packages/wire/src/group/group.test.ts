import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfHex } from "../bytes.ts";
import { decodeFloat8, decodeFloat16, encodeFloat8, encodeFloat16 } from "./float-code.ts";
import { type GroupRecord, type IgmpMessage, type MldMessage, parseIgmp, parseMld, serializeIgmp, serializeMld } from "./index.ts";

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const records = (size: number): fc.Arbitrary<GroupRecord[]> =>
  fc.array(fc.record({ type: fc.nat({ max: 6 }), group: bytesOf(size), sources: fc.array(bytesOf(size), { maxLength: 3 }) }), {
    maxLength: 4,
  });
const plainQuery = { suppress: false, robustness: 0, intervalSeconds: 0, sources: [] };

test("times survive their codes, and are never rounded up", () => {
  for (let code = 0; code < 256; code++) expect(encodeFloat8(decodeFloat8(code))).toBe(code);
  for (let code = 0; code < 65_536; code += 7) expect(encodeFloat16(decodeFloat16(code))).toBe(code);
  fc.assert(
    fc.property(fc.nat({ max: 31_743 }), (value) => {
      expect(decodeFloat8(encodeFloat8(value))).toBeLessThanOrEqual(value);
    }),
  );
  expect([decodeFloat8(0xff), decodeFloat16(0xffff)]).toEqual([31_744, 8_387_584]);
});

test("IGMP of all three versions survives serializing and parsing", () => {
  const group = bytesOf(4);
  const message: fc.Arbitrary<IgmpMessage> = fc.oneof(
    group.map((some): IgmpMessage => ({ kind: "query", version: 1, maxResponse: 0, group: some, ...plainQuery })),
    group.map((some): IgmpMessage => ({ kind: "query", version: 2, maxResponse: 100, group: some, ...plainQuery })),
    fc.record({
      kind: fc.constant("query" as const),
      version: fc.constant(3 as const),
      maxResponse: fc.nat({ max: 127 }),
      group,
      suppress: fc.boolean(),
      robustness: fc.nat({ max: 7 }),
      intervalSeconds: fc.nat({ max: 127 }),
      sources: fc.array(group, { maxLength: 5 }),
    }),
    fc.record({ kind: fc.constant("report" as const), version: fc.constantFrom(1 as const, 2 as const), group }),
    fc.record({ kind: fc.constant("leave" as const), group }),
    fc.record({ kind: fc.constant("reportV3" as const), records: records(4) }),
  );
  fc.assert(
    fc.property(message, (wanted) => {
      expect(parseIgmp(serializeIgmp(wanted as Exclude<IgmpMessage, { kind: "other" }>))).toEqual(wanted);
    }),
  );
});

test("MLD of both versions survives serializing and parsing", () => {
  const group = bytesOf(16);
  const message: fc.Arbitrary<MldMessage> = fc.oneof(
    group.map((some): MldMessage => ({ kind: "query", version: 1, maxResponseMs: 10_000, group: some, ...plainQuery })),
    fc.record({
      kind: fc.constant("query" as const),
      version: fc.constant(2 as const),
      maxResponseMs: fc.nat({ max: 32_767 }),
      group,
      suppress: fc.boolean(),
      robustness: fc.nat({ max: 7 }),
      intervalSeconds: fc.nat({ max: 127 }),
      sources: fc.array(group, { maxLength: 5 }),
    }),
    fc.record({ kind: fc.constant("report" as const), group }),
    fc.record({ kind: fc.constant("done" as const), group }),
    fc.record({ kind: fc.constant("reportV2" as const), records: records(16) }),
  );
  fc.assert(
    fc.property(message, (wanted) => {
      expect(parseMld(serializeMld(wanted))).toEqual(wanted);
    }),
  );
});

test("auxiliary data of a group record is passed over", () => {
  const report = bytesOfHex("2200 0000 0000 0002  0401 0000 e0000001 deadbeef  0300 0000 e0000002") as Uint8Array;
  const parsed = parseIgmp(report) as Extract<IgmpMessage, { kind: "reportV3" }>;
  expect(parsed.records.map((record) => record.group[3])).toEqual([1, 2]);
});

test("random bytes, and counts that promise more than there is, never throw and never read too far", () => {
  const start = fc.constantFrom([0x11, 0], [0x22, 0], [0x16, 0], [130, 0], [131, 0], [143, 0]);
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 80 }), (head, rest) => {
      const bytes = Uint8Array.from([...head, ...rest]);
      for (const parsed of [parseIgmp(bytes), parseMld(bytes)]) {
        if ("malformed" in parsed) continue;
        const addresses =
          "records" in parsed ? parsed.records.flatMap((one) => [one.group, ...one.sources]) : "group" in parsed ? [parsed.group] : [];
        for (const address of addresses) expect([4, 16]).toContain(address.length);
      }
    }),
    { numRuns: 3000 },
  );
  expect(parseIgmp(bytesOfHex("2200 0000 0000 ffff") as Uint8Array)).toEqual({ malformed: "records_truncated" });
});
