import { FirewallRule, GatewayPlan } from "@mimic/model";
import { parseIp } from "@mimic/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideEgress, type EgressDecision, type EgressQuestion } from "./decide-egress.ts";
import { compilePolicy, type World } from "./policy.ts";
import { isPublicAddress } from "./special-ranges.ts";

const ip = (text: string): Uint8Array => {
  const bytes = parseIp(text);
  if (!bytes) throw new Error(text);
  return bytes;
};
const RULE = "rul_00000000000000000000000001";
const rule = (words: Record<string, unknown>, id = RULE) =>
  FirewallRule.parse({ id, action: "accept", target: { to: "anywhere" }, ...words });

interface Wish extends Partial<World> {
  readonly rules?: FirewallRule[];
  readonly uplink?: "internet" | "none";
}

function decide(to: string, { rules = [], uplink = "internet", ...world }: Wish = {}, asked: Partial<EgressQuestion> = {}): EgressDecision {
  const segments = [
    { vlan: 1, v4: { address: "10.77.0.1", prefix: 24 }, v6: { prefix: "fd77::", address: "fd77::1" } },
    { vlan: 20, v4: { address: "10.77.20.1", prefix: 24 } },
  ];
  const plan = GatewayPlan.parse({
    mac: "52:54:00:00:00:fe",
    segments,
    domain: "home.mimic",
    dns: { forward: true },
    uplink,
    rules,
  });
  const policy = compilePolicy(plan, {
    hostAddresses: [ip("192.168.1.10"), ip("198.51.100.7"), ip("2a00::10")],
    neighbours: [],
    isNamed: () => false,
    ...world,
  });
  const question = {
    mac: "52:54:00:00:00:01",
    machine: "mch_a",
    vlan: 1,
    from: ip("10.77.0.15"),
    protocol: "tcp",
    port: 80,
    ...asked,
  } as const;
  return decideEgress(policy, { ...question, to: ip(to) });
}

const wayOf = (decision: EgressDecision): string =>
  decision.verdict === "accept" ? decision.way : `${decision.verdict} ${decision.reason} ${decision.rule}`;

/** Every kind of place that is this computer, its neighbours or nowhere. */
export const closedPlaces = [
  "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.0.0.53", "127.9.9.9", "127.255.255.254", "10.0.2.2", "10.0.2.3", "10.255.255.1",
  "100.64.0.1", "100.127.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.17.0.1", "172.31.255.255", "192.0.0.8",
  "192.0.0.170", "192.88.99.1", "192.168.0.1", "192.168.1.1", "192.168.1.10", "192.168.122.1", "198.18.0.1", "198.19.255.255",
  "198.51.100.7", "224.0.0.1", "224.0.0.251", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1",
  "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.2.2", "::ffff:0.0.0.0", "::ffff:8.8.8.8", "64:ff9b::127.0.0.1", "64:ff9b::10.0.2.2",
  "64:ff9b::192.168.1.10", "64:ff9b::198.51.100.7", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "2002:7f00:1::1", "2002:c0a8:10a::1",
  "2001:0:7f00:1::1", "2001::1", "2001:db8::1", "3fff::1", "2a00::10", "fc00::1", "fd00::1", "fd12:3456::1", "fe80::1", "fe80::2",
  "febf::1", "fec0::2", "fec0::3", "ff01::1", "ff02::1", "ff02::2", "ff05::1:3", "4000::1", "8000::1", "100::1",
]; // biome-ignore format: a table

