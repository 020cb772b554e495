import { Segment } from "@mimic/model";
import {
  type DhcpMessage,
  dhcpOption,
  dhcpType,
  dhcpTypeOf,
  ipText,
  noIpv4Address,
  parseIpv4,
  parseMac,
  readClasslessRoutes,
  u32Data,
  u32Option,
} from "@mimic/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DhcpDecision, type DhcpScene, decideDhcp } from "./decide-dhcp.ts";
import { addressBytes, addressNumber, Leases } from "./lease-table.ts";
import { poolOf } from "./pool.ts";

const ip = (text: string): Uint8Array => parseIpv4(text) ?? new Uint8Array(4);
const MAC = "52:54:00:00:00:01";
const OTHER = "52:54:00:00:00:02";
const macBytes = (mac: string): Uint8Array => parseMac(mac) ?? new Uint8Array(6);

interface Wish {
  readonly from?: string;
  readonly to?: string;
  readonly reservations?: { mac: string; address: string }[];
  readonly scene?: Partial<DhcpScene>;
}

/** A server with its leases: what it decides is done. */
function aServer({ from = "10.77.0.100", to = "10.77.0.200", reservations = [], scene = {} }: Wish = {}) {
  const segment = Segment.parse({
    vlan: 1,
    v4: { address: "10.77.0.1", prefix: 24, pool: { from, to }, leaseSeconds: 3600 },
    reservations,
  });
  const pool = poolOf(segment);
  if (!pool) throw new Error("no pool");
  const table = new Leases();
  const offer = { pool, domain: "home.mimic", mtu: 1500, isDefaultRouter: true, routes: [] };
  const ask = (message: DhcpMessage, nowMs = 0, senderMac = message.clientHardware): DhcpDecision => {
    const whole = { offer, table, nowMs, isUsedByOther: () => false, hostNameOf: () => undefined, acceptsRelays: false, ...scene };
    const decision = decideDhcp(whole, message, senderMac);
    for (const change of decision.changes) table.change(change);
    return decision;
  };
  return { ask, table };
}

function message(
  type: number,
  more: { mac?: string; wanted?: string; server?: string; options?: [number, Uint8Array][] } & Partial<Omit<DhcpMessage, "options">> = {},
): DhcpMessage {
  const { mac = MAC, wanted, server, options = [], ...rest } = more;
  return {
    operation: "request",
    hardwareType: 1,
    hops: 0,
    transactionId: 7,
    seconds: 0,
    wantsBroadcast: false,
    clientAddress: noIpv4Address,
    yourAddress: noIpv4Address,
    nextServer: noIpv4Address,
    relayAddress: noIpv4Address,
    clientHardware: macBytes(mac),
    serverName: "",
    bootFile: "",
    ...rest,
    options: new Map([
      [dhcpOption.messageType, Uint8Array.of(type)],
      ...(wanted ? [[dhcpOption.requestedAddress, ip(wanted)] as const] : []),
      ...(server ? [[dhcpOption.serverIdentifier, ip(server)] as const] : []),
      ...options,
    ] as [number, Uint8Array][]),
  };
}

const typeOf = ({ answer }: DhcpDecision) => answer && dhcpTypeOf(answer.message);
const offered = ({ answer }: DhcpDecision): string => ipText(answer?.message.yourAddress ?? noIpv4Address);

/** Discover and request: the address that a client ends up with. */
function lease(server: ReturnType<typeof aServer>, mac = MAC, nowMs = 0): string {
  const address = offered(server.ask(message(dhcpType.discover, { mac }), nowMs));
  const ack = server.ask(message(dhcpType.request, { mac, wanted: address, server: "10.77.0.1" }), nowMs);
  expect(typeOf(ack)).toBe(dhcpType.ack);
  return offered(ack);
}

