import { BlockList, isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  eui64Address,
  ipText,
  ipv4Mask,
  ipv4Number,
  ipv4OfNumber,
  ipv4Text,
  ipv6Text,
  isInRange,
  macText,
  parseIp,
  parseIpv4,
  parseIpv6,
  parseMac,
  parseRange,
  rangeText,
  solicitedNodeOf,
} from "./index.ts";

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
/** Addresses with runs of zeros, which random bytes hardly ever have. */
const gappyV6 = fc
  .array(fc.constantFrom(0, 0, 0, 1, 0xffff, 0x0db8), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));

test("a MAC address survives text and back, in either case and with hyphens", () => {
  fc.assert(
    fc.property(bytesOf(6), (mac) => {
      expect(parseMac(macText(mac))).toEqual(mac);
      expect(parseMac(macText(mac).toUpperCase().replaceAll(":", "-"))).toEqual(mac);
    }),
  );
  for (const bad of ["", "52:54:00:12:34", "52:54:00:12:34:5g", "52:54-00:12:34:56", "525400123456"]) expect(parseMac(bad)).toBeUndefined();
});

test("IPv4 survives text and back, and numbers that could be octal are no address", () => {
  fc.assert(
    fc.property(bytesOf(4), (address) => {
      expect(parseIpv4(ipv4Text(address))).toEqual(address);
      expect(ipv4OfNumber(ipv4Number(address))).toEqual(address);
    }),
  );
  for (const bad of ["010.0.0.1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.", "0x1.2.3.4", " 1.2.3.4"])
    expect(parseIpv4(bad)).toBeUndefined();
  expect([ipv4Mask(0), ipv4Mask(20), ipv4Mask(32)].map((mask) => ipv4Text(mask))).toEqual(["0.0.0.0", "255.255.240.0", "255.255.255.255"]);
});

test("IPv6 is written as RFC 5952 asks", () => {
  const canonical = (text: string): string => ipv6Text(parseIpv6(text) as Uint8Array);
  expect(canonical("2001:0DB8:0:0:0:0:0:1")).toBe("2001:db8::1");
  expect(canonical("2001:db8:0:1:1:1:1:1")).toBe("2001:db8:0:1:1:1:1:1"); // §4.2.2: one group is not shortened
  expect(canonical("2001:0:0:1:0:0:0:1")).toBe("2001:0:0:1::1"); // §4.2.3: the longest run
  expect(canonical("2001:db8:0:0:1:0:0:1")).toBe("2001:db8::1:0:0:1"); // §4.2.3: the first of equals
  expect(canonical("::ffff:192.0.2.1")).toBe("::ffff:192.0.2.1"); // §5
  expect([canonical("::"), canonical("::1"), canonical("1::")]).toEqual(["::", "::1", "1::"]);
});

test("IPv6 survives text and back", () => {
  fc.assert(
    fc.property(fc.oneof(bytesOf(16), gappyV6), (address) => {
      expect(parseIpv6(ipv6Text(address))).toEqual(address);
    }),
  );
});

test("IPv6 text agrees with the URL parser of the platform", () => {
  fc.assert(
    fc.property(gappyV6, (address) => {
      fc.pre(!ipv6Text(address).startsWith("::ffff:"));
      expect(`[${ipv6Text(address)}]`).toBe(new URL(`http://[${ipv6Text(address)}]/`).hostname);
    }),
  );
});

test("what is an address agrees with the platform, for anything that looks a little like one", () => {
  const almost = fc.array(fc.constantFrom(":", "::", "0", "1", "ffff", "abcd", "12345", "g", ".", "1.2.3.4", "255", "256", "01"), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(almost, (parts) => {
      const text = parts.join("");
      expect(parseIpv6(text) !== undefined).toBe(isIPv6(text));
      expect(parseIpv4(text) !== undefined).toBe(isIPv4(text));
    }),
    { numRuns: 2000 },
  );
});

test("being in a range agrees with the platform's block list", () => {
  fc.assert(
    fc.property(fc.constantFrom(4, 16), fc.nat({ max: 128 }), fc.infiniteStream(fc.nat({ max: 255 })), (size, wished, stream) => {
      const prefix = Math.min(wished, size * 8);
      const [base, near] = [0, 1].map(() => Uint8Array.from({ length: size }, () => stream.next().value as number)) as [
        Uint8Array,
        Uint8Array,
      ];
      near.set(base.subarray(0, prefix >> 3)); // so that about half of them are inside
      const range = parseRange(`${ipText(base)}/${prefix}`);
      fc.pre(!ipText(base).startsWith("::ffff:") && !ipText(near).startsWith("::ffff:"));
      const list = new BlockList();
      list.addSubnet(ipText(base), prefix, size === 4 ? "ipv4" : "ipv6");
      expect(isInRange(range!, near)).toBe(list.check(ipText(near), size === 4 ? "ipv4" : "ipv6"));
    }),
  );
});

test("a range forgets the bits behind its prefix, and families stay apart", () => {
  expect(rangeText(parseRange("10.1.2.3/16")!)).toBe("10.1.0.0/16");
  expect(rangeText(parseRange("2001:db8::1")!)).toBe("2001:db8::1");
  expect(isInRange(parseRange("0.0.0.0/0")!, parseIp("::1")!)).toBe(false);
  for (const bad of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/08", "/8", "x"]) expect(parseRange(bad)).toBeUndefined();
});

test("addresses made from others are as the RFCs show them", () => {
  const mac = parseMac("52:54:00:12:34:56")!;
  expect(ipv6Text(eui64Address(parseIpv6("fe80::")!, mac))).toBe("fe80::5054:ff:fe12:3456");
  expect(ipv6Text(solicitedNodeOf(parseIpv6("2001:db8::1:2:3456")!))).toBe("ff02::1:ff02:3456");
});
