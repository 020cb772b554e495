import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfHex, isMalformed } from "../bytes.ts";
import { type EthernetFrame, parseEthernet, popTag, pushTag, serializeEthernet, TPID_CUSTOMER, TPID_SERVICE } from "./index.ts";

const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
const tag = fc.record({
  tpid: fc.constantFrom(TPID_CUSTOMER, TPID_SERVICE, 0x9100),
  priority: fc.nat({ max: 7 }),
  dropEligible: fc.boolean(),
  vlan: fc.nat({ max: 4095 }),
});
const parts = fc.record({
  destination: mac,
  source: mac,
  tags: fc.array(tag, { maxLength: 8 }),
  etherType: fc.oneof(fc.constantFrom(0x0800, 0x86dd, 0x0806), fc.constant(undefined)),
  payload: fc.uint8Array({ maxLength: 100 }),
});

test("a frame survives serializing and parsing, whatever its tags", () => {
  fc.assert(
    fc.property(parts, (wanted) => {
      const parsed = parseEthernet(serializeEthernet(wanted)) as EthernetFrame;
      const { payloadAt, ...rest } = parsed;
      expect(rest).toEqual(wanted);
      expect(payloadAt).toBe(14 + 4 * wanted.tags.length);
    }),
  );
});

test("what was parsed is a view of the frame, not a copy", () => {
  const frame = serializeEthernet({
    destination: new Uint8Array(6),
    source: new Uint8Array(6),
    etherType: 0x0800,
    payload: new Uint8Array(9),
  });
  const parsed = parseEthernet(frame) as EthernetFrame;
  frame[14] = 77;
  expect(parsed.payload[0]).toBe(77);
});

test("pushing a tag and popping it leaves the frame as it was", () => {
  fc.assert(
    fc.property(parts, tag, (some, pushed) => {
      const frame = serializeEthernet(some);
      const tagged = pushTag(frame, pushed);
      expect(popTag(tagged)).toEqual(frame);
      if (some.tags.length < 8) expect((parseEthernet(tagged) as EthernetFrame).tags[0]).toEqual(pushed);
    }),
  );
});

test("random bytes are a frame or malformed, and never an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const parsed = parseEthernet(bytes);
      if (!isMalformed(parsed)) expect(parsed.payloadAt).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2000 },
  );
});

test("each way of being malformed has its name", () => {
  const head = "ffffffffffff 525400000001";
  const why = (rest: string): unknown => parseEthernet(bytesOfHex(head + rest) as Uint8Array);
  expect(parseEthernet(new Uint8Array(13))).toEqual({ malformed: "too_short" });
  expect(why("8100 0001 08")).toEqual({ malformed: "tag_truncated" });
  expect(why(`${"81000001".repeat(9)}0800`)).toEqual({ malformed: "too_many_tags" });
  expect(why("05dd 00")).toEqual({ malformed: "bad_length" });
  expect(why("0003 4242")).toEqual({ malformed: "length_truncated" });
});

test("the padding behind an 802.3 frame's length is not payload", () => {
  const parsed = parseEthernet(bytesOfHex("0180c2000000 525400000001 0003 424203 0000000000") as Uint8Array) as EthernetFrame;
  expect(parsed.etherType).toBeUndefined();
  expect(parsed.payload).toEqual(bytesOfHex("424203"));
});