describe("a client without an address", () => {
  test("is offered one from the pool and gets it when it asks (RFC 2131 §3.1)", () => {
    const server = aServer();
    const offer = server.ask(message(dhcpType.discover));
    expect(typeOf(offer)).toBe(dhcpType.offer);
    const number = addressNumber(ip(offered(offer)));
    expect(number).toBeGreaterThanOrEqual(addressNumber(ip("10.77.0.100")));
    expect(number).toBeLessThanOrEqual(addressNumber(ip("10.77.0.200")));
    const ack = server.ask(message(dhcpType.request, { wanted: offered(offer), server: "10.77.0.1" }));
    expect(typeOf(ack)).toBe(dhcpType.ack);
    expect(ack.granted).toMatchObject({ isNew: true, lease: { mac: MAC, state: "bound", expiresAtMs: 3_600_000 } });
  });

  test("learns mask, router, DNS, domain, MTU and its times", () => {
    const options = aServer().ask(message(dhcpType.discover)).answer?.message.options;
    expect(ipText(options?.get(dhcpOption.subnetMask) ?? noIpv4Address)).toBe("255.255.255.0");
    for (const code of [dhcpOption.router, dhcpOption.domainNameServer, dhcpOption.serverIdentifier])
      expect(ipText(options?.get(code) ?? noIpv4Address)).toBe("10.77.0.1");
    expect(new TextDecoder().decode(options?.get(dhcpOption.domainName))).toBe("home.mimic");
    expect([dhcpOption.leaseTime, dhcpOption.renewalTime, dhcpOption.rebindingTime].map((code) => options?.get(code))).toEqual(
      [3600, 1800, 3150].map(u32Data),
    );
    expect(readClasslessRoutes(options?.get(dhcpOption.classlessRoutes) ?? new Uint8Array())).toMatchObject([{ prefix: 0 }]);
  });

  test("that asks for single options gets those and the vital ones only", () => {
    const asked = message(dhcpType.discover, { options: [[dhcpOption.parameterRequestList, Uint8Array.of(dhcpOption.domainNameServer)]] });
    const codes = [...(aServer().ask(asked).answer?.message.options.keys() ?? [])];
    expect(codes).toEqual([53, 54, 51, 58, 59, 1, 6]);
  });

  test("with rapid commit has its lease after one exchange (RFC 4039)", () => {
    const decision = aServer().ask(message(dhcpType.discover, { options: [[dhcpOption.rapidCommit, new Uint8Array()]] }));
    expect(typeOf(decision)).toBe(dhcpType.ack);
    expect(decision.answer?.message.options.has(dhcpOption.rapidCommit)).toBe(true);
    expect(decision.granted?.isNew).toBe(true);
  });

  test("may ask for less time, not for more", () => {
    const asking = (seconds: number) => message(dhcpType.discover, { options: [[dhcpOption.leaseTime, u32Data(seconds)]] });
    const given = (seconds: number) => {
      const { answer } = aServer().ask(asking(seconds));
      return answer && u32Option(answer.message, dhcpOption.leaseTime);
    };
    expect([given(120), given(1), given(4_294_967_295)]).toEqual([120, 60, 3600]);
  });
});

