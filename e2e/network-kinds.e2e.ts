// Kinds of networks as the API makes them, in the real switch and its cage, with Linux network stacks at its sockets: what reaches
// what.
import { networkInterfaces } from "node:os";
import type { NetworkView } from "@mimic/model";
import { type NamespaceGuest, openNamespaceGuest, whyNoNamespaces } from "@mimic/testkit/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

const why = await whyNoNamespaces();
const INTERNET = "93.184.216.34";

interface Plugged {
  readonly guest: NamespaceGuest;
  readonly address: string;
  /** The default route that DHCP gave; “” = none. */
  readonly router: string;
}

describe.skipIf(why)(`a network of a kind${why ? ` (${why})` : ""}`, () => {
  let mimic: Installation;
  const scope = new AsyncDisposableStack();
  beforeAll(async () => {
    mimic = scope.use(await install());
  }, 120_000);
  afterAll(() => scope.disposeAsync());

  /** A Linux at a new port of the network, with what a DHCP client got there. */
  async function plug(network: string, name: string, vlan = 1): Promise<Plugged> {
    const view = await mimic.client.networks.addPort({ network, name, leads: { to: "socket" }, mode: { mode: "access", vlan } });
    const dial = view.ports.find(({ label }) => label === name)?.socket ?? "";
    const guest = scope.use(await openNamespaceGuest({ dial }));
    const script =
      'test "$1" = bound || exit 0; ip addr add $ip/$mask dev $interface; for r in $router; do ip route add default via $r; done; echo "$ip/$router" > /tmp/lease-$$';
    const said = await guest.must("sh", [
      "-c",
      `cd "$(mktemp -d)"; printf '%s\\n' '#!/bin/sh' "$0" > got; chmod +x got; udhcpc -i eth0 -n -q -t 8 -T 1 -f -s ./got >&2; cat lease; rm -r "$PWD"`,
      script.replace("/tmp/lease-$$", "lease"),
    ]);
    const [address = "", router = ""] = said.trim().split("/");
    return { guest, address, router };
  }

  const ping = async ({ guest }: Plugged, to: string): Promise<string> => {
    const { stdout, stderr } = await guest.run("ping", ["-n", "-c", "1", "-W", "3", to]);
    return stdout + stderr;
  };
  const gatewayOf = ({ gateway }: NetworkView, vlan: number): string =>
    gateway?.feet.find((foot) => foot.vlan === vlan)?.v4?.split("/")[0] ?? "";
  const trace = async (network: string, from: string, to: string): Promise<string | undefined> =>
    (await mimic.client.networks.trace({ network, from, to, protocol: "tcp", toPort: 80 })).steps.at(-1)?.outcome;
  const reasons = async (network: string): Promise<string[]> =>
    (await mimic.client.networks.drops({ network })).drops.map(({ words }) => words);

  test("host-only: machines reach each other and the gateway, and nothing beyond", async () => {
    const made = await mimic.client.networks.create({ name: "desk", kind: "hostOnly" });
    const [a, b] = [await plug("desk", "a"), await plug("desk", "b")];
    const gateway = gatewayOf(made, 1);
    expect([a.router, b.router]).toEqual(["", ""]);
    expect(await ping(a, b.address)).toContain("1 received");
    expect(await ping(b, gateway)).toContain("1 received");
    expect(await trace("desk", "a", b.address)).toBe("arrives");
    // Also one who takes the gateway for a router gets no further.
    await a.guest.must("ip", ["route", "add", "default", "via", gateway]);
    expect(await ping(a, INTERNET)).toMatch(/unreachable/i);
    expect(await trace("desk", "a", INTERNET)).toBe("dropped");
    expect(await reasons("desk")).toContain("This network has no way out.");
  }, 120_000);

  test("routed: within a VLAN all, between VLANs what a rule allows, and a way out", async () => {
    await mimic.client.networks.create({ name: "office", kind: "routed" });
    await mimic.client.networks.setVlan({ network: "office", vlan: 10 });
    const made = await mimic.client.networks.setVlan({ network: "office", vlan: 20 });
    const [a, b, c] = [await plug("office", "a", 10), await plug("office", "b", 10), await plug("office", "c", 20)];
    expect([a.router, c.router]).toEqual([gatewayOf(made, 10), gatewayOf(made, 20)]);
    expect(await ping(a, b.address)).toContain("1 received");
    expect(await ping(a, c.address)).toMatch(/filtered|prohibited/i);
    expect(await reasons("office")).toContain("It leads to another VLAN, and no rule allows that.");
    const rule = { action: "accept", from: { from: "vlan", vlan: 10 }, target: { to: "vlan", vlan: 20 } } as const;
    await mimic.client.networks.addRule({ network: "office", rule });
    await expect.poll(() => ping(a, c.address), { timeout: 10_000 }).toContain("1 received");
    expect(await ping(c, a.address)).toMatch(/filtered|prohibited/i);
    // An earlier rule decides before it.
    await mimic.client.networks.addRule({ network: "office", rule: { action: "drop", target: { to: "vlan", vlan: 20 } }, at: 0 });
    expect(await ping(b, c.address)).toContain("0 received");
    expect(await reasons("office")).toContain("Rule 1 forbids it: drop to VLAN 20.");
    expect(await trace("office", "a", INTERNET)).toBe("arrives");
    expect(await trace("office", "c", "192.168.77.1")).toBe("dropped");
  }, 120_000);

  test("a ping out of the switch's cage is answered, or the guest and its person are told what is missing", async ({ skip }) => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === "IPv4" && !one.internal)?.address;
    if (own === undefined) return skip("this computer has no address");
    await mimic.client.networks.create({ name: "out", kind: "nat" });
    const a = await plug("out", "a");
    expect(await ping(a, own)).toMatch(/filtered|prohibited/i);
    const target = { to: "range", range: `${own}/32` } as const;
    await mimic.client.networks.addRule({ network: "out", rule: { action: "accept", protocol: "icmp", target } });
    const said = await ping(a, own);
    const isToldWhy = (await reasons("out")).some((words) => words.includes("cannot ping for it"));
    expect([said.includes("1 received"), isToldWhy]).toEqual(said.includes("1 received") ? [true, false] : [false, true]);
    if (isToldWhy) expect(said).toMatch(/filtered|prohibited/i);
  }, 60_000);
});