describe("without any rule", () => {
  test.each(closedPlaces)("%s is not reached", (place) => {
    for (const protocol of ["tcp", "udp", "icmp", "other"] as const) expect(decide(place, {}, { protocol }).verdict).not.toBe("accept");
  });

  test.each(["93.184.216.34", "1.1.1.1", "9.9.9.9", "192.0.2.1", "203.0.113.5", "2606:4700::1111", "64:ff9b::8.8.8.8"])(
    "%s is reached",
    (place) => {
      expect(wayOf(decide(place))).toBe("uplink");
    },
  );

  test("no address at all is reached that is not public, not this network's own and not a service", () => {
    const address = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
    fc.assert(
      fc.property(address, (to) => {
        const plan = GatewayPlan.parse({ mac: "52:54:00:00:00:fe", segments: [], domain: "", dns: { forward: true }, uplink: "internet" });
        const policy = compilePolicy(plan, { hostAddresses: [], neighbours: [], isNamed: () => false });
        const decision = decideEgress(policy, {
          mac: "",
          machine: undefined,
          vlan: 1,
          from: ip("10.77.0.15"),
          to,
          protocol: "tcp",
          port: 1,
        });
        expect(decision.verdict === "accept").toBe(isPublicAddress(to));
      }),
      { numRuns: 2000 },
    );
  });

  test("the gateway's own address answers DNS, DHCP and pings, and nothing else", () => {
    expect(wayOf(decide("10.77.0.1", {}, { protocol: "icmp", port: 0 }))).toBe("gateway");
    expect(wayOf(decide("10.77.20.1", {}, { protocol: "udp", port: 53 }))).toBe("gateway");
    expect(wayOf(decide("fd77::1", {}, { protocol: "tcp", port: 53 }))).toBe("gateway");
    expect(wayOf(decide("10.77.0.1", {}, { port: 22 }))).toBe("reject firewall filter:gateway");
  });

  test("one VLAN does not reach another, unless a rule allows it", () => {
    expect(wayOf(decide("10.77.20.5"))).toBe("reject firewall filter:betweenVlans");
    const rules = [rule({ target: { to: "vlan", vlan: 20 } })];
    expect(wayOf(decide("10.77.20.5", { rules }))).toBe("segment");
    expect(wayOf(decide("10.77.20.255", { rules }))).toBe("reject destinationFiltered filter:broadcast");
  });

  test("a network without a way out leads nowhere", () => {
    expect(wayOf(decide("93.184.216.34", { uplink: "none" }))).toBe("reject noRoute filter:noUplink");
  });
});

