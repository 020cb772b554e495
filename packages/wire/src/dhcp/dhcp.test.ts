import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfHex } from "../bytes.ts";
import { parseDhcp, serializeDhcp } from "./message.ts";
import { claimedHostName, classlessRoutesData, dhcpTypeOf, readClasslessRoutes, searchListData } from "./options.ts";
import { type DhcpMessage, dhcpOption, noIpv4Address } from "./types.ts";

const address = fc.uint8Array({ minLength: 4, maxLength: 4 });
const text = (max: number) => fc.stringMatching(/^[a-z0-9./-]*$/).map((words) => words.slice(0, max));
const code = fc.integer({ min: 1, max: 254 }).filter((value) => value !== dhcpOption.overload);
const message: fc.Arbitrary<DhcpMessage> = fc.record({
  operation: fc.constantFrom("request" as const, "reply" as const),
  hardwareType: fc.integer({ min: 0, max: 255 }),
  hops: fc.integer({ min: 0, max: 255 }),
  transactionId: fc.integer({ min: 0, max: 0xffff_ffff }),
  seconds: fc.integer({ min: 0, max: 65_535 }),
  wantsBroadcast: fc.boolean(),
  clientAddress: address,
  yourAddress: address,
  nextServer: address,
  relayAddress: address,
  clientHardware: fc.uint8Array({ maxLength: 16 }),
  serverName: text(63),
  bootFile: text(127),
  options: fc.array(fc.tuple(code, fc.uint8Array({ maxLength: 700 })), { maxLength: 12 }).map((pairs) => new Map(pairs)),
});

const plainRequest: DhcpMessage = {
  operation: "request",
  hardwareType: 1,
  hops: 0,
  transactionId: 1,
  seconds: 0,
  wantsBroadcast: false,
  clientAddress: noIpv4Address,
  yourAddress: noIpv4Address,
  nextServer: noIpv4Address,
  relayAddress: noIpv4Address,
  clientHardware: Uint8Array.of(0x52, 0x54, 0, 0, 0, 1),
  serverName: "",
  bootFile: "",
  options: new Map(),
};
const withOption = (option: number, data: Uint8Array): DhcpMessage => ({ ...plainRequest, options: new Map([[option, data]]) });
const bytesOf = (words: string): Uint8Array => new TextEncoder().encode(words);

describe("a DHCP message", () => {
  test("is read as it was written, long options too (RFC 3396)", () => {
    fc.assert(
      fc.property(message, (wanted) => {
        expect(parseDhcp(serializeDhcp(wanted))).toEqual(wanted);
      }),
    );
  });

  test("is never shorter than a BOOTP message (RFC 1542 §2.1)", () => {
    expect(serializeDhcp(plainRequest).length).toBe(300);
  });

  test("of any bytes, and of any message with bytes changed, is read or named, never thrown", () => {
    const mutated = fc
      .tuple(message, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }), fc.nat())
      .map(([original, changes, cut]) => {
        const bytes = serializeDhcp(original);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length);
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), mutated), (bytes) => {
        const read = parseDhcp(bytes);
        if ("malformed" in read) return;
        dhcpTypeOf(read);
        claimedHostName(read);
        readClasslessRoutes(read.options.get(dhcpOption.classlessRoutes) ?? new Uint8Array());
      }),
      { numRuns: 500 },
    );
  });

  test("may go on with options in its file and server name (RFC 2132 §9.3)", () => {
    const bytes = serializeDhcp({ ...plainRequest, options: new Map([[dhcpOption.messageType, Uint8Array.of(1)]]) });
    bytes.set([dhcpOption.overload, 1, 3, 255], 243);
    bytes.set([dhcpOption.hostName, 2, 0x68, 0x69, 255], 108);
    bytes.set([dhcpOption.hostName, 1, 0x21, 255], 44);
    const read = parseDhcp(bytes);
    if ("malformed" in read) throw new Error(read.malformed);
    expect(read.options.get(dhcpOption.hostName)).toEqual(bytesOf("hi!"));
    expect([read.serverName, read.bootFile]).toEqual(["", ""]);
  });

  test.each([
    ["a short one", new Uint8Array(239), "too_short"],
    ["one without the cookie", new Uint8Array(300), "no_cookie"],
  ])("%s is named", (_, bytes, malformed) => {
    expect(parseDhcp(bytes)).toEqual({ malformed });
  });

  test("with an option that leads past the end is named", () => {
    const bytes = serializeDhcp(plainRequest);
    bytes.set([12, 200], 240);
    expect(parseDhcp(bytes)).toEqual({ malformed: "option_cut_off" });
  });
});

describe("option data", () => {
  test("of classless routes is as in the examples of RFC 3442", () => {
    const router = Uint8Array.of(10, 0, 0, 1);
    const routes = [
      { to: Uint8Array.of(0, 0, 0, 0), prefix: 0, router },
      { to: Uint8Array.of(10, 229, 0, 128), prefix: 25, router },
      { to: Uint8Array.of(10, 198, 122, 47), prefix: 32, router },
    ];
    const data = classlessRoutesData(routes);
    expect(data).toEqual(bytesOfHex("00 0a000001 19 0ae50080 0a000001 20 0ac67a2f 0a000001"));
    expect(readClasslessRoutes(data)).toEqual(routes);
    expect(readClasslessRoutes(Uint8Array.of(33, 1, 2, 3, 4, 5, 6, 7, 8, 9))).toBeUndefined();
  });

  test("of a search list is names in wire form (RFC 3397)", () => {
    expect(searchListData(["home.mimic", "not a name"])).toEqual(bytesOfHex("04 686f6d65 05 6d696d6963 00"));
  });

  test.each([
    ["hello", "hello"],
    ["Hello.example.org", "hello"],
    ["evil\u001b[2J", undefined],
    ["-x", undefined],
    ["", undefined],
    ["a".repeat(64), undefined],
  ])("a claimed host name %j is taken as %j", (claimed, name) => {
    expect(claimedHostName(withOption(dhcpOption.hostName, bytesOf(claimed)))).toBe(name);
  });

  test("a claimed full name is read in both forms (RFC 4702 §2.3)", () => {
    expect(claimedHostName(withOption(dhcpOption.clientFqdn, Uint8Array.of(0, 0, 0, ...bytesOf("web.lan"))))).toBe("web");
    expect(claimedHostName(withOption(dhcpOption.clientFqdn, Uint8Array.of(4, 0, 0, 3, ...bytesOf("web"), 0)))).toBe("web");
  });
});
