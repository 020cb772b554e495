// The gateway against real Linux network stacks in namespaces: their DHCP clients, resolvers, ping and the rest.
import { whyNoNamespaces } from "@mimic/testkit/node";
import { describe, expect, test } from "vitest";
import { gatewayHome, guestPort, leaseFor, natPlan } from "./real-gateway.ts";

const why = await whyNoNamespaces();

describe.skipIf(why)(`a network's gateway${why ? ` (${why})` : ""}`, () => {
  test("gives addresses and answers names and pings", async () => {
    await using home = await gatewayHome();
    await home.apply(natPlan([guestPort(1), guestPort(2)]));
    await using a = await home.guest(1);
    const address = await leaseFor(a);
    expect(address).toMatch(/^10\.70\.1\.1\d\d$/);
    expect(await a.must("ping", ["-c", "1", "-W", "5", "10.70.1.1"])).toContain("1 received");
    expect((await a.must("dig", ["+short", "@10.70.1.1", "guest1.home.mimic"])).trim()).toBe(address);
  });
});