describe("rules", () => {
  test("decide in order: the first that fits", () => {
    const [drop, accept] = [rule({ action: "drop", protocol: "tcp", ports: [25, 25] }), rule({}, "rul_00000000000000000000000002")];
    expect(wayOf(decide("9.9.9.9", { rules: [drop, accept] }, { port: 25 }))).toBe(`drop firewall ${RULE}`);
    expect(wayOf(decide("9.9.9.9", { rules: [accept, drop] }, { port: 25 }))).toBe("uplink");
    expect(wayOf(decide("9.9.9.9", { rules: [drop, accept] }, { port: 26 }))).toBe("uplink");
    expect(wayOf(decide("9.9.9.9", { rules: [drop] }, { protocol: "udp", port: 25 }))).toBe("uplink");
  });

  test.each([
    ["the machine by its id", { from: "machine", machine: "mch_a" }, true],
    ["the machine by its MAC", { from: "machine", machine: "52:54:00:00:00:01" }, true],
    ["another machine", { from: "machine", machine: "mch_b" }, false],
    ["its VLAN", { from: "vlan", vlan: 1 }, true],
    ["another VLAN", { from: "vlan", vlan: 2 }, false],
    ["its range", { from: "range", range: "10.77.0.0/28" }, true],
    ["another range", { from: "range", range: "10.77.0.16/28" }, false],
  ])("from %s are looked at as they say", (_, from, fits) => {
    expect(decide("9.9.9.9", { rules: [rule({ action: "reject", from })] }).verdict).toBe(fits ? "reject" : "accept");
  });

  test("open a range of the neighbourhood, but not this computer in it", () => {
    const rules = [rule({ target: { to: "range", range: "192.168.1.0/24" } })];
    expect(wayOf(decide("192.168.1.1", { rules }))).toBe("uplink");
    expect(wayOf(decide("192.168.2.1", { rules }))).toBe("reject destinationFiltered filter:private192");
    expect(wayOf(decide("192.168.1.10", { rules }))).toBe("reject destinationFiltered filter:host");
    expect(wayOf(decide("192.168.1.10", { rules: [rule({ target: { to: "range", range: "192.168.1.10" } })] }))).toBe("uplink");
  });

  test.each([
    "127.0.0.1",
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "::1",
    "::ffff:127.0.0.1",
    "fe80::1",
    "64:ff9b::7f00:1",
    "255.255.255.255",
  ])("open %s never", (place) => {
    const range = place.includes(":") ? "::/0" : "0.0.0.0/0";
    const rules = [rule({}), rule({ target: { to: "range", range: place } }), rule({ target: { to: "range", range } })];
    for (const only of rules) expect(decide(place, { rules: [only] }).verdict).not.toBe("accept");
  });

  test("for a port of this computer lead there from the gateway's address only, at that port only", () => {
    const rules = [rule({ target: { to: "host", port: 5432 }, from: { from: "machine", machine: "mch_a" } })];
    expect(decide("10.77.0.1", { rules }, { port: 5432 })).toMatchObject({ verdict: "accept", way: "host", port: 5432, rule: RULE });
    expect(decide("10.77.0.1", { rules }, { port: 5433 }).verdict).toBe("reject");
    expect(decide("10.77.0.1", { rules }, { port: 5432, machine: "mch_b" }).verdict).toBe("reject");
    expect(decide("127.0.0.1", { rules }, { port: 5432 }).verdict).toBe("reject");
    expect(decide("10.77.0.1", { rules: [rule({})] }, { port: 5432 }).verdict).toBe("reject");
  });

  test("by name fit what our DNS answered, and open nothing that is not public", () => {
    const isNamed: World["isNamed"] = (_, pattern) => pattern === "*.example.org";
    const rules = [rule({ action: "drop", target: { to: "name", name: "*.example.org" } })];
    expect(wayOf(decide("9.9.9.9", { rules, isNamed }))).toBe(`drop firewall ${RULE}`);
    expect(wayOf(decide("9.9.9.9", { rules, isNamed: () => false }))).toBe("uplink");
    const opening = [rule({ target: { to: "name", name: "*.example.org" } })];
    for (const place of ["192.168.1.1", "198.51.100.7", "127.0.0.1"])
      expect(decide(place, { rules: opening, isNamed }).verdict).toBe("reject");
  });

  test("open one VLAN or network to another", () => {
    const id = "net_00000000000000000000000002";
    const neighbours = [{ id, name: "lab", ranges: [{ base: ip("10.88.0.0"), prefix: 24 }] }];
    expect(wayOf(decide("10.77.20.5", { rules: [rule({ target: { to: "vlan", vlan: 20 } })] }))).toBe("segment");
    expect(wayOf(decide("10.88.0.5", { neighbours }))).toBe("reject firewall filter:betweenNetworks");
    expect(decide("10.88.0.5", { neighbours, rules: [rule({ target: { to: "network", network: id } })] })).toMatchObject({
      way: "network",
      network: id,
    });
  });

  test("of any kind open no closed place, in any number and order", () => {
    const target = fc.oneof(
      fc.constantFrom(
        { to: "anywhere" },
        { to: "internet" },
        { to: "vlan", vlan: 20 },
        { to: "name", name: "example.org" },
        { to: "host", port: 80 },
      ),
      fc
        .constantFrom("0.0.0.0/0", "::/0", "127.0.0.0/8", "10.0.0.0/8", "192.168.0.0/16", "fe80::/10")
        .map((range) => ({ to: "range", range })),
    );
    const rules = fc.array(
      target.map((words) => rule({ target: words })),
      { maxLength: 6 },
    );
    const places = closedPlaces.filter((place) => !isOpenable(place));
    fc.assert(
      fc.property(rules, fc.constantFrom(...places), (some, place) => {
        expect(decide(place, { rules: some, isNamed: () => true }).verdict).not.toBe("accept");
      }),
      { numRuns: 500 },
    );
  });
});

test("every decision says why in a sentence", () => {
  for (const place of [...closedPlaces, "9.9.9.9", "10.77.0.1", "10.77.20.1"]) expect(decide(place).words).toMatch(/^.{10,}\.$/s);
});

/** Private ranges may be opened by a range: that is what such rules are for. */
const isOpenable = (place: string): boolean =>
  /^(10|100|172|192\.168|198\.1[89]|fc|fd)/.test(place) && place !== "192.168.1.10" && !place.startsWith("64:");
