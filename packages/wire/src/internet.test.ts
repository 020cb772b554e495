import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMalformed, type Malformed } from "./bytes.ts";
import {
  checksumOf,
  parseIcmp,
  parseIcmpv6,
  parseIpv4Packet,
  parseIpv6Packet,
  parseTcp,
  parseTcpOptions,
  parseUdp,
  serializeIcmp,
  serializeIcmpv6,
  serializeIpv4Packet,
  serializeIpv6Packet,
  serializeTcp,
  serializeUdp,
  type TcpOptions,
} from "./internet.ts";

const v4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const v6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const pair = fc.oneof(fc.tuple(v4, v4), fc.tuple(v6, v6));
const u8 = fc.nat({ max: 0xff });
const u16 = fc.nat({ max: 0xffff });
const u32 = fc.nat({ max: 0xffff_ffff });
const payload = fc.uint8Array({ maxLength: 200 });

/** Fails the test when it is malformed. */
function good<T extends object>(parsed: T | Malformed): T {
  if (isMalformed(parsed)) throw new Error(parsed.malformed);
  return parsed as T;
}

describe("IPv4", () => {
  const parts = fc.record({
    source: v4,
    destination: v4,
    protocol: u8,
    ttl: u8,
    trafficClass: u8,
    identification: u16,
    dontFragment: fc.boolean(),
    moreFragments: fc.boolean(),
    fragmentOffset: fc.nat({ max: 8000 }).map((units) => units * 8),
    options: fc.uint8Array({ minLength: 0, maxLength: 10 }).map((bytes) => new Uint8Array(bytes.length * 4).fill(1)),
    payload,
  });

  test("a packet survives serializing and parsing, with padding behind it", () => {
    fc.assert(
      fc.property(parts, fc.nat({ max: 40 }), (wanted, padding) => {
        const packet = serializeIpv4Packet(wanted);
        const { payloadAt, ...rest } = good(parseIpv4Packet(new Uint8Array([...packet, ...new Uint8Array(padding)])));
        expect(rest).toEqual(wanted);
        expect(payloadAt).toBe(20 + wanted.options.length);
      }),
    );
  });

  test("one flipped bit of the header is noticed", () => {
    fc.assert(
      fc.property(parts, fc.nat({ max: 159 }), (wanted, bit) => {
        const packet = serializeIpv4Packet(wanted);
        packet[bit >> 3] = (packet[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(isMalformed(parseIpv4Packet(packet))).toBe(true);
      }),
    );
  });

  test("a fragment that would end behind the largest packet is refused", () => {
    const packet = serializeIpv4Packet({
      source: new Uint8Array(4),
      destination: new Uint8Array(4),
      protocol: 1,
      fragmentOffset: 65_528,
      payload: new Uint8Array(8),
    });
    expect(parseIpv4Packet(packet)).toEqual({ malformed: "fragment_too_long" });
  });
});

describe("IPv6", () => {
  test("a packet survives serializing and parsing, in one piece or as a fragment", () => {
    const parts = fc.record({
      source: v6,
      destination: v6,
      protocol: fc.constantFrom(6, 17, 58),
      hopLimit: u8,
      trafficClass: u8,
      flowLabel: fc.nat({ max: 0xfffff }),
      payload,
      fragment: fc.option(
        fc.record({ identification: u32, offset: fc.nat({ max: 8000 }).map((units) => units * 8), moreFragments: fc.boolean() }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(parts, (wanted) => {
        const { payloadAt, fragment, isSourceRouted, ...rest } = good(parseIpv6Packet(serializeIpv6Packet(wanted)));
        const { fragment: wantedFragment, ...wantedRest } = wanted;
        expect(rest).toEqual(wantedRest);
        expect(isSourceRouted).toBe(false);
        expect(payloadAt).toBe(wantedFragment ? 48 : 40);
        if (wantedFragment) expect(fragment).toMatchObject({ ...wantedFragment, headerAt: 40, announcedAt: 6 });
        else expect(fragment).toBeUndefined();
      }),
    );
  });

  test("extension headers are passed over, and too many of them are refused", () => {
    const chained = (count: number): Uint8Array => {
      const options = new Uint8Array(8 * count);
      for (let i = 0; i < count; i++) options[8 * i] = i === count - 1 ? 17 : 60;
      return serializeIpv6Packet({
        source: new Uint8Array(16),
        destination: new Uint8Array(16),
        protocol: count > 0 ? 60 : 17,
        payload: new Uint8Array([...options, 1, 2, 3]),
      });
    };
    for (const count of [0, 1, 4]) {
      expect(good(parseIpv6Packet(chained(count)))).toMatchObject({ protocol: 17, payload: new Uint8Array([1, 2, 3]) });
    }
    expect(parseIpv6Packet(chained(5))).toEqual({ malformed: "too_many_extensions" });
  });
});

describe("what IP carries", () => {
  test("ICMP and ICMPv6 messages survive serializing and parsing", () => {
    fc.assert(
      fc.property(v6, v6, fc.record({ type: u8, code: u8, rest: u32, body: payload }), (source, destination, wanted) => {
        expect(good(parseIcmp(serializeIcmp(wanted)))).toEqual(wanted);
        expect(good(parseIcmpv6(serializeIcmpv6(wanted, source, destination), source, destination))).toEqual(wanted);
      }),
    );
  });

  test("a UDP datagram survives serializing and parsing", () => {
    fc.assert(
      fc.property(pair, fc.record({ sourcePort: u16, destinationPort: u16, payload }), ([source, destination], wanted) => {
        expect(good(parseUdp(serializeUdp(wanted, source, destination), source, destination))).toEqual(wanted);
      }),
    );
  });

  test("a UDP datagram without a checksum is accepted over IPv4 only", () => {
    const bytes = new Uint8Array([0, 1, 0, 2, 0, 9, 0, 0, 7]);
    expect(good(parseUdp(bytes, new Uint8Array(4), new Uint8Array(4))).payload).toEqual(new Uint8Array([7]));
    expect(parseUdp(bytes, new Uint8Array(16), new Uint8Array(16))).toEqual({ malformed: "no_checksum" });
  });

  const options: fc.Arbitrary<TcpOptions> = fc.record(
    {
      mss: u16,
      windowScale: fc.nat({ max: 14 }),
      sackPermitted: fc.constant(true),
      timestamps: fc.record({ value: u32, echo: u32 }),
      sack: fc.array(fc.tuple(u32, u32), { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: [] },
  );

  test("a TCP segment survives serializing and parsing", () => {
    const parts = fc.record({
      sourcePort: u16,
      destinationPort: u16,
      sequence: u32,
      acknowledgement: u32,
      flags: u8,
      window: u16,
      options,
      payload,
    });
    fc.assert(
      fc.property(pair, parts, ([source, destination], wanted) => {
        expect(good(parseTcp(serializeTcp(wanted, source, destination), source, destination))).toEqual(wanted);
      }),
    );
  });

  test("any bytes are parsed without throwing, and no view leaves them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), pair, (bytes, [source, destination]) => {
        parseTcpOptions(bytes);
        for (const parsed of [
          parseIpv4Packet(bytes),
          parseIpv6Packet(bytes),
          parseIcmp(bytes),
          parseIcmpv6(bytes, source, destination),
          parseUdp(bytes, source, destination),
          parseTcp(bytes, source, destination),
        ]) {
          if ("payload" in parsed) expect(parsed.payload.length).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("mutated packets with checksums put right are parsed without throwing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 80 }), (bytes) => {
        bytes[0] = 0x40 | ((bytes[0] as number) & 15);
        bytes[10] = bytes[11] = 0;
        const sum = checksumOf(bytes, 0, Math.min(((bytes[0] as number) & 15) * 4, bytes.length));
        bytes[10] = sum >> 8;
        bytes[11] = sum & 0xff;
        parseIpv4Packet(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});
