import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfHex } from "../bytes.ts";
import { parseNdp, serializeNdp } from "./message.ts";
import type { NdpMessage, NdpOption } from "./types.ts";

const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
const u16 = fc.integer({ min: 0, max: 65_535 });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const preference = fc.constantFrom("high" as const, "medium" as const, "low" as const);
const bits = fc.boolean();
const name = fc.stringMatching(/^[a-z]{1,10}(\.[a-z]{1,10}){0,3}$/);

const option: fc.Arbitrary<NdpOption> = fc.oneof(
  fc.record({ option: fc.constantFrom("sourceLinkLayer" as const, "targetLinkLayer" as const), mac }),
  fc.record({
    option: fc.constant("prefix" as const),
    prefix: address,
    prefixLength: fc.integer({ min: 0, max: 128 }),
    isOnLink: bits,
    isAutonomous: bits,
    validSeconds: u32,
    preferredSeconds: u32,
  }),
  fc.record({ option: fc.constant("mtu" as const), mtu: u32 }),
  fc.record({ option: fc.constant("route" as const), prefix: address, prefixLength: fc.constant(128), preference, seconds: u32 }),
  fc.record({ option: fc.constant("dnsServers" as const), seconds: u32, servers: fc.array(address, { minLength: 1, maxLength: 4 }) }),
  fc.record({ option: fc.constant("dnsSearch" as const), seconds: u32, domains: fc.array(name, { minLength: 1, maxLength: 3 }) }),
  fc.record({ option: fc.constant("nonce" as const), nonce: mac }),
);
const options = fc.array(option, { maxLength: 5 });
const message: fc.Arbitrary<NdpMessage> = fc.oneof(
  fc.record({ kind: fc.constant("routerSolicitation" as const), options }),
  fc.record({
    kind: fc.constant("routerAdvertisement" as const),
    hopLimit: fc.integer({ min: 0, max: 255 }),
    isManaged: bits,
    hasOtherConfiguration: bits,
    preference,
    lifetimeSeconds: u16,
    reachableMs: u32,
    retransmitMs: u32,
    options,
  }),
  fc.record({ kind: fc.constant("neighborSolicitation" as const), target: address, options }),
  fc.record({
    kind: fc.constant("neighborAdvertisement" as const),
    isRouter: bits,
    isSolicited: bits,
    isOverride: bits,
    target: address,
    options,
  }),
  fc.record({ kind: fc.constant("redirect" as const), target: address, destination: address, options }),
);

describe("a neighbour discovery message", () => {
  test("is read as it was written", () => {
    fc.assert(fc.property(message, (wanted) => void expect(parseNdp(serializeNdp(wanted))).toEqual(wanted)));
  });

  test("has options in whole units of 8 bytes (RFC 4861 §4.6)", () => {
    fc.assert(fc.property(message, (wanted) => serializeNdp(wanted).length % 8 === 0));
  });

  test("of any bytes is read or named, never thrown", () => {
    const mutated = fc
      .tuple(message, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }))
      .map(([original, changes]) => {
        const bytes = serializeNdp(original);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 120 }), mutated), (bytes) => {
        const read = parseNdp(bytes);
        if (!("malformed" in read)) serializeNdp(read);
      }),
      { numRuns: 500 },
    );
  });

  test("with an option of length 0 is dropped (RFC 4861 §4.6)", () => {
    expect(parseNdp(bytesOfHex("85 00 0000 00000000 01 00 525400000001") ?? new Uint8Array())).toEqual({ malformed: "bad_option" });
  });
});