describe("addresses", () => {
  test("stay with their MAC: after a release, after running out, and after a restart of the guest", () => {
    const server = aServer();
    const first = lease(server);
    server.ask(message(dhcpType.release, { clientAddress: ip(first) }));
    lease(server, OTHER);
    expect(lease(server, MAC, 1000)).toBe(first);
    expect(lease(server, MAC, 10 * 3_600_000)).toBe(first);
  });

  test("of a reservation go to that MAC alone, from outside of the pool too", () => {
    const server = aServer({ reservations: [{ mac: MAC, address: "10.77.0.50" }], from: "10.77.0.50", to: "10.77.0.51" });
    expect(lease(server)).toBe("10.77.0.50");
    expect(lease(server, OTHER)).toBe("10.77.0.51");
    expect(server.ask(message(dhcpType.discover, { mac: "52:54:00:00:00:03" })).silence).toBe("pool_is_used_up");
  });

  test("that run out are given to others only when no fresh one is left", () => {
    const server = aServer({ from: "10.77.0.100", to: "10.77.0.101" });
    const first = lease(server, MAC, 0);
    const second = lease(server, OTHER, 7_200_000);
    expect(second).not.toBe(first);
    expect(lease(server, "52:54:00:00:00:03", 7_200_000)).toBe(first);
  });

  test("that somebody declines rest, and only who has them may decline (RFC 2131 §4.3.3)", () => {
    const server = aServer({ from: "10.77.0.100", to: "10.77.0.101" });
    const first = lease(server);
    expect(server.ask(message(dhcpType.decline, { mac: OTHER, wanted: first })).silence).toBe("not_its_address");
    server.ask(message(dhcpType.decline, { wanted: first }));
    const second = lease(server);
    expect(second).not.toBe(first);
    expect(server.ask(message(dhcpType.discover, { mac: OTHER })).silence).toBe("pool_is_used_up");
    expect(lease(server, OTHER, 700_000)).toBe(first);
  });

  test("are not used up by a guest that declines everything", () => {
    const server = aServer();
    for (let round = 0; round < 500; round++) {
      const decision = server.ask(message(dhcpType.discover));
      expect(typeOf(decision)).toBe(dhcpType.offer);
      server.ask(message(dhcpType.decline, { wanted: offered(decision) }));
    }
    expect(server.table.resting.size).toBeLessThanOrEqual(16);
  });

  test("set by hand in another guest are not given out", () => {
    const used = addressNumber(ip("10.77.0.100"));
    const server = aServer({ from: "10.77.0.100", to: "10.77.0.101", scene: { isUsedByOther: (address) => address === used } });
    expect(lease(server)).toBe("10.77.0.101");
  });

  test("are each held by one MAC at most, whatever is asked in whatever order", () => {
    const kind = fc.constantFrom(dhcpType.discover, dhcpType.request, dhcpType.release, dhcpType.decline, dhcpType.inform);
    const step = fc.record({
      kind,
      who: fc.integer({ min: 1, max: 6 }),
      at: fc.integer({ min: 98, max: 104 }),
      has: fc.boolean(),
      wait: fc.nat({ max: 4_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const server = aServer({
          from: "10.77.0.100",
          to: "10.77.0.103",
          reservations: [{ mac: "52:54:00:00:00:06", address: "10.77.0.101" }],
        });
        const holders = new Map<string, { mac: string; untilMs: number }>();
        let nowMs = 0;
        for (const { kind: type, who, at, has, wait } of steps) {
          nowMs += wait;
          const mac = `52:54:00:00:00:0${who}`;
          const address = ip(`10.77.0.${at}`);
          const decision = server.ask(message(type, has ? { mac, clientAddress: address } : { mac, wanted: ipText(address) }), nowMs);
          for (const [held, { mac: holder }] of holders)
            if (holder === mac && (decision.released || decision.granted)) holders.delete(held);
          if (!decision.granted) continue;
          const given = offered(decision);
          const holder = holders.get(given);
          const isTakenBack = mac === "52:54:00:00:00:06" && given === "10.77.0.101";
          expect(holder === undefined || holder.mac === mac || holder.untilMs <= nowMs || isTakenBack).toBe(true);
          expect(given).toMatch(/^10\.77\.0\.10[0-3]$/);
          holders.set(given, { mac, untilMs: decision.granted.lease.expiresAtMs });
        }
        expect(server.table.byMac.size).toBe(server.table.byAddress.size);
      }),
    );
  });
});

describe("a client that has an address", () => {
  test("renews it, and the answer goes straight to it (RFC 2131 §4.3.2)", () => {
    const server = aServer();
    const address = lease(server);
    const renewed = server.ask(message(dhcpType.request, { clientAddress: ip(address) }), 1_800_000);
    expect(typeOf(renewed)).toBe(dhcpType.ack);
    expect(renewed.granted).toMatchObject({ isNew: false, lease: { expiresAtMs: 5_400_000 } });
    expect(renewed.answer?.way).toMatchObject({ to: "client" });
  });

  test("that is wrong here, or another's, is told so by broadcast", () => {
    const server = aServer();
    const address = lease(server);
    for (const wanted of ["192.168.1.5", "10.77.0.1", "10.77.0.255", address]) {
      const refused = server.ask(message(dhcpType.request, { mac: OTHER, wanted }));
      expect([typeOf(refused), refused.answer?.way.to]).toEqual([dhcpType.nak, "broadcast"]);
    }
  });

  test("from before this server was there may keep it when nobody else has it", () => {
    expect(typeOf(aServer().ask(message(dhcpType.request, { wanted: "10.77.0.123" })))).toBe(dhcpType.ack);
  });

  test("set by hand is told the rest, without a lease (INFORM, RFC 2131 §4.3.5)", () => {
    const { answer } = aServer().ask(message(dhcpType.inform, { clientAddress: ip("10.77.0.9") }));
    expect(answer?.message.options.has(dhcpOption.leaseTime)).toBe(false);
    expect(answer?.message.options.has(dhcpOption.domainNameServer)).toBe(true);
    expect(ipText(answer?.message.yourAddress ?? Uint8Array.of(1))).toBe("0.0.0.0");
  });
});

describe("the server", () => {
  test("does not answer who speaks for another MAC: nobody uses up the pool alone", () => {
    const server = aServer();
    const decision = server.ask(message(dhcpType.discover, { mac: OTHER }), 0, macBytes(MAC));
    expect(decision).toMatchObject({ answer: undefined, silence: "hardware_address_is_not_the_senders" });
  });

  test("keeps quiet when a client chose another server, and takes its offer back (RFC 2131 §4.3.2)", () => {
    const server = aServer();
    const address = offered(server.ask(message(dhcpType.discover)));
    const decision = server.ask(message(dhcpType.request, { wanted: address, server: "10.77.0.66" }));
    expect(decision.silence).toBe("for_another_server");
    expect(server.table.byMac.size).toBe(0);
  });

  test("answers through a relay only where relays are believed", () => {
    const relayed = message(dhcpType.discover, { relayAddress: ip("10.77.0.7") });
    const believing = aServer({ scene: { acceptsRelays: true } }).ask(relayed, 0, macBytes(OTHER));
    expect(believing.answer?.way).toEqual({ to: "relay", address: ip("10.77.0.7") });
    expect(aServer().ask(relayed, 0, macBytes(OTHER)).answer).toBeUndefined();
  });

  test("gives no default route on a network without a way out, and routes to the other segments", () => {
    const pool = poolOf(Segment.parse({ vlan: 1, v4: { address: "10.77.0.1", prefix: 24, pool: { from: "10.77.0.9", to: "10.77.0.9" } } }));
    if (!pool) throw new Error("no pool");
    const offer = { pool, domain: "", mtu: 9000, isDefaultRouter: false, routes: [{ to: addressNumber(ip("10.77.1.0")), prefix: 24 }] };
    const { answer } = aServer({ scene: { offer } }).ask(message(dhcpType.discover));
    const routes = readClasslessRoutes(answer?.message.options.get(dhcpOption.classlessRoutes) ?? new Uint8Array());
    expect(routes).toEqual([{ to: ip("10.77.1.0"), prefix: 24, router: addressBytes(pool.own) }]);
    expect(answer?.message.options.has(dhcpOption.router)).toBe(false);
  });
});
