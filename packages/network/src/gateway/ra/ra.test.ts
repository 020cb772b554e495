import { type Dhcpv6Message, dhcpv6Option, dhcpv6OptionOf, dhcpv6Status, dhcpv6Type, iaNaData, parseIp, readIaNa } from "@mimic/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { solicited, startAdvertiser, tickAdvertiser } from "./advertise.ts";
import { advertisementOf, farewellOf } from "./advertisement.ts";
import { decideDhcpv6, duidOf } from "./decide-dhcpv6.ts";

const mac = Uint8Array.of(0x52, 0x54, 0, 0, 0, 1);
const address = parseIp("fd77::1") ?? new Uint8Array(16);
const offer = {
  mac,
  prefix: parseIp("fd77::") ?? new Uint8Array(16),
  address,
  domain: "home.mimic",
  mtu: 1500,
  isDefaultRouter: true,
  routes: [],
};

describe("router advertisements", () => {
  test("go out three times soon after the start, then every 200 to 600 seconds (RFC 4861 §6.2.4)", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 8, maxLength: 8 }), (chances) => {
        let state = startAdvertiser(0);
        const times: number[] = [];
        for (const chance of chances) {
          const nowMs = state.nextAtMs;
          const step = tickAdvertiser(state, nowMs, chance);
          expect(step.sends).toBe(true);
          times.push(nowMs);
          state = step.state;
        }
        const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
        expect(gaps.slice(0, 2)).toEqual([16_000, 16_000]);
        for (const gap of gaps.slice(2)) expect(gap >= 200_000 && gap <= 600_000).toBe(true);
      }),
    );
  });

  test("answer who has an address at once, and everybody else together, at most every three seconds (§6.2.6)", () => {
    const sent = tickAdvertiser(startAdvertiser(0), 0, 0.5).state;
    expect(solicited(sent, { hasAddress: true, nowMs: 100, chance: 0.9 })).toEqual({ state: sent, answersNow: true });
    const asked = solicited(sent, { hasAddress: false, nowMs: 100, chance: 0.5 });
    expect([asked.answersNow, asked.state.nextAtMs]).toEqual([false, 3000]);
    expect(solicited(sent, { hasAddress: false, nowMs: 10_000, chance: 0.5 }).state.nextAtMs).toBe(10_250);
  });

  test("offer a prefix, DNS, and a way out only where there is one", () => {
    expect(advertisementOf(offer)).toMatchObject({ lifetimeSeconds: 1800, hasOtherConfiguration: true });
    expect(advertisementOf({ ...offer, isDefaultRouter: false })).toMatchObject({ lifetimeSeconds: 0 });
    const kinds = (advertisementOf(offer).options ?? []).map(({ option }) => option);
    expect(kinds).toEqual(["sourceLinkLayer", "mtu", "prefix", "dnsServers", "dnsSearch"]);
  });

  test("take a prefix back when it is given up", () => {
    expect(farewellOf(offer).options).toContainEqual(expect.objectContaining({ option: "prefix", validSeconds: 0, preferredSeconds: 0 }));
  });
});

describe("stateless DHCPv6", () => {
  const ask = (type: number, options: Dhcpv6Message["options"] = []) =>
    decideDhcpv6({ mac, dnsServer: address, domain: "home.mimic" }, { type, transactionId: 9, options });
  const client = { code: dhcpv6Option.clientId, data: Uint8Array.of(1, 2, 3) };

  test("tells who asks where DNS is (RFC 8415 §18.3.6)", () => {
    const reply = ask(dhcpv6Type.informationRequest, [client]);
    expect(reply).toMatchObject({ type: dhcpv6Type.reply, transactionId: 9 });
    expect(reply && dhcpv6OptionOf(reply, dhcpv6Option.dnsServers)).toEqual(address);
    expect(reply && dhcpv6OptionOf(reply, dhcpv6Option.clientId)).toEqual(client.data);
    expect(reply && dhcpv6OptionOf(reply, dhcpv6Option.serverId)).toEqual(duidOf(mac));
  });

  test("has no addresses to give, and says so (§18.3.9)", () => {
    const association = { code: dhcpv6Option.iaNa, data: iaNaData({ iaid: 5, t1Seconds: 0, t2Seconds: 0, addresses: [], options: [] }) };
    const reply = ask(dhcpv6Type.solicit, [client, association]);
    expect(reply?.type).toBe(dhcpv6Type.advertise);
    const told = readIaNa((reply && dhcpv6OptionOf(reply, dhcpv6Option.iaNa)) ?? new Uint8Array());
    expect(told?.options[0]?.data.subarray(0, 2)).toEqual(Uint8Array.of(0, dhcpv6Status.noAddressesAvailable));
  });

  test("keeps quiet when another server is meant", () => {
    expect(ask(dhcpv6Type.informationRequest, [{ code: dhcpv6Option.serverId, data: Uint8Array.of(9) }])).toBeUndefined();
  });

  test("answers any message without throwing", () => {
    const option = fc.record({ code: fc.integer({ min: 0, max: 40 }), data: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(fc.property(fc.integer({ min: 0, max: 20 }), fc.array(option, { maxLength: 6 }), (type, options) => void ask(type, options)));
  });
});
