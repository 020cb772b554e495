// Kinds of networks as the API makes them, in the real switch and its cage, with Linux network stacks at its sockets: what reaches
// what.
import { spawn } from "node:child_process";
import { networkInterfaces } from "node:os";
import type { Readable } from "node:stream";
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

  /** Where nobody gives addresses. */
  async function plugBare(network: string, name: string, address: string): Promise<Plugged> {
    const view = await mimic.client.networks.addPort({ network, name, leads: { to: "socket" } });
    const dial = view.ports.find(({ label }) => label === name)?.socket ?? "";
    return { guest: scope.use(await openNamespaceGuest({ dial, addresses: [`${address}/24`] })), address, router: "" };
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

  test("isolated and bare: machines reach each other, and nothing beyond", async () => {
    const made = await mimic.client.networks.create({ name: "apart", kind: "isolated" });
    const [a, b] = [await plug("apart", "a"), await plug("apart", "b")];
    expect([a.router, b.router]).toEqual(["", ""]);
    expect(await ping(a, b.address)).toContain("1 received");
    await a.guest.must("ip", ["route", "add", "default", "via", gatewayOf(made, 1)]);
    expect(await ping(a, INTERNET)).toContain("0 received");
    expect(await trace("apart", "a", INTERNET)).toBe("dropped");
    await mimic.client.networks.create({ name: "wire", kind: "bare" });
    const [c, d] = [await plugBare("wire", "c", "10.9.9.1"), await plugBare("wire", "d", "10.9.9.2")];
    expect(await ping(c, d.address)).toContain("1 received");
  }, 120_000);

  test("without a way out no name or word of a guest is at any card of this computer; on “nat” they are (control)", async ({ skip }) => {
    if (process.getuid?.() !== 0) return skip("needs root, to look at this computer's cards");
    const looking = spawn("tcpdump", ["-i", "any", "-n", "-l", "-A", "-s", "300", "udp or tcp"], { stdio: ["ignore", "pipe", "pipe"] });
    try {
      let seen = "";
      looking.stdout.setEncoding("latin1").on("data", (part: string) => {
        seen += part.toLowerCase();
      });
      await firstWords(looking.stderr, "listening on");
      const tried: string[] = [];
      const says = async (network: string, { guest }: Plugged, gateway: string): Promise<void> => {
        tried.push(network);
        await guest.run("ip", ["route", "replace", "default", "via", gateway]);
        // Resolver of the network, resolver of somebody else, NTP's port, and a web server.
        for (const server of [gateway, INTERNET])
          await guest.run("dig", ["+time=1", "+tries=1", `@${server}`, `canary-${network}.example.com`]);
        const datagram = `require("node:dgram").createSocket("udp4").send("canary-${network}-udp", 123, "${INTERNET}", () => process.exit())`;
        await guest.run(process.execPath, ["-e", datagram]);
        await guest.run("curl", ["-sS", "-m", "2", `http://${INTERNET}/canary-${network}-web`]);
      };
      for (const [network, kind] of [
        ["spied-desk", "hostOnly"],
        ["spied-apart", "isolated"],
        ["spied-wire", "bare"],
        // The last, so that all that was said before it had the time to come out.
        ["spied-way", "nat"],
      ] as const) {
        const view = await mimic.client.networks.create({ name: network, kind });
        if (kind === "bare") await says(network, await plugBare(network, "spy", "10.9.9.3"), "10.9.9.1");
        else await says(network, await plug(network, "spy"), gatewayOf(view, 1));
      }
      await expect.poll(() => seen.includes("canary-spied-way") && seen.includes("canary-spied-way-udp"), { timeout: 15_000 }).toBe(true);
      expect(tried).toHaveLength(4);
      for (const network of tried.slice(0, 3)) expect(seen.match(new RegExp(`.{40}canary-${network}`, "s"))?.[0]).toBeUndefined();
    } finally {
      looking.kill("SIGKILL");
    }
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

/** Waits until a program has said this. */
async function firstWords(from: Readable, words: string): Promise<void> {
  let said = "";
  for await (const part of from) {
    said += String(part);
    if (said.includes(words)) return;
  }
  throw new Error(`it said: ${said}`);
}
