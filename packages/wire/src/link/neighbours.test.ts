import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfHex, isMalformed } from "../bytes.ts";
import {
  type ArpPacket,
  type ConfigBpdu,
  PORT_ROLES,
  parseArp,
  parseBpdu,
  parseLldp,
  serializeArp,
  serializeBpdu,
  serializeLldp,
} from "./index.ts";

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const hex = (text: string): Uint8Array => bytesOfHex(text) as Uint8Array;

test("an ARP packet survives serializing and parsing, padding behind it or not", () => {
  const packet = fc.record<ArpPacket>({
    operation: fc.nat({ max: 65_535 }),
    senderMac: bytesOf(6),
    senderIp: bytesOf(4),
    targetMac: bytesOf(6),
    targetIp: bytesOf(4),
  });
  fc.assert(
    fc.property(packet, fc.nat({ max: 18 }), (wanted, padding) => {
      expect(parseArp(Uint8Array.from([...serializeArp(wanted), ...new Uint8Array(padding)]))).toEqual(wanted);
    }),
  );
});

test("ARP for other hardware or other protocols is not read as ours", () => {
  expect(parseArp(hex(`0006080006040001${"00".repeat(20)}`))).toEqual({ malformed: "not_ethernet_ipv4" });
  expect(parseArp(hex(`0001080006100001${"00".repeat(20)}`))).toEqual({ malformed: "not_ethernet_ipv4" });
  expect(parseArp(new Uint8Array(27))).toEqual({ malformed: "too_short" });
});

test("spanning tree messages survive serializing and parsing", () => {
  const seconds = fc.nat({ max: 65_535 }).map((units) => units / 256);
  const bpdu = fc.record<ConfigBpdu>({
    kind: fc.constantFrom("configuration", "rapid"),
    version: fc.nat({ max: 255 }),
    flags: fc.record({
      topologyChange: fc.boolean(),
      proposal: fc.boolean(),
      role: fc.constantFrom(...PORT_ROLES),
      learning: fc.boolean(),
      forwarding: fc.boolean(),
      agreement: fc.boolean(),
      topologyChangeAcknowledged: fc.boolean(),
    }),
    root: bytesOf(8),
    rootPathCost: fc.nat({ max: 0xffff_ffff }),
    bridge: bytesOf(8),
    port: fc.nat({ max: 65_535 }),
    messageAge: seconds,
    maxAge: seconds,
    helloTime: seconds,
    forwardDelay: seconds,
  });
  fc.assert(
    fc.property(bpdu, (wanted) => {
      expect(parseBpdu(serializeBpdu(wanted))).toEqual(wanted);
    }),
  );
  expect(parseBpdu(serializeBpdu({ kind: "topologyChange", version: 0 }))).toEqual({ kind: "topologyChange", version: 0 });
});

test("LLDP survives serializing and parsing, and unknown parts are passed over", () => {
  const text = fc.option(fc.uint8Array({ maxLength: 255 }), { nil: undefined });
  const id = fc.record({ subtype: fc.nat({ max: 7 }), id: fc.uint8Array({ minLength: 1, maxLength: 255 }) });
  const message = fc.record({
    chassis: id,
    port: id,
    ttlSeconds: fc.nat({ max: 65_535 }),
    portDescription: text,
    systemName: text,
    systemDescription: text,
  });
  fc.assert(
    fc.property(message, (wanted) => {
      expect(parseLldp(serializeLldp(wanted))).toEqual(wanted);
    }),
  );
  expect(parseLldp(hex("0203 0761 62 fe02 1234 0403 0562 63 0602 0078 0000"))).toMatchObject({ ttlSeconds: 120 });
  expect(parseLldp(hex("0203 0761 62 0000"))).toEqual({ malformed: "mandatory_missing" });
  expect(parseLldp(hex("02ff 07"))).toEqual({ malformed: "truncated" });
});

test("random and mutated bytes never make these parsers throw", () => {
  const valid = fc.constantFrom(
    serializeArp({
      operation: 1,
      senderMac: new Uint8Array(6),
      senderIp: new Uint8Array(4),
      targetMac: new Uint8Array(6),
      targetIp: new Uint8Array(4),
    }),
    serializeBpdu({ kind: "topologyChange", version: 2 }),
    hex(`4242030000 0202 7c ${"80".repeat(8)} 00000000 ${"80".repeat(8)} 8001 0000 1400 0200 0f00 00`),
    hex("0203 0761 62 0403 0562 63 0602 0078 0000"),
  );
  const mutated = fc
    .tuple(valid, fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 255 })), { maxLength: 6 }), fc.nat({ max: 60 }))
    .map(([bytes, changes, cut]) => {
      const copy = bytes.slice(0, cut < 30 ? bytes.length : cut - 30);
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), (bytes) => {
      for (const parse of [parseArp, parseBpdu, parseLldp]) expect(isMalformed(parse(bytes) as object)).toBeTypeOf("boolean");
    }),
    { numRuns: 3000 },
  );
});
